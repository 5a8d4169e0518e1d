"""Terminal output of the ledger (the record of served predictions): shadows, predictions of a day, outcomes and scores.

A shadow is a challenger scored in parallel with the production model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.evaluation.formatting import format_count, format_number
from breakout.report import ledger_tables as tables
from breakout.report.terminal.console import PlainConsole, console, styled, titled_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from breakout.ledger.freshness import Freshness
    from breakout.ledger.recording import DaySlate
    from breakout.ledger.review import LedgerReview
    from breakout.ledger.revisions import Move
    from breakout.ledger.shadows import Shadows

SHOWN_MOVES = 10
SHOWN_PLAYERS = 5


def print_shadows(shadows: Shadows) -> None:
    """Print every shadow (a challenger scored in parallel with production) with its name and last training day.

    A warning is printed for each shadow whose saved model is damaged.
    """
    fingerprints = shadows.fingerprints()
    table = titled_table("shadows" if fingerprints else "no shadows", "bundle", "name", "trained to", "mode")
    damaged = []
    for fingerprint in fingerprints:
        try:
            bundle = shadows.load(fingerprint)
        except DataError as error:
            table.add_row(fingerprint, "damaged", "", "")
            damaged.append(f"{error} `breakout shadow remove bundle={fingerprint}` removes this shadow.")
        else:
            table.add_row(fingerprint, bundle.manifest.name, str(bundle.train_end), bundle.settings.mode.name)
    console().print(table)
    for warning in damaged:
        console().print_warning(warning)


def print_day(
    day: date, sources: Sequence[Freshness], slates: Sequence[DaySlate], why_idle: str, top: int | None = None
) -> None:
    """Print how new the data of each source are, and each model's best players of the day.

    The number of predictions made at or after tip-off is printed too. A warning is printed for a model that could not
    predict.

    - `slates`: the predictions of the day's games, one element for each model.
    - `why_idle`: the reason why nothing was predicted, printed if `slates` is empty.
    - `top`: the number of players shown for each model; None means SHOWN_PLAYERS.
    """
    out = console()
    known = "; ".join(f"{source.source} {source.newest}{_lag(source)}" for source in sources)
    out.print(styled(day, "bold", f": {known}"))
    if not slates:
        out.print(f"nothing predicted: {why_idle}")
    if late := sum(slate.n_late for slate in slates):
        entries = sum(slate.n_entries for slate in slates)
        out.print(f"late entries: {late:,} of {entries:,}; made at or after tip-off, they are kept and never graded")
    for slate in slates:
        _print_slate(out, slate, top or SHOWN_PLAYERS)


def print_written(places: Sequence[str]) -> None:
    for place in places:
        console().print_place("written", place)


def _lag(source: Freshness) -> str:
    return f" (lags by {source.lag_hours:.0f} hours)" if source.lag_hours else ""


def _print_slate(out: PlainConsole, found: DaySlate, top: int) -> None:
    title = " ".join(filter(None, (found.role, found.name, found.fingerprint)))
    if found.slate is None:
        out.print_warning(f"{title} is left out: {found.error}")
        return
    ranked = found.slate.ranked
    state = "unchanged" if found.written is None else "new" if found.moves is None else "revised"
    out.print(styled(title, "bold", f": {format_count(len(ranked), 'candidate')}, {state}"))
    for row in ranked.head(top).itertuples(index=False):
        out.print(f"  {row.probability:.3f} {row.player_full_name}, needs {row.points_for_breakout} points")
    for move in (found.moves or ())[:SHOWN_MOVES]:
        out.print(f"  moved: {_describe_move(move)}")
    if found.moves and len(found.moves) > SHOWN_MOVES:
        out.print(f"  and {len(found.moves) - SHOWN_MOVES} more")
    for warning in found.slate.warnings if found.role == "production" else ():
        out.print_warning(warning)
    if found.written is not None:
        out.print_place("  entries", found.written)


def _describe_move(move: Move) -> str:
    if move.after is None:
        return f"{move.player} is no longer on the slate"
    if move.before is None:
        return f"{move.player} is new on the slate with {move.after:.3f}"
    features = ", ".join(
        f"{name} {format_number(before, '.4g', 'missing')} to {format_number(after, '.4g', 'missing')}"
        for name, before, after in move.features
    )
    return f"{move.player} {move.before:.3f} to {move.after:.3f}{' by ' if features else ''}{features}"


def print_review(review: LedgerReview, page: Path) -> None:
    """Print a review of the ledger (the record of served predictions) and the path `page` of its HTML page.

    The output has the damaged files, the counts of entries, the scores, the comparisons with production and the market,
    the corrected outcomes, and the number of new outcomes. For an empty ledger, it names the commands that fill it.
    """
    out = console()
    for sentence in review.damaged:
        out.print_warning(sentence)
    if not review.scoreboard:
        out.print("the ledger is empty; `breakout predict` and `breakout daily` fill it")
    else:
        # The column `bundle` is only in report.html: with it the table would be wider than 80 characters.
        out.print_table(tables.count_table(review.scoreboard).without("bundle"))
    for sentence in tables.describe_counts(review):
        out.print(sentence)
    # The columns `Brier` and `below base rate` are only in report.html: they would not fit into 80 characters.
    scores = tables.score_table(review.scoreboard).without("Brier", "below base rate")
    for sentence in review.market.warnings:
        out.print_warning(sentence)
    for table in (scores, tables.shadow_table(review.scoreboard), tables.ledger_market_table(review.market)):
        out.print_table(table)
    changed = [row for row in review.changes.to_pylist() if row["was"] is not None]
    for row in changed[:SHOWN_MOVES]:
        out.print(f"corrected: {row['player_lookup']} in {row['game_id']} is {row['outcome']} ({row['reason']})")
    late = review.changes["outcome"].to_pylist().count("late")
    graded = f"outcomes new in this call: {review.changes.num_rows - late:,}"
    out.print(f"{graded}; entries newly marked late: {late:,}" if late else graded)
    out.print_place("page", page)
