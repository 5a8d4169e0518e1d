"""The cells of source tables that changed after a prediction.

The present tables are compared with the log of source rows, which has each row with its values at the time of a
prediction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from breakout.ledger.source_rows import dates_read, read_source_rows, tables_read
from breakout.warehouse.tables import AVAILABILITY, PLAYER_GAME_SUMMARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from breakout.bundle.folder import Bundle
    from breakout.ledger.source_rows import KnownRows, SourceLog
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import Table

ROW = "(row)"
ABSENT, PRESENT = "absent", "present"


@dataclass(frozen=True)
class CellChange:
    """One cell of a source row that differs between two times.

    - `key`: the values of the row's key columns, such as `20240105_BOS_LAL lebronjames`.
    - `column`: the column of the cell; ROW if the whole row was added or removed.
    - `before`, `now`: the values as text; NULL for a missing value. ABSENT and PRESENT for an added row, PRESENT and
      ABSENT for a removed row.
    - `player`: the player_lookup of the row; "" in tables without players.
    - `teams`: the codes of the row's teams.
    """

    table: str
    key: str
    column: str
    before: str
    now: str
    player: str
    teams: frozenset[str]


def list_changes(table: Table, before: pd.DataFrame, now: pd.DataFrame) -> Iterator[CellChange]:
    """Yield every cell that differs between earlier and present rows, and every row that was added or removed.

    `before` has the recorded rows of `table`, and `now` has the present rows. Only the columns of `now` are compared.
    """
    key, names = list(table.key), [name for name in now.columns if name not in table.key]
    joined = before.reindex(columns=[*key, *names]).merge(
        now, on=key, how="outer", suffixes=("_before", "_now"), indicator=True
    )
    is_in_both = (joined["_merge"] == "both").to_numpy(dtype=bool)
    differing = {}
    for name in names:
        earlier, present = joined[f"{name}_before"], joined[f"{name}_now"]
        is_equal = (earlier == present) | (earlier.isna() & present.isna())
        differing[name] = is_in_both & ~is_equal.to_numpy(dtype=bool)
    places = np.flatnonzero(np.logical_or.reduce([~is_in_both, *differing.values()]))
    rows: list[Any] = joined.iloc[places].to_dict("records")
    for place, row in zip(places, rows, strict=True):
        if row["_merge"] == "both":
            changed = [name for name in names if differing[name][place]]
            cells = [(name, _format(row[f"{name}_before"]), _format(row[f"{name}_now"])) for name in changed]
        else:
            is_gone = row["_merge"] == "left_only"
            cells = [(ROW, PRESENT, ABSENT) if is_gone else (ROW, ABSENT, PRESENT)]
        side = "before" if row["_merge"] == "left_only" else "now"
        values = {name: row[f"{name}_{side}"] for name in names} | {name: row[name] for name in key}
        for column, old, new in cells:
            yield CellChange(
                table=table.name,
                key=" ".join(str(row[name]) for name in key),
                column=column,
                before=old,
                now=new,
                player=str(values.get("player_lookup", "")),
                teams=frozenset(str(value) for name, value in values.items() if name.endswith("team_abbr")),
            )


def _format(value: Any) -> str:
    if pd.isna(value):
        return "NULL"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class ChangesByName:
    """Changed cells of source tables, grouped by player and by team.

    - `of_player`: the cells in rows of a player, by player_lookup, in any table.
    - `of_players_of`: the cells in rows of player_game_summary, by each team that the row names.
    - `of_team`: the cells in rows of all other tables, by each team that the row names.
    """

    of_player: Mapping[str, list[CellChange]]
    of_team: Mapping[str, list[CellChange]]
    of_players_of: Mapping[str, list[CellChange]]

    @classmethod
    def from_changes(cls, changes: Iterable[CellChange]) -> ChangesByName:
        of_player, of_team, of_players_of = (defaultdict[str, list[CellChange]](list) for _ in range(3))
        for change in changes:
            is_of_player = change.table == PLAYER_GAME_SUMMARY.name
            if change.player:
                of_player[change.player].append(change)
            for team in change.teams:
                (of_players_of if is_of_player else of_team)[team].append(change)
        return cls(of_player, of_team, of_players_of)

    def near(self, player: str, teams: tuple[str, str]) -> list[CellChange]:
        """Return the changed cells that may explain why a player's features for a game changed after the prediction.

        `teams` are the two teams of the game. The result has the cells in rows of the player, and the cells outside
        player_game_summary in rows of the two teams. If there are no such cells, the cells in rows of any player of the
        two teams are returned.
        """
        found = dict.fromkeys(self.of_player[player])
        found |= dict.fromkeys(change for team in teams for change in self.of_team[team])
        return list(found or dict.fromkeys(change for team in teams for change in self.of_players_of[team]))


class SourceChanges:
    """The changes of source rows between the time of a prediction and the present.

    `log` has the recorded versions of source rows; if it is None, no changes are known. `days` are the first and the
    last game date of the predictions. `damaged` has a sentence about each damaged file of the log that was read so far.
    """

    def __init__(self, log: SourceLog | None, warehouse: Warehouse, days: tuple[date, date]) -> None:
        self.damaged: dict[str, None] = {}  # an ordered set: the keys are the sentences about damaged files
        self._log, self._warehouse, self._days = log, warehouse, days
        self._known: dict[tuple[str, tuple[str, ...]], KnownRows] = {}
        self._now: dict[tuple[str, tuple[str, ...]], pd.DataFrame] = {}

    def since(self, predicted_at: datetime, bundle: Bundle, day: date) -> ChangesByName:
        """Return the changes since `predicted_at` in the source rows available to a bundle's predictions for `day`.

        A table is left out if the log of source rows had no row of that table at `predicted_at`. DataError if the
        warehouse cannot be read.
        """
        changes = [] if self._log is None else self._list(self._log, predicted_at, bundle, day)
        return ChangesByName.from_changes(changes)

    def _list(self, log: SourceLog, predicted_at: datetime, bundle: Bundle, day: date) -> Iterator[CellChange]:
        for table, extra in tables_read(bundle):
            first, last = dates_read(table, day)
            before = self._recorded(log, table, extra).at(predicted_at, first, last)
            if before is None:
                continue
            now = self._present(table, extra)
            now = now[now["game_date"].between(first, last)]
            if table is AVAILABILITY:  # leave out reports that were made after the prediction
                now = now[now["reported_at"] <= predicted_at]
            yield from list_changes(table, before, now)

    def _recorded(self, log: SourceLog, table: Table, extra: tuple[str, ...]) -> KnownRows:
        key = (table.name, extra)
        if key not in self._known:
            self._known[key] = log.read(table, extra)
            self.damaged |= dict.fromkeys(self._known[key].damaged)
        return self._known[key]

    def _present(self, table: Table, extra: tuple[str, ...]) -> pd.DataFrame:
        key = (table.name, extra)
        if key not in self._now:
            days = (dates_read(table, self._days[0])[0], dates_read(table, self._days[1])[1])
            self._now[key] = read_source_rows(self._warehouse, table, days, extra)
        return self._now[key]
