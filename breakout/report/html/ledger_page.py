"""The ledger as one self-contained page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from breakout.artifacts import remove_incomplete, save_text
from breakout.evaluation.eprocess import BETTER_FROM
from breakout.ledger.store import FolderLedger
from breakout.report import ledger_tables
from breakout.report.html.charts import Chart, ends, estimate_of, row_chart, square_chart
from breakout.report.html.rendering import render_page
from breakout.report.html.run_charts import draw_reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.ledger.review import LedgerReview
    from breakout.ledger.scoreboard import ModelScore

PAGE = "report.html"
COLOURS = ("blue", "orange", "green", "red")


def write_ledger_page(review: LedgerReview, outputs: str | Path) -> Path:
    """Write the page into the ledger's folder and return its path. The page depends on the review alone.

    Temporary files that killed processes left in the folder are removed.
    """
    ledger = FolderLedger.of(outputs)
    path = ledger.folder / PAGE
    with ledger.lock():  # all files of the folder are written under this lock
        remove_incomplete(ledger.folder)
        save_text(render_ledger(review), path)
    return path


def render_ledger(review: LedgerReview) -> str:
    """Return the HTML page of a review of the ledger."""
    return render_page(
        "ledger.html.j2",
        title="Ledger of predictions",
        review=review,
        scores=review.scoreboard,
        has_rates=any(score.scores for score in review.scoreboard),
        tables=ledger_tables,
        draw_reliability=draw_reliability,
        draw_weeks=draw_weeks,
        evidence=draw_evidence(review.scoreboard),
    )


def draw_weeks(score: ModelScore) -> Chart | None:
    """Return a chart of the log loss by week; None without scores.

    A band shows the interval of the log loss in the model's own evaluation, if there is one.
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
        low, high = ends(week.log_loss)
        chart.bar((low, row), (high, row), "blue", width=2)
        chart.dot(estimate_of(week.log_loss), row, "blue")
    return chart


def draw_evidence(scores: Sequence[ModelScore]) -> Chart | None:
    """Return a chart of the e-value of each shadow after each date, on a logarithmic scale.

    None if no shadow has been compared with production on at least two dates.
    """
    found = [
        (score.name, one) for score in scores if (one := score.against_production) is not None and one.e_values.size > 1
    ]
    if not found:
        return None
    logs = {name: np.log10(np.maximum(one.e_values, 1e-3)) for name, one in found}
    limit = float(np.log10(BETTER_FROM))
    low = min(-1.0, *(float(values.min()) for values in logs.values()))
    high = max(2.0, *(float(values.max()) for values in logs.values()))
    days = max(values.size for values in logs.values())
    alt = "E-value of each shadow against production after each date; dashed: 20, from which better is said."
    chart = square_chart(
        "evidence", alt, ("game dates compared", 1, days), ("e-value, power of ten", low - 0.1, high + 0.1)
    )
    chart.line([(1, limit), (days, limit)], "muted", is_dashed=True)
    chart.line([(1, 0.0), (days, 0.0)], "line")
    entries = []
    for (name, values), colour in zip(logs.items(), COLOURS * len(logs), strict=False):
        chart.line(list(enumerate(values, start=1)), colour, width=2)
        entries.append((name, colour))
    chart.legend(entries, chart.x.start + 10, chart.y.end + 10)
    return chart
