"""The charts of the ledger: each model's log loss by week, and the evidence that a shadow beats production.

A shadow is a challenger scored in parallel with the production model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from breakout.evaluation.eprocess import BETTER_FROM
from breakout.ledger.scoreboard import ModelScore
from breakout.report.html.charts import Chart, ends, row_chart, square_chart

# The colours of the challengers' lines. A fifth challenger has the first colour again.
SHADOW_COLOURS = ("blue", "orange", "green", "grey")


def draw_weeks(score: ModelScore) -> Chart | None:
    """Draw a model's log loss by week, with intervals; None if too few of its predictions have a known outcome.

    A band marks the interval of the log loss in the model's evaluation after training, if there is one.
    """
    if score.scores is None:
        return None
    weeks = score.scores.weeks
    promised = None if score.promise is None or score.promise.low is None else ends(score.promise)
    values = [end for week in weeks for end in ends(week.log_loss)] + list(promised or ())
    labels = [f"{week.week} ({week.n_graded})" for week in weeks]
    alt = "Log loss of each week with its interval; the band is what the model's own evaluation promised."
    chart = row_chart("weeks", alt, "log loss, nats a game; less is better", labels, values)
    if promised is not None:
        low, high = promised
        edge = len(weeks) - 0.5
        chart.area([(low, -0.5), (high, -0.5), (high, edge), (low, edge)], "green", 0.15)
    for row, week in enumerate(weeks):
        chart.horizontal_interval(row, week.log_loss, "blue")
    return chart


def draw_evidence(scores: Sequence[ModelScore]) -> Chart | None:
    """Draw the e-value of each shadow (a challenger scored in parallel with production) after each game date.

    The e-value is the evidence that the shadow is better than production; its axis is logarithmic. A shadow is left out
    if it was compared on fewer than two dates. Return None if no shadow is left.
    """
    found = [
        (score.name, one) for score in scores if (one := score.against_production) is not None and one.e_values.size > 1
    ]
    if not found:
        return None
    names, logs = zip(*((name, np.log10(np.maximum(one.e_values, 1e-3))) for name, one in found), strict=True)
    limit = float(np.log10(BETTER_FROM))
    low = min(-1.0, *(float(values.min()) for values in logs))
    high = max(2.0, *(float(values.max()) for values in logs))
    days = max(values.size for values in logs)
    alt = "E-value of each shadow against production after each date; dashed: 20, from which better is said."
    chart = square_chart(
        "evidence", alt, ("game dates compared", 1, days), ("e-value, power of ten", low - 0.1, high + 0.1)
    )
    chart.line([(1, limit), (days, limit)], "muted", is_dashed=True)
    chart.line([(1, 0.0), (days, 0.0)], "line")
    entries = []
    for name, values, colour in zip(names, logs, SHADOW_COLOURS * len(logs), strict=False):
        chart.line(list(enumerate(values, start=1)), colour, width=2)
        entries.append((name, colour))
    chart.legend(entries, chart.x.start + 10, chart.y.end + 10)
    return chart
