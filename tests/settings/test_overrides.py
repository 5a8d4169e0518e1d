"""Tests of `overrides_for`: the overrides for a configuration compose it."""

from __future__ import annotations

from pathlib import Path

import pytest

from breakout.settings.composition import compose
from breakout.settings.overrides import overrides_for

FILES = ("warehouse.player_game_summary=a.parquet", "warehouse.team_offense_game_summary=b.parquet")
ASKED = [
    [],
    ["experiment=research/cv_ratio", "hypothesis='-1'"],
    ["debug=tiny", "tags=[a,b]", "seed=7", "window=trailing", "window.as_of=2026-02-01", "paths.outputs=/tmp/a-b/c.d"],
    ["mode=experimental", "features=all", "window=walk_forward", "warehouse=duckdb", *FILES],
    ["model=blend", "model.depth=6", "calibration=isotonic", "hypothesis='It\\'s 5% more: yes, no'", "name=null-ish"],
]


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_the_overrides_for_a_configuration_compose_it(words: list[str]) -> None:
    config = compose("train", words)
    assert compose("train", overrides_for("train", config)) == config


def test_only_what_differs_needs_an_override() -> None:
    overrides = ["model=logistic", "model.C=0.5"]
    assert overrides_for("train", compose("train", overrides)) == overrides


@pytest.mark.parametrize(
    "override",
    [
        "warehouse.columns={points: 'PTS (all), of:game'}",
        "warehouse.team_codes={BRK: BKN, NO: NOP}",
        "warehouse.season_types={Regular Season: regular, 3: playoffs, All Star: null}",
    ],
)
def test_a_map_of_the_warehouse_is_one_override(override: str) -> None:
    config = compose("train", ["warehouse=duckdb", *FILES, override])
    overrides = overrides_for("train", config)
    assert compose("train", overrides) == config
    assert len([one for one in overrides if one.startswith(override.partition("=")[0])]) == 1


@pytest.mark.parametrize("params", ["{a: 1, b: 'x: {y}', c: '1', d: null}", "{}"])
def test_the_keyword_arguments_of_an_own_model_are_one_override(params: str, tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text("def build(seed, **params): ...\n", encoding="utf-8")
    config = compose("train", ["model=sklearn", f"model.build='{file}:build'", f"model.params={params}"])
    assert compose("train", overrides_for("train", config)) == config
