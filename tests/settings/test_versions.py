"""Tests of settings of version 1, whose keys for runs and sweeps were at the root: the old names still work."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from breakout import settings
from breakout.cli import main
from breakout.conf_tree import conf_dir
from breakout.errors import ConfigurationError
from breakout.settings.composition import compose, compose_mapping
from breakout.settings.config_dirs import search_path_overrides
from breakout.settings.versions import RENAMED_KEYS, rename_overrides

VERSION_1 = Path(__file__).parent / "version_1.yaml"
RECORDED_FINGERPRINT = "287ecb2b2673d6f5"  # the fingerprint that the run which wrote VERSION_1 recorded
OLD = ["write_report=false", "resume=DIR", "fail_fast=true", "workers=2", "job_defaults=[x]"]


def version_1(**changes: Any) -> dict[str, Any]:
    mapping: dict[str, Any] = yaml.safe_load(VERSION_1.read_text(encoding="utf-8"))
    return mapping | changes


@cache
def train(*overrides: str) -> settings.ExperimentConfig:
    config = compose("train", overrides)
    assert isinstance(config, settings.ExperimentConfig)
    return config


def test_saved_settings_of_version_1_load_with_their_values_under_the_new_names() -> None:
    found = settings.load_file(VERSION_1, settings.ExperimentConfig)
    assert found.config_version == settings.CONFIG_VERSION == 2
    assert (found.run.write_report, found.sweep.workers) == (False, None)
    assert found.model == train().model
    assert found.validation == train("validation.refit=false").validation
    assert found.sweep.job_defaults[0] == "write_report=false"


def test_the_fingerprint_of_settings_of_version_1_is_the_recorded_one() -> None:
    found = settings.load_file(VERSION_1, settings.ExperimentConfig)
    same = train("name=other", "window=january", "validation.refit=false")
    assert settings.fingerprint(found) == RECORDED_FINGERPRINT == settings.fingerprint(same)
    assert settings.fingerprint(train()) != RECORDED_FINGERPRINT, "the model learns from more games now"
    assert settings.fingerprint(train("model.depth=3")) != RECORDED_FINGERPRINT


def test_keys_added_to_the_warehouse_count_only_where_they_change_what_is_read() -> None:
    duckdb = {
        "kind": "duckdb",
        "player_game_summary": "p",
        "team_offense_game_summary": "t",
        "schedule": None,
        "season_type": None,
    }
    old = settings.load(settings.ExperimentConfig, version_1(warehouse=duckdb))
    mapped = settings.load(settings.ExperimentConfig, version_1(warehouse=duckdb | {"team_codes": {"BRK": "BKN"}}))
    bare = version_1(warehouse=duckdb)
    assert settings.fingerprint(old) == settings.fingerprint(bare)
    assert settings.fingerprint(mapped) != settings.fingerprint(bare)


def test_settings_of_a_demonstration_load_as_the_run_that_they_describe() -> None:
    assert settings.load(settings.ExperimentConfig, version_1(demonstration="incident")).name == "main"


@pytest.mark.parametrize("sign", ["", "++"])
def test_overrides_with_old_names_set_the_new_keys(sign: str) -> None:
    assert {word.partition("=")[0] for word in OLD} == RENAMED_KEYS.keys()
    config = train(*(sign + word for word in OLD))
    assert not config.run.write_report
    assert config.sweep == settings.SweepConfig("DIR", True, 2, ("x",))
    assert rename_overrides(["~workers", "model.workers=2"]) == ["~sweep.workers", "model.workers=2"]


def test_an_experiment_file_with_old_names_sets_the_new_keys_and_gives_way_to_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "old.yaml").write_text("# Why\nwrite_report: false\nworkers: 3\n", encoding="utf-8")
    folder = search_path_overrides([str(tmp_path)])
    mapping = compose_mapping("train", [*folder, "experiment=old", "sweep.workers=4"])
    assert (mapping["run"]["write_report"], mapping["sweep"]["workers"]) == (False, 4)


def test_an_old_name_in_a_file_that_is_read_as_it_is_is_refused_with_the_new_one() -> None:
    with pytest.raises(ConfigurationError, match=r"workers is called sweep\.workers now"):
        settings.load(settings.ExperimentConfig, settings.to_mapping(train()) | {"workers": 2})


@pytest.mark.parametrize("word", ["demonstration=incident", "experiment=incident/two_definitions"])
def test_what_is_gone_is_refused_with_the_command_that_replaces_it(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word, "dry_run=true"]) == 2
    assert "python -m examples.two_definitions" in capsys.readouterr().err


def test_a_removed_key_at_its_harmless_value_is_ignored() -> None:
    assert train("demonstration=none") == train()


def test_every_root_file_has_the_present_version_and_the_same_seed() -> None:
    roots = [yaml.safe_load((conf_dir() / f"{name}.yaml").read_bytes()) for name in settings.ROOT_CLASSES]
    assert {root["config_version"] for root in roots} == {settings.CONFIG_VERSION}
    assert {root["seed"] for root in roots if "seed" in root} == {42}
