"""The tables and sentences of the ledger, the record of served predictions.

An entry is one prediction in the ledger. An entry is graded if its outcome is known: breakout or no breakout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from breakout.evaluation.formatting import format_count, format_range
from breakout.evaluation.market_metrics import MARKET, OURS
from breakout.evaluation.metrics import LOG_LOSS
from breakout.ledger.grading import GRADED, OUTCOMES
from breakout.ledger.scoreboard import MIN_GRADED, ModelScore
from breakout.report.tables import Table, code, interval, number, text

if TYPE_CHECKING:
    import pandas as pd

    from breakout.ledger.against_price import LedgerMarket
    from breakout.ledger.review import LedgerReview

SHOWN_ENTRIES = 80  # the largest number of entries in a table; the files of the ledger hold all entries


def count_table(scores: Sequence[ModelScore]) -> Table:
    """Return a table that counts each model's entries by outcome. The outcomes are:

    - `breakout`, `no`: whether the player had a breakout.
    - `void`: the player did not play in this game, or the game was moved.
    - `pending`: no result yet.
    - `lost`: no result came in time.
    - `late`: predicted at or after tip-off.
    """
    rows = [
        [text(score.name), text(score.role), code(score.bundle), *(number(score.counts[o], ",.0f") for o in OUTCOMES)]
        for score in scores
    ]
    caption = "Entries by outcome; void, pending, lost and late ones are in no rate"
    return Table(caption, ["model", "role", "bundle", *OUTCOMES], rows)


def describe_counts(review: LedgerReview) -> list[str]:
    """Return sentences about the entries that are graded; an empty list if the ledger is empty.

    - Whether the first or the last of several predictions of a game is graded.
    - The number of late entries (made at or after tip-off), if there are any.
    - That no rates are shown, if no model has MIN_GRADED graded entries.
    """
    if not review.scoreboard:
        return []
    sentences = [
        f"Of several predictions before tip-off the {review.which} one is graded (ledger.which={review.which})."
    ]
    late = sum(score.counts["late"] for score in review.scoreboard)
    if late:
        made = "1 entry was" if late == 1 else f"{late:,} entries were"
        sentences.append(
            f"{made} predicted after tip-off, and late entries are never graded. To evaluate a model on past days, use "
            "`breakout evaluate` or train with window=walk_forward."
        )
    if not any(score.scores for score in review.scoreboard):
        sentences.append(f"No model has {MIN_GRADED} graded entries, so no rates are shown.")
    return sentences


def score_table(scores: Sequence[ModelScore]) -> Table:
    """Return a table of each model's scores, such as AUC and log loss, on its graded entries.

    A model with fewer than MIN_GRADED graded entries is left out.
    """
    rows = [
        {
            "model": text(f"{score.name} ({score.role})"),
            "graded": number(score.n_graded, ",.0f"),
            "AUC": interval(score.scores.auc),
            "log loss": interval(score.scores.log_loss),
            "below base rate": interval(score.scores.log_loss_gain, "+.4f"),
            "promised": text(describe_promise(score)),
            "Brier": interval(score.scores.brier),
            "bias": interval(score.scores.bias, "+.3f"),
        }
        for score in scores
        if score.scores is not None
    ]
    caption = (
        f"Scores of models with at least {MIN_GRADED} graded entries; intervals resample game dates; bias: mean "
        "probability minus breakout rate"
    )
    return Table.from_records(caption, rows, style="stacked")


def ledger_market_table(market: LedgerMarket) -> Table:
    """Return a table of the log loss of each model and of the betting market.

    Both predict over or under: whether a player scores more points than a bookmaker's line. For a model with fewer than
    MIN_GRADED lines, the table shows only the number of its lines.
    """
    rows = []
    for score in market.scores:
        found = score.metrics
        rows.append(
            {
                "model": text(f"{score.name} ({score.role})"),
                "lines": number(score.n_lines, ",.0f"),
                "log loss": interval(found.metrics[OURS][LOG_LOSS] if found else None, ".4f"),
                "market": interval(found.metrics[MARKET][LOG_LOSS] if found else None, ".4f"),
                "minus the market's": interval(found.differences[OURS][LOG_LOSS].difference if found else None, "+.4f"),
                "weight": interval(found.weight if found else None, ".2f"),
            }
        )
    caption = (
        "Log loss of over or under on each line, beside the market's without the margin. Weight: of the model beside "
        f"the market; no edge is shown where its interval holds 0. Figures from {MIN_GRADED} lines on"
    )
    return Table.from_records(caption, rows, style="stacked")


def describe_promise(score: ModelScore) -> str:
    """Return whether the model keeps its promise, with the promised interval: "kept: 0.420 to 0.460".

    The promised interval is the interval of the log loss on the evaluation games of the run that trained the model.

    - "kept", "not kept": whether the log loss of the graded entries lies in the interval.
    - "not examined": the model has fewer than MIN_GRADED graded entries.
    - "no interval": no interval was promised; the text has no numbers.
    """
    if score.promise is None or score.promise.low is None:
        return "no interval"
    kept = {True: "kept", False: "not kept", None: "not examined"}[score.keeps_promise]
    return f"{kept}: {format_range(score.promise)}"


def shadow_table(scores: Sequence[ModelScore]) -> Table:
    """Return a table that compares each shadow (a challenger scored in parallel with production) with production.

    The e-value is the evidence that the shadow is better than production. A shadow without a comparison is left out.
    """
    rows = [
        {
            "shadow": text(score.name),
            "bundle": code(score.bundle),
            "dates": number(len(found.days.dates), ",.0f"),
            "e-value": number(found.e_value, ".3g"),
            "evidence": text(
                "nothing shown yet"
                if found.better_since is None
                else f"better, since the games of {found.better_since}"
            ),
        }
        for score in scores
        if (found := score.against_production) is not None
    ]
    return Table.from_records(
        "Shadows against production on the same games; better is said from an e-value of 20", rows
    )


def waiting_table(graded: pd.DataFrame) -> Table:
    """Return a table of the newest SHOWN_ENTRIES entries that are not graded: `void`, `pending`, `lost`, `late`.

    The column `reason` says why, such as "did not play".
    """
    found = graded[~graded["outcome"].isin(GRADED)].sort_values(["game_date", "game_id"], ascending=[False, True])
    columns = {
        "player_full_name": "player",
        "game_id": "game",
        "name": "model",
        "outcome": "outcome",
        "reason": "reason",
    }
    return _text_table("Not graded", found, columns)


def correction_table(corrections: pd.DataFrame) -> Table:
    """Return a table of outcomes that replaced an earlier outcome of the same prediction.

    The table shows the last SHOWN_ENTRIES rows of `corrections`, the last one first. Its caption counts all rows.
    """
    columns = {"player_lookup": "player", "game_id": "game", "was": "was", "outcome": "is", "reason": "reason"}
    return _text_table("Corrected outcomes", corrections[::-1], columns)


def _text_table(title: str, found: pd.DataFrame, columns: Mapping[str, str]) -> Table:
    """Return a table of the first SHOWN_ENTRIES rows of `found`; `columns` maps the columns shown to their headings."""
    rows = [[text(value) for value in row] for row in found.head(SHOWN_ENTRIES)[list(columns)].itertuples(index=False)]
    more = f", the newest {SHOWN_ENTRIES}" if len(found) > SHOWN_ENTRIES else ""
    return Table(f"{title}: {format_count(len(found), 'row')}{more}", list(columns.values()), rows)


def slate_table(graded: pd.DataFrame) -> Table:
    """Return a table of the production model's predictions for its newest game date, the highest probability first.

    `graded` has one row for each prediction of the ledger.
    """
    production = graded[graded["role"] == "production"]
    day = production["game_date"].max() if len(production) else None
    found = production[production["game_date"] == day].sort_values("probability", ascending=False)
    rows = [
        {
            "player": text(row["player_full_name"]),
            "game": text(row["game_id"]),
            "probability": number(row["probability"]),
            "points needed": number(row["points_for_breakout"], ".0f"),
            "outcome": text(row["outcome"]),
        }
        for row in found.to_dict("records")
    ]
    return Table.from_records(f"Slate of {day}", rows)
