"""Tests of typed settings: conversion from a mapping, a message for every mistake, saving to a file and reading it."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from breakout import settings
from breakout.errors import ConfigurationError, DataError
from breakout.settings import command_groups, data_groups, groups, model_groups, roots, versions
from breakout.settings.composition import compose
from breakout.settings.schema import known_keys
from breakout.settings.unknown_keys import nearest_key


def spoil(mapping: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Set one dotted key of a mapping in place, and return the mapping."""
    *path, last = key.split(".")
    group = mapping
    for part in path:
        group = group[part]
    group[last] = value
    return mapping


def refusal(mapping: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        settings.load(settings.ExperimentConfig, mapping)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_settings_are_frozen_and_typed(default_experiment: settings.ExperimentConfig) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        default_experiment.seed = 1  # type: ignore[misc]
    assert isinstance(default_experiment.window, settings.DateWindowConfig)
    assert default_experiment.window.train_start == date(2023, 10, 1)
    assert default_experiment.features.names[0] == "pts_vs_season_zscore"
    assert hash(default_experiment) == hash(default_experiment)


def test_no_default_stands_in_python() -> None:
    modules = (groups, model_groups, data_groups, command_groups, roots)
    classes = {cls for module in modules for cls in vars(module).values() if isinstance(cls, type)}
    typed = [cls for cls in classes if dataclasses.is_dataclass(cls)]
    assert len(typed) > 40
    fields = [field for cls in typed for field in dataclasses.fields(cls)]
    assert all(field.default is field.default_factory is dataclasses.MISSING for field in fields)


WRONG_VALUES = [
    ("model.depth", 0, "model.depth must be an integer from 1 to 16, got 0"),
    ("model.depth", 17, "from 1 to 16"),
    ("model.depth", 5.5, "an integer"),
    ("model.depth", True, "got true"),
    ("model.iterations", 0, "an integer >= 1"),
    ("model.learning_rate", 0, "a number from 1e-05 to 1"),
    ("model.learning_rate", float("nan"), "got nan"),
    ("model.l2_leaf_reg", -1, ">= 0"),
    ("model.l2_leaf_reg", float("inf"), "got inf"),
    ("model.thread_count", 0, ">= 1"),
    ("model.early_stopping_rounds", -1, ">= 0"),
    ("model.class_weights", "balance", "did you mean model.class_weights=balanced?"),
    ("model.kind", "forest", "choose one of model=catboost"),
    (
        "window.kind",
        None,
        "write into the file that window= chose one of `kind: dates`, `kind: trailing`, `kind: walk_forward`.",
    ),
    ("target.breakout_multiplier", 1, "target.breakout_multiplier must be a number > 1, got 1"),
    ("target.breakout_multiplier", 1.0, "> 1"),
    ("target.min_ppg", 16, "must be below target.max_ppg 16"),
    ("target.min_prior_games", 0, ">= 1"),
    ("target.season_types", ["preseason"], "one of regular, cup_final, play_in, playoffs"),
    ("target.season_types", [], "empty list"),
    ("target.season_types", ["regular", "regular"], "regular twice"),
    ("window.train_start", "2025-02-30", "a date such as 2026-01-31, got '2025-02-30'"),
    ("window.train_start", 20251102, "a date such as"),
    ("window.train_start", None, "cannot be left empty"),
    ("window.train_start", "2026-01-11", "window.train_start 2026-01-11 is after window.train_end 2026-01-10"),
    ("window.eval_start", "2026-02-06", "is after window.eval_end"),
    ("window.eval_start", None, "window.eval_end is given and window.eval_start is null"),
    ("window.eval_end", None, "window.eval_start is given and window.eval_end is null"),
    ("window.train_end", "2026-01-11", "window.train_end 2026-01-11 must be before window.eval_start 2026-01-11"),
    ("validation.fraction", 1.0, "> 0 and < 1"),
    ("validation.days", 0, ">= 1"),
    ("calibration.kind", "isotone", "did you mean calibration.kind=isotonic?"),
    ("evaluation.target_precision", 1.2, "> 0 and <= 1"),
    ("evaluation.thresholds", [0.3, 1.0], "a list [a,b,...]"),
    ("evaluation.thresholds", [], "empty list"),
    ("evaluation.thresholds", 0.5, "a list [a,b,...]"),
    ("evaluation.confidence", 95, "< 1"),
    ("evaluation.seeds", 0, ">= 1"),
    ("name", "a/b", "it names a folder"),
    ("name", "", "it names a folder"),
    ("name", "..", "it names a folder"),
    ("name", 42, "quote it to make it text"),
    ("tags", "one", "a list [a,b,...]"),
    ("seed", -1, "seed must be an integer >= 0, got -1"),
    ("dry_run", "yes", "dry_run must be true or false"),
    ("optimized_metric", "logloss", "did you mean optimized_metric=log_loss?"),
    ("paths.outputs", "", "not empty"),
    ("features.names", "cv_ratio", "a list [a,b,...]"),
    ("model", "catboost", "model is a group of keys"),
    ("model", None, "model is a group of keys"),
    ("target.season_types", "regular", "did you mean target.season_types=[regular]?"),
    ("target.season_types", ["regulr"], "did you mean target.season_types=[regular]?"),
    ("tags", "research", "did you mean tags=[research]?"),
]
# Numbers with which a library would fail late, or compute for hours.
HUGE_VALUES = [
    ("seed", 2**63),
    ("model.learning_rate", 1e-12),
    ("model.learning_rate", 5),
    ("model.iterations", 1_000_000_000),
    ("model.early_stopping_rounds", 10_000_000),
    ("model.l2_leaf_reg", 1e30),
    ("model.thread_count", 100_000),
    ("evaluation.bootstrap_resamples", 1_000_000_000),
    ("evaluation.seeds", 100_000),
    ("target.max_ppg", 1e9),
]
LOGISTIC = {"kind": "logistic", "C": 1.0, "clip": 3.0, "max_iterations": 1000, "class_weights": "none"}


@pytest.mark.parametrize(("key", "value", "told"), WRONG_VALUES, ids=lambda x: str(x)[:40])
def test_a_wrong_value_is_refused_in_one_sentence(mapping: dict[str, Any], key: str, value: Any, told: str) -> None:
    sentence = refusal(spoil(mapping, key, value))
    assert told in sentence
    assert key.split(".", maxsplit=1)[0] in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(("key", "value"), HUGE_VALUES)
def test_an_absurd_number_is_refused_by_the_bounds_of_its_key(mapping: dict[str, Any], key: str, value: float) -> None:
    assert refusal(spoil(mapping, key, value)).startswith(f"{key} must be ")


@pytest.mark.parametrize(("key", "value"), [("C", 1e-30), ("C", 1e30), ("max_iterations", 1_000_000_000)])
def test_an_absurd_regression_is_refused(mapping: dict[str, Any], key: str, value: float) -> None:
    assert refusal(mapping | {"model": LOGISTIC | {key: value}}).startswith(f"model.{key} must be ")


UNKNOWN_KEYS = [
    ("sead", 2, "seed"),
    ("depth", 6, "model.depth"),
    ("learning-rate", 0.1, "model.learning_rate"),
    ("train_start", "2025-11-02", "window.train_start"),
    ("early_stopping", 5, "model.early_stopping_rounds"),
    ("modle", {"depth": 6}, "model.depth"),
    ("model.dept", 6, "model.depth"),
    ("model.seed", 6, "seed"),
    ("features.name", ["cv_ratio"], "features.names"),
    ("warehouse.knd", "sample", "warehouse.kind"),
]


@pytest.mark.parametrize(("key", "value", "meant"), UNKNOWN_KEYS, ids=lambda x: str(x)[:30])
def test_an_unknown_key_is_refused_with_what_was_meant(
    mapping: dict[str, Any], key: str, value: Any, meant: str
) -> None:
    sentence = refusal(spoil(mapping, key, value))
    if not meant.endswith(".kind"):
        assert sentence.endswith(f"did you mean {meant}?")


def test_a_key_of_another_kind_names_that_kind(mapping: dict[str, Any]) -> None:
    sentence = refusal(spoil(mapping, "window.train_days", 70))
    assert "window.train_days belongs to window=trailing or window=walk_forward" in sentence
    mapping["window"] = {"kind": "trailing", "train_days": 70, "eval_days": 26, "as_of": None}
    assert "window=january" in refusal(spoil(mapping, "window.train_end", "2026-01-10"))


@pytest.mark.parametrize("key", ["seed", "model", "model.depth", "window.eval_end", "config_version"])
def test_a_key_taken_away_is_missed(mapping: dict[str, Any], key: str) -> None:
    *path, last = key.split(".")
    group = mapping[path[0]] if path else mapping
    del group[last]
    assert f"{key} is missing" in refusal(mapping)


def test_a_required_value_is_named_with_an_example(mapping: dict[str, Any]) -> None:
    mapping["warehouse"] = {
        "kind": "duckdb",
        "player_game_summary": "???",
        "team_offense_game_summary": "???",
        "schedule": None,
        "season_type": None,
    }
    sentence = refusal(mapping)
    assert "warehouse.player_game_summary and warehouse.team_offense_game_summary are required" in sentence
    assert "warehouse.player_game_summary=games.parquet" in sentence


WALK_FORWARD = {
    "kind": "walk_forward",
    "train_start": "2023-10-01",
    "eval_start": "2024-10-22",
    "eval_end": "2026-02-05",
    "step": "month",
    "training": "expanding",
    "train_days": None,
    "folds": None,
    "fold_jobs": False,
}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"training": "rolling"}, "add window.train_days=120"),
        ({"train_days": 90}, "is for window.training=rolling"),
        ({"train_start": "2024-10-22"}, "must be before window.eval_start"),
        ({"eval_end": "2024-10-21"}, "is after window.eval_end"),
        ({"folds": 0}, "an integer >= 1 or null"),
        ({"step": "day"}, "one of month, week"),
    ],
)
def test_walk_forward_contradictions_are_refused(mapping: dict[str, Any], changes: dict[str, Any], told: str) -> None:
    mapping["window"] = WALK_FORWARD | changes
    assert told in refusal(mapping)


def test_walk_forward_rolls_with_a_length(mapping: dict[str, Any]) -> None:
    mapping["window"] = WALK_FORWARD | {"training": "rolling", "train_days": 90}
    window = settings.load(settings.ExperimentConfig, mapping).window
    assert isinstance(window, settings.WalkForwardWindowConfig)
    assert window.train_days == 90


def test_train_only_and_one_day_windows_are_allowed(mapping: dict[str, Any]) -> None:
    mapping["window"] |= {"eval_start": None, "eval_end": None}
    settings.load(settings.ExperimentConfig, mapping)
    day = {"train_start": "2026-01-10", "eval_start": "2026-01-11", "eval_end": "2026-01-11"}
    mapping["window"] |= day
    settings.load(settings.ExperimentConfig, mapping)


DUCKDB: dict[str, Any] = {
    "kind": "duckdb",
    "player_game_summary": "games.parquet",
    "team_offense_game_summary": "teams.parquet",
    "schedule": None,
    "season_type": None,
}


def test_settings_saved_before_the_maps_existed_rename_nothing(mapping: dict[str, Any]) -> None:
    loaded = settings.load(settings.ExperimentConfig, mapping | {"warehouse": DUCKDB})
    assert isinstance(loaded.warehouse, settings.DuckDBWarehouseConfig)
    assert (loaded.warehouse.team_codes, loaded.warehouse.season_types) == (None, None)


def test_maps_of_codes_and_season_types_are_read_from_the_command_line() -> None:
    config = compose(
        "train",
        [
            "warehouse=duckdb",
            "warehouse.player_game_summary=a",
            "warehouse.team_offense_game_summary=b",
            "warehouse.team_codes={BRK: BKN, NO: NOP}",
            "warehouse.season_types={Regular Season: regular, 3: playoffs, All Star: null}",
        ],
    )
    assert isinstance(config.warehouse, settings.DuckDBWarehouseConfig)
    assert config.warehouse.team_codes == {"BRK": "BKN", "NO": "NOP"}
    assert config.warehouse.season_types == {"Regular Season": "regular", 3: "playoffs", "All Star": None}
    assert hash(config.warehouse) is not None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("team_codes", ["BRK"]),
        ("team_codes", {"BRK": None}),
        ("team_codes", {"BRK": "B'N"}),
        ("team_codes", {"BRK": "B\nN"}),
        ("team_codes", {"": "BKN"}),
        ("team_codes", {"PHO": "PHX", "PHX": "PHO"}),
        ("season_types", {"Regular Season": "regulr"}),
        ("season_types", {"Regular`Season": "regular"}),
    ],
)
def test_a_map_that_cannot_be_applied_is_refused(mapping: dict[str, Any], key: str, value: Any) -> None:
    assert f"warehouse.{key}" in refusal(mapping | {"warehouse": DUCKDB | {key: value}})


def test_settings_saved_before_a_form_of_dates_could_be_declared_read_iso_dates(mapping: dict[str, Any]) -> None:
    loaded = settings.load(settings.ExperimentConfig, mapping | {"warehouse": DUCKDB})
    assert isinstance(loaded.warehouse, settings.DuckDBWarehouseConfig)
    assert (loaded.warehouse.date_format, loaded.warehouse.hive_partitioning) == (None, False)


@pytest.mark.parametrize("form", ["%m/%d/%Y", "%d.%m.%y", "%Y%m%d", "%-d %B %Y", "%Y-%j"])
def test_a_form_of_dates_is_read_from_the_command_line(form: str) -> None:
    files = ["warehouse.player_game_summary=a", "warehouse.team_offense_game_summary=b"]
    config = compose("train", ["warehouse=duckdb", *files, f"warehouse.date_format='{form}'"])
    assert isinstance(config.warehouse, settings.DuckDBWarehouseConfig)
    assert config.warehouse.date_format == form


@pytest.mark.parametrize(
    "form", ["", "mm/dd/yyyy", "%m/%d", "%Y-%m", "%Y-%d", "%Y-%m-%d %z", "%Q/%m/%d/%Y", "%Y-%m-%d%"]
)
def test_a_form_that_names_no_day_is_refused(mapping: dict[str, Any], form: str) -> None:
    assert "warehouse.date_format" in refusal(mapping | {"warehouse": DUCKDB | {"date_format": form}})


def test_settings_survive_a_file(default_experiment: settings.ExperimentConfig, tmp_path: Path) -> None:
    changed = dataclasses.replace(
        default_experiment, hypothesis="yes: ${no} & 'maybe' \u00fc\nline two", tags=("on", "1e5", "2026-01-01", "null")
    )
    file = tmp_path / "settings.yaml"
    file.write_text(settings.to_yaml(changed), encoding="utf-8")
    assert settings.load_file(file, settings.ExperimentConfig) == changed


@hypothesis_settings(deadline=None)
@given(
    seed=st.integers(0, 2**63 - 1),
    rate=st.floats(1e-5, 1),
    # ??? marks a required value that was not given, so no setting can have it as its value.
    hypothesis_text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])).filter("???".__ne__),
)
def test_any_value_survives_yaml(
    default_experiment: settings.ExperimentConfig,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    rate: float,
    hypothesis_text: str,
) -> None:
    model = dataclasses.replace(default_experiment.model, learning_rate=rate)  # type: ignore[arg-type]
    changed = dataclasses.replace(default_experiment, seed=seed, hypothesis=hypothesis_text, model=model)
    file = tmp_path_factory.mktemp("saved") / "settings.yaml"
    file.write_text(settings.to_yaml(changed), encoding="utf-8")
    assert settings.load_file(file, settings.ExperimentConfig) == changed


def test_a_saved_file_that_is_absent_or_damaged_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no settings at"):
        settings.load_file(tmp_path / "settings.yaml", settings.ExperimentConfig)
    damaged = tmp_path / "damaged.yaml"
    for content in ("a: [1", "", "just words", "- a\n- b", "\x00"):
        damaged.write_text(content, encoding="utf-8")
        with pytest.raises(DataError, match=r"damaged\.yaml"):
            settings.load_file(damaged, settings.ExperimentConfig)


def test_a_mistake_in_a_saved_file_names_the_file(
    default_experiment: settings.ExperimentConfig, tmp_path: Path
) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(settings.to_yaml(default_experiment).replace("depth: 5", "depth: 50"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"settings\.yaml: model\.depth must be"):
        settings.load_file(file, settings.ExperimentConfig)


@pytest.mark.parametrize(
    ("version", "told"),
    [(3, "newer than this program"), (0, "not known to this program"), ("1", "must be an integer"), (True, "integer")],
)
def test_an_unknown_config_version_is_refused(mapping: dict[str, Any], version: Any, told: str) -> None:
    assert told in refusal(mapping | {"config_version": version})


def test_an_older_config_version_is_migrated_by_its_function(
    mapping: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename_random_state_to_seed(old: dict[str, Any]) -> dict[str, Any]:
        return {("seed" if key == "random_state" else key): value for key, value in old.items()}

    monkeypatch.setitem(versions.MIGRATIONS, 0, rename_random_state_to_seed)
    old = {key: value for key, value in mapping.items() if key != "seed"} | {"random_state": 7, "config_version": 0}
    config = settings.load(settings.ExperimentConfig, old)
    assert (config.seed, config.config_version) == (7, settings.CONFIG_VERSION)


SAME_RESULT = [
    ("name", "other"),
    ("hypothesis", "another"),
    ("tags", ["a"]),
    ("paths.outputs", "/elsewhere"),
    ("dry_run", True),
    ("optimized_metric", "auc"),
    ("mode.description", "in other words"),
]
OTHER_RESULT = [
    ("seed", 43),
    ("model.thread_count", 2),
    ("model.depth", 6),
    ("target.breakout_multiplier", 1.6),
    ("window.eval_end", "2026-02-04"),
    ("features.names", ["cv_ratio"]),
    ("validation.fraction", 0.2),
    ("evaluation.bootstrap_resamples", 999),
]


@pytest.mark.parametrize(("key", "value"), SAME_RESULT)
def test_the_fingerprint_ignores_what_changes_no_number(mapping: dict[str, Any], key: str, value: Any) -> None:
    before = settings.fingerprint(settings.load(settings.ExperimentConfig, mapping))
    after = settings.fingerprint(settings.load(settings.ExperimentConfig, spoil(mapping, key, value)))
    assert after == before


@pytest.mark.parametrize(("key", "value"), OTHER_RESULT)
def test_the_fingerprint_sees_what_changes_a_number(mapping: dict[str, Any], key: str, value: Any) -> None:
    before = settings.fingerprint(settings.load(settings.ExperimentConfig, mapping))
    after = settings.fingerprint(settings.load(settings.ExperimentConfig, spoil(mapping, key, value)))
    assert after != before


def test_the_fingerprint_does_not_depend_on_how_a_number_is_written(mapping: dict[str, Any]) -> None:
    one = settings.load(settings.ExperimentConfig, spoil(mapping, "model.learning_rate", 1))
    same = settings.load(settings.ExperimentConfig, spoil(mapping, "model.learning_rate", 1.0))
    assert settings.fingerprint(one) == settings.fingerprint(same)


def test_every_known_key_finds_itself() -> None:
    for root in settings.ROOT_CLASSES.values():
        keys = known_keys(root)
        assert all(nearest_key(key, keys) == key for key in keys)
