"""The drawings of one evaluation: figures as metrics.json holds them go in, SVG elements with an alt text come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from breakout.report.drawing import BLUE, GREY, INK, MUTED, ORANGE, draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Record = Mapping[str, Any]


def told(interval: Record) -> str:
    """An interval in words, for alt texts and captions."""
    if interval["estimate"] is None:
        return "undefined"
    if interval["low"] is None:
        return f"{interval['estimate']:.3f}"
    return f"{interval['estimate']:.3f} ({interval['low']:.3f} to {interval['high']:.3f})"


def draw_roc(curve: Record, auc: Record) -> str:
    """ROC curve beside the diagonal of chance."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
        axes.plot(curve["x"], curve["y"], color=BLUE, linewidth=2)
        axes.fill_between(curve["x"], curve["y"], curve["x"], color=BLUE, alpha=0.12, linewidth=0)
        axes.annotate("chance", (0.62, 0.60), color=MUTED, rotation=33, ha="center", va="top", fontsize=9)
        axes.set(
            xlim=(0, 1), ylim=(0, 1.01), xlabel="share of other games flagged", ylabel="share of breakouts flagged"
        )

    return draw_svg("roc", f"ROC curve, area {told(auc)}; the diagonal is chance", draw)


def draw_precision_recall(curve: Record, average_precision: Record, base_rate: float) -> str:
    """Precision against recall, with the breakout rate that flagging everyone gives."""

    def draw(axes: Axes) -> None:
        axes.axhline(base_rate, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
        axes.plot(curve["x"], curve["y"], color=BLUE, linewidth=2)
        axes.annotate(f"flagging everyone: {base_rate:.3f}", (1, base_rate), (0, -4), **_beside("right", "top"))
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")

    area = told(average_precision)
    alt = f"precision against recall, average precision {area}; flagging everyone gives {base_rate:.3f}"
    return draw_svg("precision-recall", alt, draw)


def draw_reliability(bins: Sequence[Record], before: Sequence[Record] | None) -> str:
    """Breakout rate against probability by bin, with intervals; before calibration too, where there was one."""
    highest = max(_top(part) for part in bins)
    if before:
        highest = max(highest, *(part["mean_probability"] for part in before))
    end = min(1.0, highest * 1.08)

    def draw(axes: Axes) -> None:
        axes.plot([0, end], [0, end], color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
        if before:
            points = (
                [part["mean_probability"] for part in before],
                [part["breakout_rate"]["estimate"] for part in before],
            )
            axes.plot(*points, color=ORANGE, marker="s", markersize=4, linewidth=1, label="before calibration")
        label = "calibrated" if before else ""
        means, rates = [part["mean_probability"] for part in bins], [part["breakout_rate"] for part in bins]
        _error_bars(axes, means, rates, label=label)
        if before:
            axes.legend(loc="upper left")
        axes.set(
            xlim=(0, end), ylim=(0, end), xlabel="mean probability of the bin", ylabel="breakout rate that followed"
        )

    inside = sum(_holds(part["breakout_rate"], part["mean_probability"]) for part in bins)
    alt = f"reliability: {inside} of {len(bins)} bins have an interval that holds their mean probability"
    return draw_svg("reliability", alt, draw)


def draw_histogram(histogram: Record) -> str:
    """Scores of breakouts and of other games, each as shares of its class."""
    edges = histogram["edges"]

    def shares(counts: Sequence[int]) -> list[float]:
        total = sum(counts)
        return [count / total if total else 0.0 for count in counts]

    def draw(axes: Axes) -> None:
        axes.stairs(shares(histogram["others"]), edges, fill=True, color=GREY, alpha=0.45, label="other games")
        axes.stairs(shares(histogram["breakouts"]), edges, color=BLUE, linewidth=2, label="breakouts")
        axes.legend(loc="upper right")
        axes.yaxis.set_major_formatter("{x:.0%}")
        axes.set(xlabel="probability", ylabel="share of the class")

    alt = f"distribution of probabilities, from {edges[0]:.3f} to {edges[-1]:.3f}, of breakouts and of other games"
    return draw_svg("histogram", alt, draw)


def draw_months(months: Sequence[Record], overall: Record) -> str:
    """AUC by month with intervals, beside the AUC of all games."""
    known = [month for month in months if month["auc"]["estimate"] is not None]

    def draw(axes: Axes) -> None:
        axes.axhline(0.5, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
        if overall["estimate"] is not None:
            axes.axhline(overall["estimate"], color=BLUE, linewidth=1)
        _error_bars(axes, list(range(len(known))), [month["auc"] for month in known], joined=False)
        labels = [f"{month['label']}\n{month['n_rows']:,} games" for month in known]
        crowded = len(known) > 3
        axes.set_xticks(range(len(known)), [label.split("\n")[0] if crowded else label for label in labels])
        if crowded:
            axes.tick_params(axis="x", rotation=60)
        axes.set(xlim=(-0.5, len(known) - 0.5), ylabel="AUC")
        axes.grid(visible=False, axis="x")

    alt = "AUC by month: " + "; ".join(f"{month['label']} {told(month['auc'])}" for month in known)
    return draw_svg("months", alt, draw)


def draw_lift(curve: Record, top: Sequence[Record]) -> str:
    """Lift of the highest-ranked share of games, with the intervals of the reported shares."""

    def draw(axes: Axes) -> None:
        axes.axhline(1, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
        axes.plot(curve["x"], curve["y"], color=BLUE, linewidth=2)
        _error_bars(axes, [part["fraction"] for part in top], [part["lift"] for part in top], INK, joined=False)
        axes.xaxis.set_major_formatter("{x:.0%}")
        # The first few games jump; the reported shares say where it settles.
        settled = [y for x, y in zip(curve["x"], curve["y"], strict=True) if x >= 0.02] or [1.0]
        ends = [part["lift"]["high"] or 1.0 for part in top]
        axes.set(
            xlim=(0, 1), ylim=(0, max([*settled, *ends]) * 1.08), xlabel="share of games, highest probability first"
        )
        axes.set_ylabel("breakout rate / everybody's")

    alt = "lift: " + "; ".join(f"top {part['fraction']:.0%} {told(part['lift'])}" for part in top)
    return draw_svg("lift", alt, draw)


def draw_importance(features: Sequence[Record]) -> str:
    """What shuffling each feature costs in log loss, with intervals; the most important on top."""
    ranked = list(reversed(features))

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=MUTED, linewidth=1)
        for place, part in enumerate(ranked):
            cost = part["log_loss_increase"]
            colour = GREY if part["adds_nothing"] else BLUE
            if cost["low"] is not None:
                axes.plot([cost["low"], cost["high"]], [place, place], color=colour, linewidth=2.2)
            axes.plot(cost["estimate"], place, "o", color=colour, markersize=5.5)
        axes.set_yticks(range(len(ranked)), [part["feature"] for part in ranked], fontsize=9)
        axes.set_xlabel("rise in log loss when shuffled (nats a game)", loc="right")
        axes.set(ylim=(-0.6, len(ranked) - 0.4))
        axes.locator_params(axis="x", nbins=5)

    first = f"{features[0]['feature']}, {told(features[0]['log_loss_increase'])}"
    alt = f"permutation importance of {len(features)} features; first {first}"
    return draw_svg("importance", alt, draw, (4.8, 0.9 + 0.24 * len(ranked)))


def draw_distributions(features: Sequence[Record]) -> str:
    """Quantiles of each feature in training and evaluation, in training standard deviations from the training mean."""
    known = [part for part in features if part["reference"]["sd"] and part["current"]["quantiles"]]

    def draw(axes: Axes) -> None:
        for place, part in enumerate(reversed(known)):
            _strip(axes, part["reference"], part["reference"], place + 0.17, GREY, "training" if not place else "")
            _strip(axes, part["current"], part["reference"], place - 0.17, BLUE, "evaluation" if not place else "")
        names = [part["name"] + (" (drifted)" if part["is_drifted"] else "") for part in reversed(known)]
        axes.set_yticks(range(len(known)), names, fontsize=9)
        axes.set_xlabel("distance from the training mean, in training sd", loc="right")
        axes.set(ylim=(-0.6, len(known) - 0.4))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    drifted = [part["name"] for part in features if part["is_drifted"]]
    alt = f"feature distributions in training and evaluation; drifted: {', '.join(drifted) or 'none'}"
    return draw_svg("distributions", alt, draw, (4.8, 1.0 + 0.3 * len(known)))


def draw_verdict_scale(auc: Record, levels: Mapping[str, float]) -> str:
    """The AUC and its interval on a line with the limits of the verdict."""
    low, high = auc["low"] or auc["estimate"], auc["high"] or auc["estimate"]
    ends = [low, high, 0.5, *levels.values()]
    reach = (min(ends) - 0.025, max(ends) + 0.025)

    def draw(axes: Axes) -> None:
        for name, limit in {"chance": 0.5, **levels}.items():
            axes.plot([limit, limit], [0, 0.6], color=GREY, linewidth=1.2)
            side = "left" if limit == max(levels.values()) else "right"  # apart, however wide the scale
            axes.annotate(f"{name} {limit:.2f}", (limit, 0.68), ha=side, va="bottom", fontsize=9, color=MUTED)
        axes.plot([low, high], [0.3, 0.3], color=BLUE, linewidth=6, solid_capstyle="butt")
        axes.plot(auc["estimate"], 0.3, "o", color=INK, markersize=7)
        axes.annotate(f"{auc['estimate']:.3f}", (auc["estimate"], -0.08), ha="center", va="top", fontsize=9)
        if low < high:  # beside the bar's ends, where they cannot meet
            for value, side, away in ((low, "right", -5), (high, "left", 5)):
                axes.annotate(f"{value:.3f}", (value, 0.3), (away, 0), **_beside(side, "center"))
        axes.set(xlim=reach, ylim=(-0.45, 1.0))
        axes.set_axis_off()

    return draw_svg("verdict", f"AUC {told(auc)} beside the limits of the verdict", draw, (4.6, 0.85))


def _strip(axes: Axes, sample: Record, reference: Record, place: float, colour: str, label: str) -> None:
    """5 to 95 percent thin, the middle half thick, the median a dot."""
    at = {key: (value - reference["mean"]) / reference["sd"] for key, value in sample["quantiles"].items()}
    axes.plot([at["0.05"], at["0.95"]], [place, place], color=colour, linewidth=1.3)
    axes.plot(
        [at["0.25"], at["0.75"]], [place, place], color=colour, linewidth=5, solid_capstyle="butt", label=label or None
    )
    axes.plot(at["0.5"], place, "o", color=INK, markersize=3.5)


def _error_bars(
    axes: Axes,
    x: Sequence[float],
    intervals: Sequence[Record],
    colour: str = BLUE,
    *,
    joined: bool = True,
    label: str = "",
) -> None:
    for place, part in zip(x, intervals, strict=True):
        if part["low"] is not None:
            axes.plot([place, place], [part["low"], part["high"]], color=colour, linewidth=1.4)
    line = {"linewidth": 1.2} if joined else {"linestyle": "none"}
    points = [part["estimate"] for part in intervals]
    # A point on the edge, such as a rate of 0, is shown whole.
    axes.plot(x, points, marker="o", markersize=5, color=colour, label=label or None, clip_on=False, **line)


def _beside(horizontal: str, vertical: str) -> dict[str, Any]:
    return {"textcoords": "offset points", "ha": horizontal, "va": vertical, "fontsize": 9, "color": MUTED}


def _top(part: Record) -> float:
    rate = part["breakout_rate"]
    return float(max(part["mean_probability"], rate["estimate"], rate["high"] or 0.0))


def _holds(interval: Record, value: float) -> bool:
    return interval["low"] is not None and bool(interval["low"] <= value <= interval["high"])
