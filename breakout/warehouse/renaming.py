"""The replacement of team codes and season types in the rows that queries read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.settings.data_groups import SeasonTypes, TeamCodes
    from breakout.warehouse.tables import Table

_WHOLE_NUMBER = r"^(\d+)\.0$"
TEAM_COLUMNS = ("team_abbr", "opponent_team_abbr", "home_team_abbr", "away_team_abbr")


@dataclass(frozen=True)
class Renaming:
    """The team codes and the season types to replace, as pairs of a value in the source and its replacement.

    Queries leave out the rows of a season type whose replacement is None.
    """

    team_codes: tuple[tuple[str, str], ...] = ()
    season_types: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def from_maps(cls, team_codes: TeamCodes | None, season_types: SeasonTypes | None) -> Renaming | None:
        """Return the renaming for the settings warehouse.team_codes and warehouse.season_types.

        None if both settings are empty. A season type that is a number, such as 2 or 2.0, becomes the text '2'.
        """
        if not team_codes and not season_types:
            return None
        named = {re.sub(_WHOLE_NUMBER, r"\1", str(name)): value for name, value in (season_types or {}).items()}
        return cls(tuple((team_codes or {}).items()), tuple(named.items()))

    def apply(self, table: Table, source: str, *, has_season_type: bool) -> str:
        """Return the SQL text after FROM that reads the rows of `source` with team codes and season types replaced.

        - `source`: the SQL text after FROM that reads the rows of `table` unchanged. The result is `source` itself if
          there is nothing to replace.
        - `has_season_type`: whether the rows have the column season_type.

        Rows of a season type whose replacement is None are left out.
        """
        replaced = self._replacements(table) if self.team_codes else {}
        left_out = ""
        if self.season_types and has_season_type:
            kept = [(name, value) for name, value in self.season_types if value is not None]
            replaced["season_type"] = _case(_TYPE_AS_TEXT, kept)
            dropped = [name for name, value in self.season_types if value is None]
            if dropped:
                left_out = f" WHERE season_type IS NULL OR {_TYPE_AS_TEXT} NOT IN ({', '.join(map(_text, dropped))})"
        if not replaced:
            return source
        columns = ", ".join(f"{sql} AS {name}" for name, sql in replaced.items())
        return f"(SELECT * REPLACE ({columns}) FROM {source}{left_out})"

    def _replacements(self, table: Table) -> dict[str, str]:
        """Return, for each column that contains team codes, the SQL expression that replaces them.

        A game_id such as 20251025_LAL_PHX also contains team codes. A game_id without an underscore does not change.
        """
        names = [column.name for column in table.columns if column.name in TEAM_COLUMNS]
        replaced = {name: _case(f"CAST({name} AS STRING)", self.team_codes) for name in names}
        home, away = _case(_LAST_PART, self.team_codes), _case(_PART_BEFORE, self.team_codes)
        whole = f"CONCAT({_REST}, {away}, '_', {home})"
        if any(column.name == "game_id" for column in table.columns):
            replaced["game_id"] = f"CASE WHEN STRPOS(game_id, '_') > 0 THEN {whole} ELSE game_id END"
        return replaced


# The SQL expression of a season type as text. A number becomes text without decimals: '2' for 2 and for 2.0.
_TYPE_AS_TEXT = rf"REGEXP_REPLACE(CAST(season_type AS STRING), r'{_WHOLE_NUMBER}', r'\1')"
_LAST_PART = "REGEXP_EXTRACT(game_id, r'_([^_]*)$')"
_PART_BEFORE = "REGEXP_EXTRACT(game_id, r'([^_]*)_[^_]*$')"
_REST = "REGEXP_EXTRACT(game_id, r'^(.*?)[^_]*_[^_]*$')"


def _case(value: str, pairs: Sequence[tuple[str, str]]) -> str:
    whens = " ".join(f"WHEN {_text(name)} THEN {_text(new)}" for name, new in pairs)
    return f"CASE {value} {whens} ELSE {value} END" if pairs else value


def _text(value: str) -> str:
    """Return the value in quotes.

    The value needs no escapes, because the settings refuse quotes and backslashes.
    """
    return f"'{value}'"
