"""The common form of imported data, to which the module of each source converts its files.

A *line* is the box score of one player, or of one team, in one game.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COUNTS = (
    "points",
    "assists",
    "rebounds",
    "offensive_rebounds",
    "steals",
    "blocks",
    "turnovers",
    "personal_fouls",
    "fg_attempts",
    "fg_makes",
    "three_pt_attempts",
    "three_pt_makes",
    "ft_attempts",
    "ft_makes",
    "plus_minus",
)
# The columns that box scores of players and of teams share. `is_home` and `opponent` are NA where the source lacks
# them. `season_year` is the year in which the season begins. `season_type` may also be all_star or preseason; the
# import leaves such games out.
GAME_COLUMNS = ("source_game_id", "game_date", "team", "opponent", "is_home", "season_year", "season_type", "is_won")
PLAYER_COLUMNS = (*GAME_COLUMNS, "source_player_id", "player_full_name", "minutes", *COUNTS)
# `possessions` is the source's own count. Its values are NA if the source has none.
TEAM_COLUMNS = (*GAME_COLUMNS, "minutes", *COUNTS, "possessions")
SCHEDULE_COLUMNS = ("source_game_id", "game_date", "home", "away", "season_year", "season_type", "tip_off")


@dataclass(frozen=True)
class Extract:
    """The contents of imported files in the common form.

    - `players`, `teams`: one row for each box score of a player or team, with PLAYER_COLUMNS or TEAM_COLUMNS.
    - `schedule`: scheduled games, with the columns SCHEDULE_COLUMNS.
    - `reports`: rows of injury reports.
    - `unfinished`: the source's ids of games that were left out because they have no winner yet.

    A table is None if no file with such rows was given.
    """

    players: pd.DataFrame | None = None
    teams: pd.DataFrame | None = None
    schedule: pd.DataFrame | None = None
    reports: pd.DataFrame | None = None
    unfinished: tuple[str, ...] = ()


def join(extracts: Iterable[Extract]) -> Extract:
    """Return one extract with the rows of all the given extracts; equal rows are kept once."""
    listed = list(extracts)
    return Extract(
        players=_joined([one.players for one in listed]),
        teams=_joined([one.teams for one in listed]),
        schedule=_joined([one.schedule for one in listed]),
        reports=_joined([one.reports for one in listed]),
        unfinished=tuple(sorted({game for one in listed for game in one.unfinished})),
    )


def _joined(frames: list[pd.DataFrame | None]) -> pd.DataFrame | None:
    given = [frame for frame in frames if frame is not None]
    return pd.concat(given, ignore_index=True).drop_duplicates(ignore_index=True) if given else None


def counts_of(rows: pd.DataFrame, names: Mapping[str, str], where: str) -> pd.DataFrame:
    """Return the counts of box scores, such as points, as whole numbers in the columns COUNTS.

    `names` maps counts to columns of `rows`. A count is NA if its column is missing in `rows`. `where` names the file
    in error messages. DataError for a value that is no whole number.
    """
    columns = {}
    for count in COUNTS:
        text = rows[names[count]] if names.get(count) in rows else pd.Series(pd.NA, rows.index, dtype="string")
        columns[count] = whole_numbers(text, f"{where}, column {names.get(count)}")
    return pd.DataFrame(columns, index=rows.index)


def whole_numbers(text: pd.Series, where: str) -> pd.Series:
    """Return texts such as 12, 12.0 and +12 as whole numbers, and missing texts as NA.

    `where` names the file and column in error messages. DataError for other texts.
    """
    numbers = pd.to_numeric(text.str.strip(), errors="coerce")
    wrong = text[text.notna() & (numbers.isna() | (numbers % 1 != 0))]
    if len(wrong):
        raise DataError(f"{where}: {wrong.iloc[0]!r} is no whole number; correct the file.")
    return numbers.astype("Int64")


def dates_of(text: pd.Series, where: str) -> pd.Series:
    """Return the dates of texts such as 2024-10-22, 2024-10-22T00:00:00, Oct 22, 2024 and 10/22/2024.

    `where` names the file in error messages. DataError for other or missing texts.
    """
    dates = pd.to_datetime(text.str.slice(0, 10), format="%Y-%m-%d", errors="coerce")
    for form in ("%b %d, %Y", "%m/%d/%Y"):
        if dates.isna().any():
            dates = dates.fillna(pd.to_datetime(text.str.split(" 00:00").str[0], format=form, errors="coerce"))
    if dates.isna().any():
        raise DataError(f"{where}: {text[dates.isna()].iloc[0]!r} is no date; write it as 2024-10-22.")
    return dates.dt.as_unit("s")


def only_season(extract: Extract, season: str | None) -> Extract:
    """Return the extract limited to a season such as 2026-27; if `season` is None, the unchanged extract.

    Injury reports of all seasons are kept. DataError if the extract has box scores or scheduled games, but none in this
    season.
    """
    if season is None:
        return extract
    given = {"players": extract.players, "teams": extract.teams, "schedule": extract.schedule}
    year = int(season[:4])
    chosen: dict[str, Any] = {
        name: rows[rows["season_year"] == year] for name, rows in given.items() if rows is not None
    }
    if chosen and all(rows.empty for rows in chosen.values()):
        raise DataError(f"the files hold no rows of season={season}; give another season or other files.")
    return replace(extract, **chosen)
