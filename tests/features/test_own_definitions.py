"""Features that a user defines in a file: their values, the refusals, and that settings and bundles contain them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from breakout import settings
from breakout.bundle.folder import read_bundle
from breakout.cli import main
from breakout.dataset import build_dataset
from breakout.errors import ConfigurationError, DataError
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.contract import build_contract
from breakout.features.feature import Feature
from breakout.features.own import check_own
from breakout.features.registry import BREAKOUT_FEATURE_ORDER
from breakout.production.bundle_gate import check_contract
from breakout.settings.composition import compose
from breakout.settings.overrides import overrides_for
from tests.builders import History, raw_values
from tests.commands import call, train

EXAMPLE = Path(__file__).parents[2] / "examples" / "my_features.yaml"
OWN = ("assists_avg_last_5", "assists_per_minute_last_5")


def composed(file: Path, *overrides: str) -> settings.ExperimentConfig:
    config = compose("train", ["mode=experimental", f"features.definitions=[{file}]", *overrides])
    assert isinstance(config, settings.ExperimentConfig)
    return config


def write(folder: Path, *entries: dict[str, Any]) -> Path:
    file = folder / "mine.yaml"
    file.write_text(json.dumps(list(entries)), encoding="utf-8")  # JSON is YAML
    return file


def entry(expression: str = "SUM(points) OVER last_5", **changes: Any) -> dict[str, Any]:
    return {
        "name": "mine",
        "expression": expression,
        "default": 1,
        "unit": "points",
        "group": "scoring",
        "description": "Mine",
    } | changes


def test_the_example_has_the_values_counted_by_hand() -> None:
    history = History()
    for number, assists in enumerate((9, 1, 2, 3, None, 6, 40)):  # the first game and tonight's (40) do not count
        history.plays(number, points=10, minutes=20)["assists"] = assists
    warehouse = history.open(own_columns=["assists"])
    overrides = (f"features.names=[{','.join(OWN)}]", "target.min_prior_games=1", "target.max_ppg=100")
    features = BreakoutFeatureConfig.from_settings(composed(EXAMPLE, *overrides))
    rows = build_dataset(warehouse, features, date(2025, 11, 7), date(2025, 11, 7))
    (values,) = raw_values(rows).values()
    assert values == {OWN[0]: 3.0, OWN[1]: pytest.approx(5 * 3.0 / 100)}


def test_own_features_follow_those_of_the_preset_unless_some_are_named() -> None:
    assert composed(EXAMPLE).features.names == (*BREAKOUT_FEATURE_ORDER, *OWN)
    named = composed(EXAMPLE, f"features.names=[rest_days,{OWN[1]}]")
    assert named.features.names == ("rest_days", OWN[1])


def test_settings_hold_the_definitions_and_no_path(tmp_path: Path) -> None:
    config = composed(EXAMPLE)
    saved = settings.to_yaml(config)
    assert str(EXAMPLE) not in saved
    (tmp_path / "settings.yaml").write_text(saved, encoding="utf-8")
    assert settings.load_file(tmp_path / "settings.yaml", settings.ExperimentConfig) == config
    assert compose("train", overrides_for("train", config)) == config


def test_fingerprint_and_contract_change_with_a_definition_and_not_with_the_place_of_its_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    configs = [
        composed(write(first, entry())),
        composed(write(second, entry())),
        composed(write(second, entry("SUM(points) OVER last_10"))),
    ]
    prints = [settings.fingerprint(config) for config in configs]
    contracts = [build_contract(BreakoutFeatureConfig.from_settings(config)).fingerprint for config in configs]
    for same, again, other in (prints, contracts):
        assert same == again != other


def test_settings_without_definitions_keep_their_fingerprint(mapping: dict[str, Any]) -> None:
    before = settings.fingerprint(settings.load(settings.ExperimentConfig, mapping))
    del mapping["features"]["definitions"]
    assert settings.fingerprint(settings.load(settings.ExperimentConfig, mapping)) == before


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("SUM(points) OVER last_6", "last_5"),
        ("LEAD(points, 1) OVER player_season", "LEAD"),
        ("LAG(points, -1) OVER player_season", "0 or more"),
        ("NTILE(4) OVER player_season", "NTILE"),
        ("SUM(points) OVER (PARTITION BY player_lookup)", "window"),
        ("SUM(points) OVER (player_season ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)", "later games"),
        ("SUM(points) OVER (season_so_far ORDER BY day DESC)", "later games"),
        ("SUM(points) OVER (player_season PARTITION BY team_abbr)", "later games"),
        ("(SELECT COUNT(*) FROM player_games)", "SQL of one value"),
        ("1 + (SELECT COUNT(*) FROM player_games)", "more than windows"),
        ("SUM(points)", "season_so_far"),
        ("row.points", "row.points"),
        ("points_avg_las_5 + 1", "points_avg_last_5"),
        ("UNIX_DATE(CURRENT_DATE())", "call to call"),
        ("RAND()", "call to call"),
        ("LENGTH(GENERATE_UUID())", "call to call"),
        ("LENGTH(SESSION_USER())", "call to call"),
        ("UNIFORM(0, 1000)", "call to call"),
        ("SEQ4()", "call to call"),
        ("EXTRACT(DAY FROM CURRENT_DATE())", "call to call"),
        ("@end - row.day", "more than windows"),
        ("SUM(points", "not SQL"),
        ("DROP TABLE x", "not SQL"),
        ("mine + 1", "depends on itself"),
    ],
)
def test_an_expression_that_could_read_another_row_is_refused(expression: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match="mine") as refused:
        check_own((Feature(**entry(expression)),))
    assert named in str(refused.value)


@pytest.mark.parametrize("name", ["cv_ratio", "points", "game_date", "sum_points_over_last_5"])
def test_a_name_that_the_package_or_the_query_has_is_refused(name: str, tmp_path: Path) -> None:
    config = composed(write(tmp_path, entry(name=name)), f"features.names=[rest_days,{name}]")
    with pytest.raises(ConfigurationError, match=f"{name}.*choose another name"):
        BreakoutFeatureConfig.from_settings(config)


def test_a_name_that_is_defined_twice_is_refused(tmp_path: Path) -> None:
    config = composed(write(tmp_path, entry(), entry()), "features.names=[mine]")
    with pytest.raises(ConfigurationError, match="mine twice"):
        BreakoutFeatureConfig.from_settings(config)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"defualt": 1}, "did you mean default"),
        ({"group": "minuts"}, "minutes"),
        ({"default": "many"}, "number"),
        ({"name": "Mine"}, "lower-case"),
        ({"unit": ""}, "unit"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_file_and_place(changes: dict[str, Any], named: str, tmp_path: Path) -> None:
    file = write(tmp_path, entry() | changes)
    with pytest.raises(ConfigurationError, match=named) as refused:
        composed(file)
    assert f"{file}, feature 1" in str(refused.value)


@pytest.mark.parametrize("text", ["", "name: mine", "- just text", "- {name: mine", "- {name: mine}", "3"])
def test_a_file_that_holds_no_list_of_features_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml"):
        composed(file)


def test_a_missing_file_and_a_name_without_brackets_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        composed(Path("absent.yaml"))
    with pytest.raises(ConfigurationError, match="~nosuchuser"):
        composed(Path("~nosuchuser/mine.yaml"))
    with pytest.raises(ConfigurationError, match=r"\[mine.yaml\]"):
        compose("train", ["mode=experimental", "features.definitions=mine.yaml"])


def test_shared_mode_stays_locked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dry_run=true", f"features.definitions=[{EXAMPLE}]"]) == 2
    assert "mode=experimental" in capsys.readouterr().err


def test_an_unknown_column_of_the_source_is_answered_with_the_nearest(tmp_path: Path) -> None:
    features = BreakoutFeatureConfig.from_settings(composed(write(tmp_path, entry("SUM(assits) OVER last_5"))))
    history = History()
    history.plays(0, points=10)
    warehouse = history.open(own_columns=["assists"])
    with pytest.raises(DataError, match="lacks assits, which mine is built from; did you mean assists"):
        build_dataset(warehouse, features, date(2025, 11, 1), date(2025, 11, 7))


def test_the_list_of_features_holds_own_ones_and_what_an_expression_may_use() -> None:
    answer = call("features", "--json", "mode=experimental", f"features.definitions=[{EXAMPLE}]")
    listed = json.loads(answer.out)
    assert [part["name"] for part in listed["features"] if part["mode"] == "own"] == list(OWN)
    language = listed["expressions"]
    assert language["windows"]["last_5"] == "player_game_summary"
    assert "minutes_nano" in language["columns"]["player_game_summary"]
    assert "points" not in language["row_columns"]


def test_a_bundle_predicts_and_is_reproduced_without_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    run = train(tmp_path, "own", "mode=experimental", f"features.definitions=[{file}]", "model=logistic")
    file.unlink()
    bundle = read_bundle(run)
    assert bundle.contract.names[-2:] == OWN
    assert check_contract(bundle) == ()
    out = tmp_path / "slate.csv"
    answer = call("predict", f"bundle={run}", "date=2026-02-06", f"out={out}")
    assert answer.code == 0, answer.err
    assert "probability" in out.read_text(encoding="utf-8")
    again = call("reproduce", run)
    assert again.code == 0, again.err + again.out
