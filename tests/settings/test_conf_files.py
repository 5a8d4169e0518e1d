"""Tests of the files of `conf/`: every option of every group, and every experiment, composes to valid settings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import chain, zip_longest

import pytest
import yaml

from breakout import settings
from breakout.conf_tree import conf_dir, group_names, group_options, groups_of, load_presets
from breakout.errors import ConfigurationError
from breakout.features.selection import select_features
from breakout.settings.composition import compose, compose_config, is_sweep, resolve
from breakout.settings.composition_errors import describe_missing_option
from breakout.settings.overrides import flatten
from breakout.settings.schema import dataclasses_of, kind_of, type_hints
from breakout.settings.unknown_keys import COMPOSING_GROUPS, describe_choice

# The overrides without which a command, or an option of a group, cannot be composed.
REQUIRED = {
    "dataset": ["start=2026-01-11", "end=2026-02-05", "out=games.parquet"],
    "evaluate": ["bundle=DIR"],
    "predict": ["bundle=DIR", "date=2026-02-06"],
    "compare": ["candidate=A", "production=B"],
    "promote": ["candidate=A"],
    "model=sklearn": ["model.build=examples/my_model.py:build_logistic"],
    "warehouse=duckdb": ["warehouse.player_game_summary=p", "warehouse.team_offense_game_summary=t"],
}


def every_choice() -> Iterator[tuple[str, list[str]]]:
    """Yield each command with options of its groups, so that each option of each group occurs.

    Options of different groups are chosen together, which takes fewer compositions. An option of an experiment, sweep
    or debug is chosen alone, because it sets keys of the other groups.
    """
    for command in settings.ROOT_CLASSES:
        choices = {group: [f"{group}={option}" for option in group_options(group)] for group in groups_of(command)}
        alone = [[choice] for group in COMPOSING_GROUPS for choice in choices.pop(group, [])]
        together = [list(filter(None, chosen)) for chosen in zip_longest(*choices.values())]
        yield from ((command, chosen) for chosen in [*together, *alone])


@cache
def train(*overrides: str) -> settings.ExperimentConfig:
    config = compose("train", overrides)
    assert isinstance(config, settings.ExperimentConfig)
    return config


@pytest.mark.parametrize(
    ("command", "choices"), list(every_choice()), ids=lambda part: part if isinstance(part, str) else " ".join(part)
)
def test_every_option_of_every_group_gives_valid_settings(command: str, choices: list[str]) -> None:
    needed = [override for name in (command, *choices) for override in REQUIRED.get(name, [])]
    composed = compose_config(command, [*choices, *needed])
    assert is_sweep(composed) == any(choice.startswith("sweep=") for choice in choices)
    assert {f"{group}={option}" for group, option in composed.hydra.runtime.choices.items()} >= set(choices)
    config = settings.load(settings.ROOT_CLASSES[command], resolve(composed, command))
    assert settings.load(type(config), settings.to_mapping(config)) == config


@pytest.mark.parametrize("option", group_options("features"))
def test_every_preset_names_registered_features_once(option: str) -> None:
    mode = "shared" if option == "production" else "experimental"
    assert select_features(mode, load_presets()[option])


def test_presets_grow_from_the_shared_features() -> None:
    names = load_presets()
    production = names["production"]
    assert len(production) == 10
    assert all(preset[:10] == production for preset in names.values())
    assert set(names["all"]) == set(names["enhanced"]) | set(names["context"])
    assert set(names["enhanced"]) & set(names["context"]) == set(production)


EXPERIMENTS = group_options("experiment")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_file_says_why_and_how_and_is_dated(name: str) -> None:
    package, why, how, *_ = (conf_dir() / "experiment" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert package == "# @package _global_"
    assert why.startswith("# Why: ")
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", why)
    assert how == f"# Run: breakout experiment={name}"


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_selects_features_its_mode_allows(name: str) -> None:
    config = train(f"experiment={name}")
    assert select_features(config.mode.name, config.features.names)
    assert config.name == name.rpartition("/")[2]
    assert config.hypothesis


def test_an_experiment_gives_way_to_the_command_line() -> None:
    config = train("experiment=research/cv_ratio", "model.depth=3", "window=january", "name=mine")
    assert isinstance(config.model, settings.CatBoostConfig)
    assert isinstance(config.window, settings.DateWindowConfig)
    assert (config.model.depth, config.model.iterations, config.name) == (3, 300, "mine")
    assert config.window.eval_start == date(2026, 1, 11)


def test_the_three_uses_of_the_production_system() -> None:
    february = (date(2025, 11, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 5))
    expected = {
        "production/prod_v2_feb": ("shared", february),
        "production/v1_retrain": ("shared", (date(2025, 11, 2), date(2026, 2, 5), None, None)),
        "research/cv_ratio": ("experimental", february),
    }
    for name, (mode, dates) in expected.items():
        config = train(f"experiment={name}")
        window = config.window
        assert isinstance(window, settings.DateWindowConfig)
        assert config.mode.name == mode
        assert (window.train_start, window.train_end, window.eval_start, window.eval_end) == dates
    research = train("experiment=research/cv_ratio")
    assert research.features.names == (
        "cv_ratio",
        "cold_streak_indicator",
        "pts_vs_season_zscore",
        "opponent_def_rating",
    )


def test_the_defaults_are_those_of_the_definition() -> None:
    config = train()
    assert config.target == settings.TargetConfig(8.0, 16.0, 1.5, 5, ("regular",))
    assert config.model == settings.CatBoostConfig("catboost", 5, 500, 0.05, 3.0, 30, 1, "none")
    assert (config.seed, config.validation.fraction, config.calibration.kind) == (42, 0.15, "none")
    assert (config.evaluation.target_precision, config.evaluation.min_flagged) == (0.60, 20)
    assert config.mode.name == "shared"
    assert isinstance(config.warehouse, settings.SampleWarehouseConfig)


def is_composed_at_its_root(group: str) -> bool:
    """Return whether the files of a group set keys of the root and of other groups, as those of `sweep` do."""
    files = (conf_dir() / group).rglob("*.yaml")
    return all(file.read_text(encoding="utf-8").startswith("# @package _global_\n") for file in files)


def test_no_key_has_two_defaults() -> None:
    """Check that a key has its default either in the root file or in the files of its group, not in both."""
    groups = {group for group in group_names() if not is_composed_at_its_root(group)}
    assert groups
    for command in settings.ROOT_CLASSES:
        root = yaml.safe_load((conf_dir() / f"{command}.yaml").read_text(encoding="utf-8"))
        # A root file may set keys of a group that no option of the group sets, such as features.definitions.
        for group in set(root) & groups & set(groups_of(command)):
            options = [conf_dir() / group / f"{option}.yaml" for option in group_options(group)]
            assert all(not set(root[group]) & set(yaml.safe_load(path.read_text("utf-8"))) for path in options)
        assert next(iter(root["defaults"])) == "_self_"


def test_every_yaml_file_is_reached_by_a_command() -> None:
    files = {path.relative_to(conf_dir()).as_posix() for path in conf_dir().rglob("*.yaml")}
    files = {file for file in files if not file.startswith("local/")}
    reached = {f"{command}.yaml" for command in settings.ROOT_CLASSES}
    reached |= {"hydra/default.yaml", "hydra/launcher/processes.yaml"}
    for group in set(chain.from_iterable(groups_of(command) for command in settings.ROOT_CLASSES)):
        reached |= {f"{group}/{option}.yaml" for option in group_options(group)}
    assert files == reached


def test_the_choice_that_messages_show_for_a_kind_is_an_option_with_that_kind() -> None:
    roots: list[type] = list(settings.ROOT_CLASSES.values())
    groups = [item for root in roots for item in type_hints(root).items()]
    kinds = {(group, kind_of(cls)) for group, hint in groups for cls in dataclasses_of(hint) if kind_of(cls)}
    assert {("window", "dates"), ("ledger", "folder"), ("model", "blend")} <= kinds
    for group, kind in kinds:
        shown, _, option = describe_choice(group, kind).split()[0].partition("=")
        content = yaml.safe_load((conf_dir() / group / f"{option}.yaml").read_text(encoding="utf-8"))
        assert (shown, content["kind"]) == (group, kind)


WRONG_WORDS = [
    ("model=catbost", "did you mean model=catboost? The options are base_rate, blend, catboost, logistic"),
    ("window=januray", "did you mean window=january?"),
    ("experiment=prod_v2_feb", "did you mean experiment=production/prod_v2_feb?"),
    ("experment=x", "did you mean experiment?"),
    ("modle=catboost", "did you mean model?"),
    ("sead=2", "did you mean seed?"),
    ("+sead=2", "did you mean seed?"),
    ("++sead=2", "did you mean seed?"),
    ("depth=6", "did you mean model.depth?"),
    ("+model.dept=6", "did you mean model.depth?"),
    ("+window.train_days=3", "belongs to window=trailing"),
    ("window.train_days=3", "belongs to window=trailing"),
    ("hydra.sweep.dri=x", "breakout --cfg hydra"),
    ("model.depth=4,6", "add -m to sweep"),
    ("model.depth=[4", "check its brackets"),
    (
        "warehouse.season_types={'Regular Season': regular, \"3\": playoffs}",
        "type 'warehouse.season_types={Regular Season: regular, 3: playoffs}'",
    ),
    ("model.depth", "a setting is written key=value"),
    ("+seed=3", "write seed=VALUE without the +"),
    ("~nothing", "the configuration has no such key"),
    ("~model", "model is missing"),
    ("model=null", "a group needs one of its options"),
    ("+experiment=research/cv_ratio", "without the +"),
    ("hypothesis=${nothing}", "Interpolation key 'nothing' not found"),
    ("warehouse=duckdb", "warehouse.player_game_summary=games.parquet"),
]


@pytest.mark.parametrize(("word", "told"), WRONG_WORDS)
def test_a_wrong_override_is_refused_in_one_message(word: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compose("train", [word])
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "words", [["window=trailing", "window.train_start=2025-11-01"], ["model=logistic", "model.depth=6"]]
)
def test_keys_and_group_must_belong_together(words: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="belongs to"):
        compose("train", words)


@pytest.mark.parametrize(
    ("command", "word"), [("predict", "tracking=mlflow"), ("evaluate", "model.depth=6"), ("audit", "window=january")]
)
def test_a_command_refuses_what_it_would_not_read(command: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=f"of `breakout {command}`"):
        compose(command, [word])


def test_the_answer_to_a_sweep_that_cannot_be_composed_names_the_command() -> None:
    with pytest.raises(ConfigurationError, match=r"`breakout predict date=today hydra\.mode=MULTIRUN`"):
        compose("predict", ["date=today", "hydra.mode=MULTIRUN"])


@pytest.mark.parametrize("missing", ["hydra/launcher/joblib", "hydra/launcher/submitit_slurm", "hydra/sweeper/optuna"])
def test_a_launcher_of_an_extra_that_is_not_installed_is_answered_with_the_command_that_installs_it(
    missing: str,
) -> None:
    extra = missing.rpartition("/")[2].partition("_")[0]
    assert f"make extras EXTRAS={extra}" in describe_missing_option(missing, [])
    assert "make extras" not in describe_missing_option("hydra/launcher/proceses", ["processes"])


@pytest.mark.parametrize(
    ("command", "override"),
    [("train", "hypothesis=Ten features, points."), ("promote", "promote.reason=new week, more games")],
)
def test_a_text_with_a_comma_is_answered_with_what_to_type(command: str, override: str) -> None:
    required = REQUIRED.get(command, [])
    with pytest.raises(ConfigurationError) as refused:
        compose(command, [*required, override])
    (typed,) = (word for word in shlex.split(str(refused.value)) if word.startswith(override.partition("=")[0] + "='"))
    key, _, text = override.partition("=")
    assert flatten(settings.to_mapping(compose(command, [*required, typed])))[key] == text


@pytest.mark.parametrize(
    ("override", "remedy"),
    [
        ("features.names=cv_ratio,rest_days", r"write features\.names=\[cv_ratio,rest_days\]"),
        ("model.depth=4,6", "takes one"),
        ("model=catboost,logistic", "takes one"),
    ],
)
def test_several_values_are_a_list_only_for_a_setting_that_takes_one(override: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match=remedy):
        train(override)
