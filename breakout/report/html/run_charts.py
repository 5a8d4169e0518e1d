"""The charts of evaluated models, for the pages of runs, comparisons and the ledger, and for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from breakout.evaluation.comparison import Comparison
from breakout.evaluation.curves import Curve, ScoreHistogram
from breakout.evaluation.formatting import format_count, format_interval
from breakout.evaluation.importance import FeatureImportance
from breakout.evaluation.metrics import BRIER, LOG_LOSS, METRICS
from breakout.evaluation.reliability import ReliabilityBin
from breakout.evaluation.resamples import Interval
from breakout.evaluation.slices import SliceMetrics
from breakout.evaluation.thresholds import TopRows
from breakout.evaluation.verdict import MARGINAL_AUC, READY_AUC
from breakout.features.distributions import FeatureDistribution, Sample
from breakout.report.html.charts import (
    SQUARE,
    Axis,
    Chart,
    Point,
    below,
    ends,
    estimate_of,
    interval_chart,
    row_chart,
    square_chart,
)

DRAWN_QUANTILES = ("0.05", "0.25", "0.5", "0.75", "0.95")  # the levels of the quantiles drawn for each feature


def draw_verdict_scale(auc: Interval) -> Chart:
    """Draw the AUC and its interval on a scale with marks at chance (0.5), MARGINAL_AUC and READY_AUC.

    MARGINAL_AUC and READY_AUC are limits of the verdict on a model. ValueError if the AUC is undefined.
    """
    limits = {"chance": 0.5, "marginal": MARGINAL_AUC, "ready": READY_AUC}
    low, high = ends(auc)
    reach = (min(low, *limits.values()), max(high, *limits.values()))
    alt = f"AUC {format_interval(auc)} beside the limits of the verdict"
    chart = Chart("verdict", alt, SQUARE[0], 84, Axis(*reach, 78, SQUARE[0] - 78), Axis(0, 1, 48, 24), is_wide=True)
    for name, limit in limits.items():
        chart.bar((limit, 0), (limit, 1), "grey")
        side = "start" if name == "ready" else "end"  # The labels of "marginal" and "ready" would overlap on one side.
        chart.label(limit, 1, f"{name} {limit:.2f}", side, "muted", (0, -10))
    chart.bar((low, 0.5), (high, 0.5), "blue", width=7)
    chart.dot(estimate_of(auc), 0.5, "ink", radius=5)
    chart.label(estimate_of(auc), 0, f"{estimate_of(auc):.3f}", shift=(0, 14))
    if low < high:
        chart.label(low, 0.5, f"{low:.3f}", "end", "muted", (-6, 0))
        chart.label(high, 0.5, f"{high:.3f}", "start", "muted", (6, 0))
    return chart


def draw_roc(curve: Curve, auc: Interval) -> Chart:
    """Draw the ROC curve, and the diagonal of random probabilities.

    `auc` is stated only in the description for readers who cannot see the chart.
    """
    alt = f"ROC curve, area {format_interval(auc)}; the diagonal is chance"
    chart = square_chart("roc", alt, ("share of other games flagged", 0, 1), ("share of breakouts flagged", 0, 1))
    points = list(zip(curve.x, curve.y, strict=True))
    chart.area([*points, (1, 1), (0, 0)], "blue", 0.12)
    _diagonal(chart, 1)
    chart.line(points, "blue", width=2.4)
    chart.label(0.66, 0.55, "chance", "start", "muted")
    return chart


def draw_precision_recall(curve: Curve, average_precision: Interval, breakout_rate: float) -> Chart:
    """Draw precision against recall, with a line at the breakout rate.

    The breakout rate is the precision of a model that flags every game. `average_precision` is stated only in the
    description for readers who cannot see the chart.
    """
    alt = (
        f"precision against recall, average precision {format_interval(average_precision)}; "
        f"flagging everyone gives {breakout_rate:.3f}"
    )
    chart = square_chart("precision-recall", alt, ("recall", 0, 1), ("precision", 0, 1))
    chart.line([(0, breakout_rate), (1, breakout_rate)], "grey", is_dashed=True)
    chart.line(zip(curve.x, curve.y, strict=True), "blue", width=2.4)
    chart.label(1, breakout_rate, f"flagging everyone: {breakout_rate:.3f}", "end", "muted", (-4, 12))
    return chart


def draw_reliability(
    bins: Sequence[ReliabilityBin],
    before: Sequence[ReliabilityBin] | None = None,
    rate: str = "breakout rate that followed",
) -> Chart:
    """Draw the breakout rate of each bin of predicted probabilities against the bin's mean probability.

    ValueError if `bins` is empty or the rate of a bin is undefined.

    - `bins`: drawn with the intervals of their rates.
    - `before`: the bins before calibration, drawn without intervals.
    - `rate`: the title of the y axis.
    """
    highest = max(
        max(part.mean_probability, estimate_of(part.breakout_rate), ends(part.breakout_rate)[1]) for part in bins
    )
    end = min(1.0, 1.08 * max([highest, *(part.mean_probability for part in before or ())])) or 1.0
    inside = sum(low <= part.mean_probability <= high for part in bins for low, high in [ends(part.breakout_rate)])
    alt = f"reliability: {inside} of {len(bins)} bins have an interval that holds their mean probability"
    chart = square_chart("reliability", alt, ("mean probability of the bin", 0, end), (rate, 0, end))
    _diagonal(chart, end)
    if before:
        points = [(part.mean_probability, min(estimate_of(part.breakout_rate), end)) for part in before]
        chart.line(points, "orange")
        for x, y in points:
            chart.dot(x, y, "orange", radius=3)
        chart.legend([("calibrated", "blue"), ("before calibration", "orange")], chart.x.start + 12, 20)
    chart.line([(part.mean_probability, estimate_of(part.breakout_rate)) for part in bins], "blue")
    for part in bins:
        chart.vertical_interval(part.mean_probability, part.breakout_rate, "blue")
    return chart


def draw_histogram(histogram: ScoreHistogram) -> Chart:
    """Draw two histograms of the predicted probabilities: one of breakouts, one of other games.

    The bars of each histogram add up to 1.
    """
    edges = histogram.edges
    shares = [[count / (sum(counts) or 1) for count in counts] for counts in (histogram.others, histogram.breakouts)]
    alt = f"distribution of probabilities, from {edges[0]:.3f} to {edges[-1]:.3f}, of breakouts and of other games"
    top = 1.06 * max(map(max, shares))
    chart = square_chart(
        "histogram", alt, ("probability", edges[0], edges[-1]), ("share of the class", 0, top), percent="y"
    )
    others, breakouts = (_stairs(edges, heights) for heights in shares)
    chart.area([(edges[0], 0), *others, (edges[-1], 0)], "grey", 0.45)
    chart.line([(edges[0], 0), *breakouts, (edges[-1], 0)], "blue", width=2.4)
    chart.legend([("other games", "grey"), ("breakouts", "blue")], chart.x.end - 112, 20)
    return chart


def draw_months(months: Sequence[SliceMetrics], overall: Interval) -> Chart | None:
    """Draw the AUC of each month with its interval, and the AUC of all games (`overall`) as a line.

    Months with an undefined AUC are left out. Return None if no month is left.
    """
    known = [month for month in months if month.auc.estimate is not None]
    if not known:
        return None
    alt = "AUC by month: " + "; ".join(f"{month.label} {format_interval(month.auc)}" for month in known)
    values = [0.5, estimate_of(overall), *(value for month in known for value in ends(month.auc))]
    margin = 0.06 * (max(values) - min(values)) or 0.03  # An axis needs a range even if all values are equal.
    step = -(-len(known) // 6)  # At most six months are labelled, evenly spread.
    labels = [month.label if index % step == 0 else "" for index, month in enumerate(known)]
    games = format_count(sum(month.n_rows for month in known), "game")
    chart = square_chart(
        "months",
        alt,
        (f"month, {games} in all", -0.5, len(known) - 0.5),
        ("AUC", min(values) - margin, max(values) + margin),
        x_labels=labels,
    )
    chart.line([(-0.5, 0.5), (len(known) - 0.5, 0.5)], "grey", is_dashed=True)
    chart.line([(-0.5, estimate_of(overall)), (len(known) - 0.5, estimate_of(overall))], "blue")
    for place, month in enumerate(known):
        chart.vertical_interval(place, month.auc, "blue")
    return chart


def draw_lift(curve: Curve, top: Sequence[TopRows]) -> Chart:
    """Draw the lift of the games with the highest probabilities against their fraction of all games.

    The lift is the breakout rate of these games divided by the breakout rate of all games.

    - `curve`: the lift at every fraction.
    - `top`: the lifts with intervals at a few fractions. An undefined lift is left out.
    """
    alt = "lift: " + "; ".join(f"top {part.fraction:.0%} {format_interval(part.lift)}" for part in top)
    points = list(zip(curve.x, curve.y, strict=True))
    # The lift of the top few games varies widely, so the y axis may cut off the lifts of the first 2 % of games.
    settled = [y for x, y in points if x >= 0.02] or [1.0]
    known = [part for part in top if part.lift.estimate is not None]
    limit = 1.08 * max([*settled, *(ends(part.lift)[1] for part in known)])
    chart = square_chart(
        "lift",
        alt,
        ("share of games, highest probability first", 0, 1),
        ("breakout rate / everybody's", 0, limit),
        percent="x",
    )
    chart.line([(0, 1), (1, 1)], "grey", is_dashed=True)
    chart.line(below(points, limit), "blue", width=2.4)
    for part in known:
        chart.vertical_interval(part.fraction, part.lift, "ink")
    return chart


def draw_importance(features: Sequence[FeatureImportance]) -> Chart:
    """Draw for each feature the rise in log loss when the feature is shuffled, with its interval.

    A feature is grey if shuffling makes neither the log loss nor the AUC worse by more than chance. `features` must not
    be empty. ValueError if a rise is undefined.
    """
    first = f"{features[0].feature}, {format_interval(features[0].log_loss_increase)}"
    return interval_chart(
        "importance",
        f"permutation importance of {len(features)} features; first {first}",
        f"rise in log loss when shuffled ({METRICS[LOG_LOSS].unit})",
        [(part.feature, part.log_loss_increase, "grey" if part.adds_nothing else "blue") for part in features],
        reference=0.0,
    )


def draw_differences(comparison: Comparison) -> Chart | None:
    """Draw how log loss and Brier score differ, candidate minus production, for all games and for each month.

    Differences without an interval are left out. Return None if no difference has an interval.
    """
    months = comparison.slices["month"]
    parts = [("all games", comparison.differences), *((month.label, month.differences) for month in months)]
    rows = [
        (f"{label}, {name}", differences[key].difference, colour)
        for label, differences in parts
        for key, name, colour in ((LOG_LOSS, "log loss", "blue"), (BRIER, "Brier score", "orange"))
        if differences[key].difference.low is not None
    ]
    if not rows:
        return None
    alt = "Candidate minus production in log loss and Brier score, for all games and for each month."
    return interval_chart("differences", alt, "candidate minus production; less is better", rows, reference=0.0)


def draw_distributions(features: Sequence[FeatureDistribution]) -> Chart | None:
    """Draw quantiles of each feature's values in training and in evaluation.

    The x axis is the distance from the training mean, in standard deviations of the training values. Features that are
    constant in training are left out. Return None if no feature is left, or if no game was evaluated.
    """
    known = [part for part in features if part.reference.sd and part.current.quantiles]
    if not known:
        return None
    drifted = [part.name for part in features if part.is_drifted]
    rows = [
        (part, sample, shift) for part in known for sample, shift in ((part.reference, -0.17), (part.current, 0.17))
    ]
    chart = row_chart(
        "distributions",
        f"feature distributions in training and evaluation; drifted: {', '.join(drifted) or 'none'}",
        "distance from the training mean, in training sd",
        [part.name + (" (drifted)" if part.is_drifted else "") for part in known],
        [value for part, sample, _ in rows for value in _scaled(sample, part.reference).values()],
        legend=[("training", "grey"), ("evaluation", "blue")],
    )
    for place, (part, sample, shift) in enumerate(rows):
        height, at = place // 2 + shift, _scaled(sample, part.reference)
        colour = "grey" if sample is part.reference else "blue"
        lowest, low, middle, high, highest = at.values()
        chart.bar((lowest, height), (highest, height), colour)
        chart.bar((low, height), (high, height), colour, width=5)
        chart.dot(middle, height, "ink", radius=2.6)
    return chart


def _scaled(sample: Sample, reference: Sample) -> dict[str, float]:
    """Return quantiles of a sample as distances from the mean of `reference`, in standard deviations of `reference`."""
    mean, sd = reference.mean or 0.0, reference.sd or 1.0
    return {key: (sample.quantiles[key] - mean) / sd for key in DRAWN_QUANTILES}


def _diagonal(chart: Chart, end: float) -> None:
    chart.line([(0, 0), (end, end)], "grey", is_dashed=True)


def _stairs(edges: Sequence[float], heights: Sequence[float]) -> list[Point]:
    """Return the outline of a histogram's bars as points, without the base line."""
    return [
        point for left, right, y in zip(edges, edges[1:], heights, strict=False) for point in ((left, y), (right, y))
    ]
