"""The tables of the ledger; this module computes no figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from breakout.evaluation.formatting import format_count, format_range
from breakout.evaluation.market_metrics import MARKET, OURS
from breakout.ledger.grading import GRADED, OUTCOMES
from breakout.ledger.scoreboard import MIN_GRADED, ModelScore
from breakout.report.run_tables import NAMED_GAMES, describe_game
from breakout.report.tables import Table, code, interval, number, text

if TYPE_CHECKING:
    import pandas as pd

    from breakout.evaluation.eprocess import SequentialComparison
    from breakout.ledger.against_price import LedgerMarket
    from breakout.ledger.review import LedgerReview

SHOWN = 80  # the number of entries that a table lists at most; the files of the ledger hold all entries


def count_table(scores: Sequence[ModelScore]) -> Table:
    """Return a table of the number of entries of each model by outcome."""
    rows = [
        [text(score.name), text(score.role), code(score.bundle), *(number(score.counts[o], ",.0f") for o in OUTCOMES)]
        for score in scores
    ]
    caption = "Entries by outcome; void, pending, lost and late ones are in no rate"
    return Table(caption, ["model", "role", "bundle", *OUTCOMES], rows)


def describe_counts(review: LedgerReview) -> list[str]:
    """Return sentences about the counts: which entries count, how many are late, and why there are no rates."""
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
    """Return a table of the scores of each model that has at least MIN_GRADED graded entries."""
    rows = []
    for score in scores:
        found = score.scores
        if found is None:
            continue
        rows.append(
            [
                text(f"{score.name} ({score.role})"),
                number(score.n_graded, ",.0f"),
                interval(found.auc),
                interval(found.log_loss),
                interval(found.log_loss_gain, "+.4f"),
                text(describe_promise(score)),
                interval(found.brier),
                interval(found.bias, "+.3f"),
            ]
        )
    columns = ["model", "graded", "AUC", "log loss", "below base rate", "promised", "Brier", "bias"]
    caption = (
        f"Scores of models with at least {MIN_GRADED} graded entries; intervals resample game dates; bias: mean "
        "probability minus breakout rate"
    )
    return Table(caption, columns, rows, style="stacked")


def market_table(market: LedgerMarket) -> Table:
    """Return a table of the log loss of each model and of the market, on the lines of the model's graded entries."""
    rows = []
    for score in market.scores:
        found = score.metrics
        ours, theirs = (found.metrics[name] if found else {} for name in (OURS, MARKET))
        difference = found.differences[OURS]["log_loss"].difference if found else None
        rows.append(
            [
                text(f"{score.name} ({score.role})"),
                number(score.n_lines, ",.0f"),
                interval(ours.get("log_loss"), ".4f"),
                interval(theirs.get("log_loss"), ".4f"),
                interval(difference, "+.4f"),
                interval(found.weight if found else None, ".2f"),
            ]
        )
    caption = (
        "Log loss of over or under on each line, beside the market's without the margin. Weight: of the model beside "
        f"the market; no edge is shown where its interval holds 0. Figures from {MIN_GRADED} lines on"
    )
    columns = ["model", "lines", "log loss", "market", "minus the market's", "weight"]
    return Table(caption, columns, rows, style="stacked")


def describe_promise(score: ModelScore) -> str:
    """Return whether the log loss of the graded entries is within the promised interval, and this interval, as text.

    The promise is the log loss that the evaluation of the model's own run reported.
    """
    if score.promise is None or score.promise.low is None:
        return "no interval"
    kept = {True: "kept", False: "not kept", None: "not examined"}[score.keeps_promise]
    return f"{kept}: {format_range(score.promise)}"


def shadow_table(scores: Sequence[ModelScore]) -> Table:
    """Return a table of the sequential comparison of each shadow with production."""
    rows = [
        [
            text(score.name),
            code(score.bundle),
            number(len(found.days.dates), ",.0f"),
            number(found.e_value, ".3g"),
            text(describe_evidence(found)),
        ]
        for score in scores
        if (found := score.against_production) is not None
    ]
    caption = "Shadows against production on the same games; better is said from an e-value of 20"
    return Table(caption, ["shadow", "bundle", "dates", "e-value", "evidence"], rows)


def describe_evidence(found: SequentialComparison) -> str:
    """Return a text that says whether the e-value shows the challenger to be better, and since when."""
    since = found.better_since
    return "nothing shown yet" if since is None else f"better, since the games of {since}"


def waiting_table(graded: pd.DataFrame) -> Table:
    """Return a table of the entries that are not graded, newest first, with the reason."""
    found = graded[~graded["outcome"].isin(GRADED)].sort_values(["game_date", "game_id"], ascending=[False, True])
    rows = [
        [text(row.player_full_name), text(row.game_id), text(row.name), text(row.outcome), text(row.reason)]
        for row in found.head(SHOWN).itertuples(index=False)
    ]
    return Table(_shown("Not graded", len(found)), ["player", "game", "model", "outcome", "reason"], rows)


def correction_table(corrections: pd.DataFrame) -> Table:
    """Return a table of the outcomes that were replaced by other ones, newest first."""
    rows = [
        [text(row.player_lookup), text(row.game_id), text(row.was), text(row.outcome), text(row.reason)]
        for row in corrections[::-1].head(SHOWN).itertuples(index=False)
    ]
    return Table(_shown("Corrected outcomes", len(corrections)), ["player", "game", "was", "is", "reason"], rows)


def named_game_tables(graded: pd.DataFrame) -> list[Table]:
    """Return two tables of production's graded entries: breakouts and others with the highest probabilities.

    A rank is that among all graded entries of production, by probability.
    """
    found = graded[(graded["role"] == "production") & graded["outcome"].isin(GRADED)]
    order = ["probability", "game_date", "player_lookup"]
    ranked = found.sort_values(order, ascending=[False, True, True]).assign(rank=range(1, len(found) + 1))
    count = format_count(len(ranked), "graded prediction")
    hits, misses = (ranked[ranked["outcome"] == outcome].head(NAMED_GAMES) for outcome in GRADED)
    return [
        _named_games(f"Hits: the breakouts with the highest probabilities of {count}", hits),
        _named_games(f"Misses: the games without a breakout with the highest probabilities of {count}", misses),
    ]


def _named_games(caption: str, games: pd.DataFrame) -> Table:
    rows = [
        [
            number(game["rank"], ".0f"),
            text(game["player_full_name"]),
            text(game["game_date"]),
            text(describe_game(game["game_id"])),
            number(game["probability"]),
            number(game["points_for_breakout"], ".0f"),
            number(game["points"], ".0f"),
        ]
        for game in games.to_dict("records")
    ]
    columns = ["rank", "player", "date", "game", "probability", "points needed", "points scored"]
    return Table(caption, columns, rows)


def slate_table(graded: pd.DataFrame) -> Table:
    """Return a table of production's entries for the newest game date, the highest probability first."""
    production = graded[graded["role"] == "production"]
    day = production["game_date"].max() if len(production) else None
    found = production[production["game_date"] == day].sort_values("probability", ascending=False)
    records: list[Any] = found.to_dict("records")
    rows = [
        [
            text(row["player_full_name"]),
            text(row["game_id"]),
            number(row["probability"]),
            number(row["points_for_breakout"], ".0f"),
            text(row["outcome"]),
        ]
        for row in records
    ]
    return Table(f"Slate of {day}", ["player", "game", "probability", "points needed", "outcome"], rows)


def _shown(what: str, count: int) -> str:
    more = f", the newest {SHOWN}" if count > SHOWN else ""
    return f"{what}: {format_count(count, 'row')}{more}"
