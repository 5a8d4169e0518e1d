"""The messages about rows that a warehouse lacks, flawed games, and features that are missing in most rows."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from breakout.coverage import (
    LARGEST_MISSING_SHARE,
    FlawedGame,
    coverage_warnings,
    flawed_game_warnings,
    read_flawed_games,
)
from breakout.dataset import build_dataset
from breakout.features import BREAKOUT_FEATURE_ORDER
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import SAMPLE_FOLDER, open_sample
from tests.builders import features_config
from tests.commands import call, newest_run

QUICK = (
    "model=logistic",
    "evaluation.bootstrap_resamples=20",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
)
HISTORY = ("player_game_summary", "team_offense_game_summary")

# The warning for every copy of the sample: the package knows the league's wrong sums for its own files only.
LEAGUE_MINUTES = "players' minutes do not sum to their team's in 6 cases: 20240112_CHA_SAS SAS 244 of 240"


def files(folder: Path, **replaced: str) -> tuple[str, ...]:
    """Copy the sample's history with some columns replaced, and return the overrides that read the copy."""
    for table in HISTORY:
        columns = f" REPLACE ({replaced[table]})" if table in replaced else ""
        source = f"SELECT *{columns} FROM '{SAMPLE_FOLDER / table}.parquet'"  # noqa: S608 - a test's own text
        duckdb.sql(source).write_parquet(str(folder / f"{table}.parquet"))
    return ("warehouse=duckdb", *(f"warehouse.{table}={folder / table}.parquet" for table in HISTORY))


@pytest.fixture
def without_possessions(tmp_path: Path) -> tuple[str, ...]:
    """Return the overrides for a warehouse whose team table has no value of possessions."""
    return files(tmp_path, team_offense_game_summary="CAST(NULL AS BIGINT) AS possessions")


def metrics_of(folder: Path) -> Any:
    return json.loads((newest_run(folder, "covered") / "metrics.json").read_text(encoding="utf-8"))


def test_a_feature_that_is_missing_in_most_rows_is_named(without_possessions: tuple[str, ...], tmp_path: Path) -> None:
    words = ("name=covered", f"paths.outputs={tmp_path}", *QUICK, *without_possessions)
    planned = call("train", *words, "dry_run=true")
    trained = call("train", *words)
    assert (planned.code, trained.code) == (0, 0), trained.err
    minutes, *warnings = metrics_of(tmp_path)["warnings"]
    assert minutes.startswith(LEAGUE_MINUTES)
    assert [warning.split()[0] for warning in warnings] == ["opponent_def_rating"] * 2
    assert all("100%" in warning and "112" in warning for warning in warnings)
    log = (newest_run(tmp_path, "covered") / "run.log").read_text(encoding="utf-8")
    page = (newest_run(tmp_path, "covered") / "report.html").read_text(encoding="utf-8")
    for text in (planned.out, trained.out, log, page):
        assert text.count("opponent_def_rating is missing") == 2


def test_a_feature_that_has_the_value_of_its_default_is_not_missing() -> None:
    """`back_to_back` is 0, which is its default, in most rows of the sample."""
    with open_sample() as sample:
        rows = build_dataset(sample, features_config(BREAKOUT_FEATURE_ORDER), date(2026, 1, 11), date(2026, 2, 5))
    assert (rows.X["back_to_back"] == 0).mean() > LARGEST_MISSING_SHARE
    assert coverage_warnings({"training": rows}) == ()


def test_a_dataset_names_a_feature_that_is_missing_in_most_rows(
    without_possessions: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "games.parquet"
    answer = call("dataset", "start=2026-01-11", "end=2026-02-05", f"out={out}", *without_possessions)
    assert answer.code == 0
    assert "opponent_def_rating is missing in 100%" in answer.out


ABSENT = ("20251105_BKN_IND", "20251105_GSW_SAC")

# The message and the SQL for a game in which one player has a point more than he scored.
SUMS = "20251107_BOS_ORL BOS 111 of 110"
MORE = "IF(game_id = '20251107_BOS_ORL' AND player_lookup = 'derrickwhite', points + 1, points) AS points"


@pytest.fixture
def without_games(tmp_path: Path) -> tuple[str, ...]:
    """Return the overrides for a warehouse whose team table lacks two played games.

    In a third game, the players' points do not sum to the team's.
    """
    words = files(tmp_path, player_game_summary=MORE)
    path = tmp_path / "team_offense_game_summary.parquet"
    kept = f"SELECT * FROM '{SAMPLE_FOLDER / path.name}' WHERE game_id NOT IN {ABSENT}"  # noqa: S608 - a test's own text
    duckdb.sql(kept).write_parquet(str(path))
    return words


def test_flawed_games_are_named_wherever_their_features_are_used(
    without_games: tuple[str, ...], tmp_path: Path
) -> None:
    words = ("name=covered", f"paths.outputs={tmp_path}", *QUICK, *without_games)
    planned, trained = call("train", *words, "dry_run=true"), call("train", *words)
    assert (planned.code, trained.code) == (0, 0), trained.err
    run = newest_run(tmp_path, "covered")
    absent, points, minutes = metrics_of(tmp_path)["warnings"]
    assert all(game in absent for game in (*ABSENT, "2 played games"))
    assert SUMS in points
    assert minutes.startswith(LEAGUE_MINUTES)
    texts = [planned.out, trained.out, *((run / name).read_text("utf-8") for name in ("run.log", "report.html"))]
    out = tmp_path / "games.parquet"
    dates = ("start=2025-12-01", "end=2026-01-10", f"out={out}")
    checked = call("doctor", *without_games)
    assert checked.code == 0, checked.out
    texts += [call("dataset", *dates, *without_games).out]
    named = [*ABSENT, "".join(SUMS.split())]
    assert not [text for text in texts if not all(words in "".join(text.split()) for words in named)]
    assert all(words in "".join(checked.out.split()) for words in (*ABSENT, "20251107_BOS_ORLBOS(111of110points"))
    scored = call("evaluate", f"bundle={run}/bundle", "name=scored", f"paths.outputs={tmp_path}", *without_games)
    assert scored.code == 0, scored.err
    found = json.loads((newest_run(tmp_path, "scored") / "metrics.json").read_text(encoding="utf-8"))
    assert found["warnings"][:2] == [absent, points]


def test_each_job_of_a_sweep_names_the_flawed_games(without_games: tuple[str, ...], tmp_path: Path) -> None:
    words = ("name=covered", f"paths.outputs={tmp_path}", *QUICK, *without_games, "model.C=1,2")
    assert call("train", "-m", *words).code == 0
    found = [json.loads(path.read_text("utf-8"))["warnings"] for path in tmp_path.rglob("metrics.json")]
    assert len(found) == 2
    assert all(ABSENT[0] in warnings[0] and SUMS in warnings[1] for warnings in found)


def test_a_played_game_of_a_season_type_that_does_not_count_may_be_absent_from_the_team_table(tmp_path: Path) -> None:
    words = files(tmp_path, player_game_summary=f"IF(game_id IN {ABSENT}, 'cup_final', season_type) AS season_type")
    path = tmp_path / "team_offense_game_summary.parquet"
    kept = f"SELECT * FROM '{SAMPLE_FOLDER / path.name}' WHERE game_id NOT IN {ABSENT}"  # noqa: S608 - a test's own text
    duckdb.sql(kept).write_parquet(str(path))
    out = tmp_path / "games.parquet"
    answer = call("dataset", "start=2025-12-01", "end=2026-01-10", f"out={out}", *words)
    assert answer.code == 0, answer.err
    assert ABSENT[0] not in answer.out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("start=2026-07-01", "end=2026-07-31"), ["regular (69,381 rows, 2023-10-24 to 2026-02-05)", "2026-07-31"]),
        (("start=2023-01-01", "end=2023-02-01"), ["holds no rows up to 2023-02-01"]),
        (("start=2026-01-11", "end=2026-02-05", "target.season_types=[cup_final]"), ["[cup_final]", "regular ("]),
        (("start=2026-01-11", "end=2026-02-05", "target.min_ppg=98", "target.max_ppg=99"), ["role player"]),
    ],
)
def test_a_dataset_without_rows_is_refused_with_what_the_warehouse_holds(
    words: tuple[str, ...], named: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "games.parquet"
    answer = call("dataset", f"out={out}", *words)
    assert answer.code == 3
    assert not [text for text in named if text not in answer.err], answer.err
    assert not out.exists()


@pytest.mark.parametrize("dry", [(), ("dry_run=true",)])
def test_a_window_without_rows_is_refused_with_its_dates_and_what_the_warehouse_holds(
    dry: tuple[str, ...], tmp_path: Path
) -> None:
    words = (f"paths.outputs={tmp_path}", *QUICK, *dry)
    answer = call("train", *words, "window.train_start=2026-01-01", "target.season_types=[play_in]")
    assert answer.code == 3
    assert "2026-01-01" in answer.err
    assert "play_in" in answer.err
    assert "regular (" in answer.err


def test_only_the_league_s_own_sums_of_the_sample_are_not_flaws(tmp_path: Path) -> None:
    night = date(2024, 1, 12)
    parameters = {"history_start": night, "end": night, "season_type": "regular", "season_types": ["regular"]}
    with open_sample() as sample:
        assert read_flawed_games(sample, sample.sources, parameters) == []
        sample.connection.execute(
            "UPDATE nba_analytics.player_game_summary SET minutes_played = minutes_played - 20"
            " WHERE game_id = '20240112_CHA_SAS' AND player_lookup = 'victorwembanyama'"
        )
        (game,) = read_flawed_games(sample, sample.sources, parameters)
    assert game == FlawedGame(night, "20240112_CHA_SAS", "minutes", "SAS 224 of 240")
    assert "SAS 224 of 240" in flawed_game_warnings([game])[0]
    files(tmp_path)
    with DuckDBWarehouse({name: str(tmp_path / f"{name}.parquet") for name in HISTORY}) as copy:
        (game,) = read_flawed_games(copy, copy.sources, parameters)
    assert game.sums == "SAS 244 of 240"
