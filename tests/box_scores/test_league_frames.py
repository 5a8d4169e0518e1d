"""The import of the embedded games as frames of nba_api, which gives the embedded tables again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from breakout.box_scores.extracts import join
from breakout.box_scores.importing import import_lines
from breakout.box_scores.nba_api import extract_nba_api
from breakout.box_scores.source_files import as_text
from breakout.box_scores.table_writing import PLAYERS, TEAMS, StoredTables, differing_cells
from tests.box_scores.test_import import FIRST
from tests.league_frames import game_logs, sample_table

KEYS = {PLAYERS: ["game_id", "player_lookup"], TEAMS: ["game_id", "team_abbr"]}
WEEK = date(2025, 1, 6), date(2025, 1, 12)  # one usage rate of this week is exactly half of the last decimal


def shared_columns(folder: Path, table: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the imported and the embedded rows, sorted by key, with the columns that both have."""
    sides = StoredTables(folder).read(table), sample_table(table, *WEEK)
    imported, embedded = (rows.set_index(KEYS[table]).sort_index() for rows in sides)
    columns = [column for column in imported.columns if column in embedded]
    return imported[columns], embedded[columns]


def test_the_tables_agree_with_the_embedded_ones_in_every_shared_cell(tmp_path: Path) -> None:
    frames = [extract_nba_api(as_text(frame), "log.csv") for frame in game_logs(*WEEK)]
    import_lines(join(frames), "nba_api", tmp_path, FIRST)
    for table, fewest in ((PLAYERS, 15), (TEAMS, 18)):
        imported, embedded = shared_columns(tmp_path, table)
        assert imported.index.equals(embedded.index)
        assert len(imported.columns) >= fewest
        dates = pd.to_datetime(embedded.pop("game_date")) == imported.pop("game_date")
        assert dates.all()
        differing = {name for name in imported if differing_cells(imported[name], embedded[name]).any()}
        assert differing == ({"possessions"} if table == TEAMS else set())


def test_estimated_possessions_are_as_far_from_the_leagues_as_the_page_says() -> None:
    """The documentation says: about 2 above the league's count, and within 3 of it in 80 % of games."""
    rows = sample_table("team_offense_game_summary", date(2023, 10, 1), date(2026, 2, 5))
    own = rows["fg_attempts"] + 0.44 * rows["ft_attempts"] - rows["offensive_rebounds"] + rows["turnovers"]
    excess = (own.groupby(rows["game_id"]).transform("sum") / 2).round() - rows["possessions"]
    assert 1.75 < excess.mean() < 1.95
    assert 0.79 < (excess.abs().groupby(rows["game_id"]).max() <= 3).mean() < 0.81
