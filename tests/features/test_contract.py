"""The contract: the changes of definitions that change it, and the description of the difference."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from breakout.errors import ConfigurationError
from breakout.features import query, sources
from breakout.features import windows as w
from breakout.features.contract import Contract, build_contract, canonical, diff_contracts
from breakout.features.feature import Feature
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY, build_registry
from breakout.programs import features as features_program
from breakout.warehouse import tables
from tests.builders import ALL_FEATURES, features_config


def contract_of(names: tuple[str, ...] = ALL_FEATURES, registry: Mapping[str, Feature] = REGISTRY) -> Contract:
    return build_contract(features_config(names), registry)


def with_entry(name: str, **changes: Any) -> Mapping[str, Feature]:
    return {**REGISTRY, name: replace(REGISTRY[name], **changes)}


def changed_features(lines: list[str]) -> set[str]:
    """Return the names of the features in these descriptions of differences."""
    return {line.removeprefix("feature ").partition(":")[0] for line in lines if line.startswith("feature ")}


KEYWORD = r"\b[A-Z_]{2,}\b"
SHARED = contract_of(BREAKOUT_FEATURE_ORDER)
EVERY = contract_of()


def test_a_contract_is_the_same_every_time_and_survives_json() -> None:
    again = Contract.from_dict(json.loads(json.dumps(EVERY.to_dict())))
    assert contract_of().fingerprint == EVERY.fingerprint
    assert (again, again.fingerprint, diff_contracts(again, EVERY)) == (EVERY, EVERY.fingerprint, [])


def test_whitespace_and_comments_change_no_contract() -> None:
    relaid = {
        name: replace(entry, expression=f"/* why */ {' '.join(entry.expression.split())}  -- and a remark\n")
        for name, entry in REGISTRY.items()
    }
    assert contract_of(registry=relaid).fingerprint == EVERY.fingerprint
    assert canonical("SUM( points )\n OVER  last_5 -- why") == canonical("SUM(points) OVER last_5")


def test_the_letter_case_of_keywords_and_functions_changes_no_contract() -> None:
    relaid = {
        name: replace(entry, expression=re.sub(KEYWORD, lambda word: word[0].lower(), entry.expression))
        for name, entry in REGISTRY.items()
    }
    assert contract_of(registry=relaid).fingerprint == EVERY.fingerprint


def test_words_that_are_not_the_definition_change_no_contract() -> None:
    other = with_entry("cv_ratio", description="Another text", unit="another unit", group="scoring")
    assert contract_of(registry=other).fingerprint == EVERY.fingerprint


def test_adding_an_entry_that_is_not_used_changes_no_contract() -> None:
    more = {**REGISTRY, "mine": replace(REGISTRY["cv_ratio"], name="mine")}
    assert contract_of(BREAKOUT_FEATURE_ORDER, more).fingerprint == SHARED.fingerprint


def test_a_changed_default_is_named() -> None:
    changed = contract_of(BREAKOUT_FEATURE_ORDER, with_entry("home_away", default=0.0))
    assert changed.fingerprint != SHARED.fingerprint
    assert diff_contracts(SHARED, changed) == ["feature home_away: default was 0.5, is 0.0"]


def test_a_changed_definition_is_named_with_all_that_is_built_from_it() -> None:
    registry = with_entry("points_avg_last_5", expression="SUM(points) OVER last_10 / 10")
    lines = diff_contracts(EVERY, contract_of(registry=registry))
    assert changed_features(lines) >= {"points_avg_last_5", "pts_vs_season_zscore", "cold_streak_indicator"}
    assert not changed_features(lines) & {"home_away", "points_avg_last_10", "cv_ratio", "team_pace"}
    assert any("definition of points_avg_last_5 was" in line for line in lines)


def test_a_default_that_another_feature_is_filled_with_changes_that_one_too() -> None:
    lines = diff_contracts(EVERY, contract_of(registry=with_entry("usage_rate_trend", default=1.0)))
    assert changed_features(lines) == {"usage_rate_trend", "breakout_risk_score"}


def test_a_changed_window_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    player = w.RELATIONS[0]
    monkeypatch.setitem(player.windows, "last_5", w.last(6))
    lines = diff_contracts(EVERY, contract_of())
    assert changed_features(lines) >= {"points_avg_last_5", "fg_attempts_avg_last_5", "pts_vs_season_zscore"}
    assert not changed_features(lines) & {"points_avg_last_10", "home_away", "minutes_last_game"}
    assert any("window last_5 was" in line and "5 PRECEDING" in line for line in lines)


@pytest.mark.parametrize(
    ("name", "was", "becomes"),
    [("ROLE_PLAYER", "1e-9", "1e-6"), ("IS_BREAKOUT", ">=", ">")],
)
def test_a_changed_population_or_label_changes_every_feature(
    name: str, was: str, becomes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query, name, getattr(query, name).replace(was, becomes))
    lines = diff_contracts(SHARED, contract_of(BREAKOUT_FEATURE_ORDER))
    assert changed_features(lines) == set(BREAKOUT_FEATURE_ORDER)
    assert all("rows, joins or as-of rule" in line for line in lines)


def test_a_season_average_that_holds_the_current_game_changes_every_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(w.ROW_WINDOWS, "before", w.ROW_WINDOWS["before"].replace("1 PRECEDING", "CURRENT ROW"))
    lines = diff_contracts(SHARED, contract_of(BREAKOUT_FEATURE_ORDER))
    assert changed_features(lines) == set(BREAKOUT_FEATURE_ORDER)
    assert all("window before was" in line for line in lines)


def test_a_changed_reading_of_a_source_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sources._TEAM_COLUMNS, "minutes_total", "CAST(minutes_total AS FLOAT64)")
    lines = diff_contracts(EVERY, contract_of())
    assert changed_features(lines) == {"team_pace", "opponent_pace"}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("breakout_multiplier", 1.3),
        ("min_ppg", 7.0),
        ("max_ppg", 18.0),
        ("min_prior_games", 6),
        ("season_types", ("regular", "playoffs")),
    ],
)
def test_another_label_or_population_is_named(setting: str, value: Any) -> None:
    other = build_contract(features_config(BREAKOUT_FEATURE_ORDER, **{setting: value}))
    assert other.fingerprint != SHARED.fingerprint
    (line,) = diff_contracts(SHARED, other)
    assert line.startswith(f"label: {setting} was ")


def test_the_order_of_season_types_is_no_difference() -> None:
    one, other = (
        build_contract(features_config(season_types=types)) for types in (("regular", "cup"), ("cup", "regular"))
    )
    assert one.fingerprint == other.fingerprint


def test_another_order_is_named() -> None:
    swapped = ("points_std_last_10", "pts_vs_season_zscore", *BREAKOUT_FEATURE_ORDER[2:])
    (line,) = diff_contracts(SHARED, contract_of(swapped))
    assert line.startswith("order: pts_vs_season_zscore, points_std_last_10 stand in another place")


def test_features_that_came_and_went_are_named() -> None:
    lines = diff_contracts(SHARED, contract_of((*BREAKOUT_FEATURE_ORDER[1:], "cv_ratio")))
    assert lines == [
        "feature pts_vs_season_zscore: not among the installed features",
        "feature cv_ratio: not among the saved features",
    ]


def test_a_changed_source_type_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = tables.PLAYER_GAME_SUMMARY
    columns = tuple(
        replace(column, type="FLOAT64") if column.name == "points" else column for column in original.columns
    )
    changed = (replace(original, columns=columns), tables.TEAM_OFFENSE_GAME_SUMMARY)
    monkeypatch.setattr(tables, "HISTORY_TABLES", changed)
    (line,) = diff_contracts(SHARED, contract_of(BREAKOUT_FEATURE_ORDER))
    assert line == "source schema: player_game_summary.points was INT64, is FLOAT64"


def test_promotion_moves_an_entry_and_names_it_in_the_order() -> None:
    """The entries of the ten shared features do not change, and the promoted feature keeps its entry."""
    entry = REGISTRY["cv_ratio"]
    shared = (*(REGISTRY[name] for name in BREAKOUT_FEATURE_ORDER), entry)
    experimental = tuple(other for name, other in REGISTRY.items() if name not in {e.name for e in shared})
    promoted = contract_of((*BREAKOUT_FEATURE_ORDER, "cv_ratio"), build_registry(shared, experimental))
    assert promoted.fingerprint != SHARED.fingerprint
    assert diff_contracts(SHARED, promoted) == ["feature cv_ratio: not among the saved features"]
    assert {name: promoted.features[name] for name in BREAKOUT_FEATURE_ORDER} == SHARED.features
    assert promoted.features["cv_ratio"] == EVERY.features["cv_ratio"]
    experiment = contract_of((*BREAKOUT_FEATURE_ORDER, "cv_ratio"))
    assert promoted.fingerprint == experiment.fingerprint


def test_the_contract_of_any_features_and_target_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["mode=experimental", "features.names=[cv_ratio,rest_days]", "target.min_ppg=9"]
    assert features_program.main(["--contract", *words]) == 0
    printed = json.loads(capsys.readouterr().out)
    expected = build_contract(features_config(("cv_ratio", "rest_days"), min_ppg=9.0))
    assert (printed.pop("fingerprint"), printed) == (expected.fingerprint, expected.to_dict())


def test_a_list_of_features_for_settings_that_the_mode_forbids_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="mode=experimental"):
        features_program.main(["features=context"])
