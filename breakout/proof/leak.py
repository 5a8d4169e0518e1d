"""The search for the cause of a leak: one row of a source table on which a feature wrongly depends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from breakout.proof.differences import Audited, Difference
from breakout.proof.sampling import keys_of
from breakout.proof.status_checks import LATER_STATUSES, cutoff_of, later_statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd


@dataclass(frozen=True)
class SourceRow:
    """A row of a source table that changes a feature of an audited row, although the feature must not depend on it.

    The source row is dated on or after the audited row, belongs to the audited row's game, or is a status that was
    reported too late.

    - `key`: the key of the source row without the game date.
    - `is_left_out`: True if the feature changes when the source row is left out. False if the feature changes when
      random values replace the results in the source row, such as points and minutes.
    """

    table: str
    key: tuple[str, ...]
    game_date: str
    is_left_out: bool

    def __str__(self) -> str:
        row = f"{self.table} ({', '.join(self.key)}) of {self.game_date}"
        return f"when {row} alone is left out" if self.is_left_out else f"with {row} alone"


def find_leak(audited: Audited, difference: Difference) -> SourceRow | None:
    """Search by halving for one source row that alone changes a feature; return None if none is found.

    `difference` names the feature and the audited row. For the check LATER_STATUSES, one search leaves out rows of
    injury reports. For the other checks there are two searches. The first replaces the results in source rows, such as
    points and minutes, with random values. The second leaves source rows out. A search changes a set of rows, and
    halves the set as long as the change of a half changes the feature. The sets are, in this order:

    - the source row of the audited row itself (only in the first search),
    - all rows of the audited row's game,
    - all rows of the audited row's date,
    - all rows of these sets, and all later rows.
    """
    if difference.check == LATER_STATUSES:
        return _find_status(audited, difference)
    day = date.fromisoformat(difference.game_date)
    candidates = audited.replay.rows_from(day, difference.game_id)
    is_of_game = candidates["game_id"] == difference.game_id
    is_own = is_of_game & (candidates["who"] == difference.player_lookup)
    is_of_date = candidates["game_date"].astype(str) == str(day)
    is_any = candidates["game_id"].notna()
    for is_left_out, mask in product((False, True), (is_own, is_of_game, is_of_date, is_any)):
        # The audited row's own source row is never left out, because without it the audited row cannot be computed.
        rows = candidates[mask & ~is_own] if is_left_out else candidates[mask]
        found = _halve(partial(_matters, audited, difference, is_left_out=is_left_out), rows)
        if found is not None:
            key = (found["game_id"], found["who"])
            return SourceRow(found["source"], key, str(found["game_date"])[:10], is_left_out)
    return None


def _find_status(audited: Audited, difference: Difference) -> SourceRow | None:
    """Search the injury reports by halving for a player's status that wrongly changes the audited value.

    Such a status is for a later game date, or was reported too late. `difference` names the feature and the audited
    row. The result is None if no such status is found.
    """
    day = date.fromisoformat(difference.game_date)
    later = later_statuses(day, cutoff_of(day, audited.config.availability))
    listed = "strftime(reported_at AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S UTC') AS reported_at"
    sql = f"SELECT rowid, game_date, team_abbr, player_lookup, {listed} FROM main.availability WHERE {later}"
    rows = audited.replay.connection.execute(f"{sql} ORDER BY game_date, rowid").df()
    found = _halve(partial(_status_matters, audited, difference), rows)
    if found is None:
        return None
    key = (found["team_abbr"], found["player_lookup"], f"reported at {found['reported_at']}")
    return SourceRow("availability", key, str(found["game_date"])[:10], is_left_out=True)


def _status_matters(audited: Audited, difference: Difference, rows: pd.DataFrame) -> bool:
    left_out = ", ".join(map(str, rows["rowid"]))
    reports = f"FROM main.availability WHERE rowid NOT IN ({left_out})"
    return _changes(audited, difference, date.fromisoformat(difference.game_date), {"availability": reports})


def _halve(matters: Callable[[pd.DataFrame], bool], rows: pd.DataFrame) -> pd.Series | None:
    """Return a row whose change alone changes a feature value, found by halving `rows`; None if none is found.

    `matters` returns whether changing the given rows changes the value. No row is found if only several rows together
    change the value.
    """
    if not len(rows) or not matters(rows):
        return None
    while len(rows) > 1:
        halves = rows.iloc[: len(rows) // 2], rows.iloc[len(rows) // 2 :]
        half = next((half for half in halves if matters(half)), None)
        if half is None:
            return None
        rows = half
    return rows.iloc[0]


def _matters(audited: Audited, difference: Difference, rows: pd.DataFrame, *, is_left_out: bool) -> bool:
    """Return whether changing the source rows `rows` changes the feature value named in `difference`.

    If `is_left_out`, the rows are left out. Otherwise random values replace their results, such as points and minutes.
    """
    selects = {}
    for table in ("player_game_summary", "team_offense_game_summary"):
        own = rows[rows["source"] == table]
        audited.replay.connection.register(f"changed_{table}", own[["game_id", "who"]].astype(str))
        second = "player_lookup" if table == "player_game_summary" else "team_abbr"
        where = f"(game_id, {second}) IN (SELECT (game_id, who) FROM changed_{table})"
        noise = audited.replay.noise(table, where, audited.seed + 1)
        selects[table] = f"FROM main.{table} WHERE NOT ({where})" if is_left_out else noise
    return _changes(audited, difference, audited.end, selects)


def _changes(audited: Audited, difference: Difference, end: date, selects: Mapping[str, str]) -> bool:
    """Return whether the feature value named in `difference` changes when SELECTs replace tables.

    `selects` maps the name of each replaced table to its SELECT. The value is read from training rows, built for the
    dates from the audited row's date to `end`. The result is False unless these rows include the audited row exactly
    once.
    """
    with audited.replay.changed(**selects):
        found = audited.recompute(audited.paths.training, date.fromisoformat(difference.game_date), end)
    key = (difference.player_lookup, difference.game_id, difference.game_date)
    at = [place for place, other in enumerate(keys_of(found)) if other == key]
    if len(at) != 1:
        return False
    return bool(found.X[difference.feature].to_numpy()[at[0]] != difference.expected)
