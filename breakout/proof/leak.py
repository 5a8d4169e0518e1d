"""The smallest counterexample of a violation: which single source row, changed alone, changes the feature."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from breakout.proof.checks import Audited, Difference, recompute
from breakout.proof.sampling import keys_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SourceRow:
    """A row of a source table on or after the date of the audited row: it must not matter, and does."""

    table: str
    game_id: str
    who: str
    game_date: str

    def __str__(self) -> str:
        return f"{self.table} ({self.game_id}, {self.who}) of {self.game_date}"


def find_leak(audited: Audited, difference: Difference) -> SourceRow | None:
    """Halve the rows from the date on until one is left whose noise alone changes the value; None if none does alone.

    The row's own source row and those of its own night are tried first: they are the usual culprits.
    """
    day = date.fromisoformat(difference.game_date)
    candidates = audited.replay.rows_from(day)
    is_own = (candidates["game_id"] == difference.game_id) & (candidates["who"] == difference.player_lookup)
    is_tonight = candidates["game_id"] == difference.game_id
    for mask in (is_own, is_tonight, candidates["game_date"].astype(str) == str(day), is_own | True):
        found = _halve(audited, difference, day, candidates[mask])
        if found is not None:
            return found
    return None


def _halve(audited: Audited, difference: Difference, day: date, rows: pd.DataFrame) -> SourceRow | None:
    if not len(rows) or not _matters(audited, difference, day, rows):
        return None
    while len(rows) > 1:
        first, second = rows.iloc[: len(rows) // 2], rows.iloc[len(rows) // 2 :]
        if _matters(audited, difference, day, first):
            rows = first
        elif _matters(audited, difference, day, second):
            rows = second
        else:
            return None
    last = rows.iloc[0]
    return SourceRow(last["source"], last["game_id"], last["who"], str(last["game_date"])[:10])


def _matters(audited: Audited, difference: Difference, day: date, rows: pd.DataFrame) -> bool:
    """Whether noise in these source rows changes the audited value."""
    selects = []
    for table in ("player_game_summary", "team_offense_game_summary"):
        own = rows[rows["source"] == table]
        audited.replay.connection.register(f"changed_{table}", own[["game_id", "who"]].astype(str))
        second = "player_lookup" if table == "player_game_summary" else "team_abbr"
        where = f"(game_id, {second}) IN (SELECT (game_id, who) FROM changed_{table})"
        selects.append(audited.replay.noise(table, where, audited.seed + 1))
    with audited.replay.changed(*selects):
        found = recompute(audited, audited.paths.training, day, audited.end)
    key = (difference.player_lookup, difference.game_id, difference.game_date)
    at = [place for place, other in enumerate(keys_of(found)) if other == key]
    if len(at) != 1:
        return False
    return bool(found.X[difference.feature].to_numpy()[at[0]] != difference.expected)
