"""The charts of a model against bookmakers' prices: calibration of model and market, and the yield of bets."""

from __future__ import annotations

from collections.abc import Sequence

from breakout.evaluation.market_metrics import MARKET, OURS, MarketMetrics
from breakout.market.returns import CurvePoint
from breakout.report.html.charts import Chart, ends, estimate_of, square_chart

SOURCE_COLOURS = {OURS: "blue", MARKET: "orange"}
FIRST_SHARE = 0.1  # Yields on the first tenth of the dates vary widely, so the y axis may cut them off.


def draw_market_calibration(market: MarketMetrics) -> Chart:
    """Draw the fraction of overs against the mean predicted probability of over, for the model and for the market.

    Over means that a player scores more points than a bookmaker's line. Each dot with an interval is one bin of
    probabilities.
    """
    bins = [part for name in SOURCE_COLOURS for part in market.reliability[name]]
    values = [part.mean_probability for part in bins] + [end for part in bins for end in ends(part.breakout_rate)]
    low, high = max(0.0, min(values) - 0.02), min(1.0, max(values) + 0.02)
    alt = (
        "Share of overs against the probability of over by bin, of the model and of the market; the diagonal is right."
    )
    chart = square_chart(
        "market-calibration", alt, ("mean probability of over", low, high), ("share of overs", low, high)
    )
    chart.line([(low, low), (high, high)], "muted", is_dashed=True)
    for name, colour in SOURCE_COLOURS.items():
        parts = market.reliability[name]
        chart.line([(part.mean_probability, estimate_of(part.breakout_rate)) for part in parts], colour)
        for part in parts:
            chart.vertical_interval(part.mean_probability, part.breakout_rate, colour)
    chart.legend(
        [("model", SOURCE_COLOURS[OURS]), ("market", SOURCE_COLOURS[MARKET])], chart.x.start + 12, chart.y.end + 12
    )
    return chart


def draw_yield(curve: Sequence[CurvePoint], confidence: float) -> Chart | None:
    """Draw the yield of all bets up to each game date, with a band for the interval.

    The yield is the profit divided by the stakes. `confidence` is the level of the intervals, such as 0.95. Return None
    if there are fewer than two dates.
    """
    if len(curve) < 2:
        return None
    settled = curve[int(FIRST_SHARE * len(curve)) :]
    values = [0.0, *(end for point in settled for end in ends(point.cumulative_yield))]
    margin = 0.05 * (max(values) - min(values)) or 0.01
    low, high = min(values) - margin, max(values) + margin
    alt = (
        f"Cumulative yield after each of {len(curve)} dates with a band of {confidence:.0%}; at the end "
        f"{estimate_of(curve[-1].cumulative_yield):+.1%}."
    )
    axes = ("game dates with bets", 1.0, float(len(curve))), ("cumulative yield", low, high)
    chart = square_chart("yield", alt, *axes, percent="y")

    def inside(value: float) -> float:
        return min(max(value, low), high)

    numbered = list(enumerate(curve, start=1))
    # The first point has no interval: it covers one date, and intervals resample dates.
    bands = [(place, *ends(point.cumulative_yield)) for place, point in numbered[1:]]
    bottom, top = [(place, inside(end)) for place, end, _ in bands], [(place, inside(end)) for place, _, end in bands]
    chart.area([*bottom, *reversed(top)], "blue", 0.18)
    chart.line([(1, 0.0), (len(curve), 0.0)], "muted", is_dashed=True)
    chart.line([(place, inside(estimate_of(point.cumulative_yield))) for place, point in numbered], "blue", width=2)
    return chart
