"""Tests of `breakout dataset`: the file has the rows and features that other commands use."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from breakout.conf_tree import conf_dir
from breakout.dataset import build_dataset
from breakout.features.registry import BREAKOUT_FEATURE_ORDER
from breakout.warehouse.sample import SAMPLE_FOLDER, open_sample
from tests.builders import features_config
from tests.commands import call
from tests.conftest import Program

WEEK = ("start=2026-01-11", "end=2026-01-17")
KEYS = ["player_lookup", "game_id", "game_date", "is_breakout"]


def preset(name: str) -> tuple[str, ...]:
    file = conf_dir() / "features" / f"{name}.yaml"
    return tuple(yaml.safe_load(file.read_text(encoding="utf-8"))["names"])


def expected(names: tuple[str, ...]) -> pd.DataFrame:
    sample = open_sample()
    dataset = build_dataset(sample, features_config(names), date(2026, 1, 11), date(2026, 1, 17))
    sample.close()
    return pd.concat([dataset.keys, pd.Series(dataset.label, name="is_breakout"), dataset.X], axis=1)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), BREAKOUT_FEATURE_ORDER),
        (("mode=experimental", "features=all"), preset("all")),
        (("mode=experimental", "features.names=[team_pace,cv_ratio]"), ("team_pace", "cv_ratio")),
    ],
)
def test_the_file_holds_keys_label_and_filled_features(
    words: tuple[str, ...], names: tuple[str, ...], tmp_path: Path
) -> None:
    out = tmp_path / "rows.parquet"
    answer = call("dataset", *WEEK, f"out={out}", *words)
    assert answer.code == 0, answer.err
    rows = pd.read_parquet(out)
    assert list(rows.columns[:4]) == KEYS
    assert rows.columns[4:].tolist() == list(names)
    pd.testing.assert_frame_equal(rows, expected(names)[rows.columns], check_exact=True)
    assert not rows.isna().any(axis=None)
    assert answer.out.startswith(
        f"{len(rows):,} rows of 2026-01-11..2026-01-17, {len(names)} features, breakout rate 0."
    )


def test_a_relative_path_means_the_folder_where_the_command_is_typed(program: Program, tmp_path: Path) -> None:
    for name in ("player_game_summary", "team_offense_game_summary"):
        (tmp_path / f"{name}.parquet").symlink_to(SAMPLE_FOLDER / f"{name}.parquet")
    own = [f"warehouse.{name}={name}.parquet" for name in ("player_game_summary", "team_offense_game_summary")]
    ended = program("dataset", *WEEK, "out=deep/er/rows.parquet", "warehouse=duckdb", *own)
    assert (ended.returncode, ended.stderr) == (0, "")
    written = pd.read_parquet(tmp_path / "deep" / "er" / "rows.parquet")
    pd.testing.assert_frame_equal(written, expected(BREAKOUT_FEATURE_ORDER), check_exact=True)
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == ["rows.parquet"]


def test_another_target_has_other_rows_and_labels(tmp_path: Path) -> None:
    def rows(*words: str) -> pd.DataFrame:
        assert call("dataset", *WEEK, f"out={tmp_path / 'rows.parquet'}", *words).code == 0
        return pd.read_parquet(tmp_path / "rows.parquet")

    role_players = rows()
    everyone = rows("target.min_ppg=0", "target.max_ppg=100", "target.breakout_multiplier=1.2")
    both = role_players.merge(everyone, on=KEYS[:3], suffixes=("", "_of_other"))
    assert len(role_players) == len(both) < len(everyone)
    assert both["is_breakout_of_other"].sum() > both["is_breakout"].sum()


def test_a_range_without_games_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    answer = call("dataset", "start=2026-07-01", "end=2026-07-31", f"out={out}")
    assert (answer.code, answer.out) == (3, "")
    assert "2026-07-01..2026-07-31" in answer.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("out=rows.txt",), 2, "out must name a .parquet file"),
        (("out=rows.parquet", "features=enhanced"), 2, "mode=experimental"),
        (("out=rows.parquet", "warehouse=duckdb", "warehouse.player_game_summary=no.parquet",
          "warehouse.team_offense_game_summary=no.parquet"), 3, "no file at"),
        (("out=taken/rows.parquet",), 3, "taken"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence_and_leaves_no_file(
    words: tuple[str, ...], code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file where a folder should be", encoding="utf-8")
    answer = call("dataset", *WEEK, *words)
    assert answer.code == code, answer.err
    assert told in answer.err
    assert answer.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
