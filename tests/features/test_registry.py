"""The entries of the registry, and the check that each has a case that is counted by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from breakout.features.availability import AVAILABILITY_FEATURES
from breakout.features.experimental import EXPERIMENTAL_FEATURES
from breakout.features.feature import Feature
from breakout.features.form import FORM_FEATURES
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, FEATURE_DEFAULTS, REGISTRY, build_registry
from breakout.features.shared import SHARED_FEATURES
from tests.features import (
    test_availability_features,
    test_composite_features,
    test_form_features,
    test_player_features,
    test_team_features,
)
from tests.reference import DEFAULTS


def test_every_feature_is_counted_by_hand() -> None:
    modules = (
        test_player_features,
        test_team_features,
        test_composite_features,
        test_form_features,
        test_availability_features,
    )
    assert {name for module in modules for name in module.CASES.features} == set(DEFAULTS)


def test_names_defaults_and_the_shared_order_are_those_of_the_definition() -> None:
    """The registry may contain further features, which the oracle does not define."""
    assert {name: FEATURE_DEFAULTS[name] for name in DEFAULTS} == DEFAULTS
    assert list(BREAKOUT_FEATURE_ORDER) == list(DEFAULTS)[:10]
    assert tuple(feature.name for feature in SHARED_FEATURES) == BREAKOUT_FEATURE_ORDER
    experimental = [feature.name for feature in (*EXPERIMENTAL_FEATURES, *FORM_FEATURES, *AVAILABILITY_FEATURES)]
    assert [name for name in experimental if name in DEFAULTS] == list(DEFAULTS)[10:]


@pytest.mark.parametrize("name", REGISTRY)
def test_an_entry_says_what_it_is_and_in_which_unit(name: str) -> None:
    feature = REGISTRY[name]
    assert feature.unit
    assert len(feature.description) > 10
    assert not feature.description.endswith(".")


def test_a_value_is_described_by_the_phrase_of_its_feature_or_by_name_and_digits() -> None:
    assert REGISTRY["team_points_out"].describe_value(21.4) == "21 points of team-mates out"
    assert REGISTRY["is_probable"].describe_value(1) == "listed as probable"
    assert REGISTRY["is_probable"].describe_value(0) == "not listed as probable"
    assert REGISTRY["cv_ratio"].describe_value(0.41237) == "cv_ratio 0.4124"


@pytest.mark.parametrize("feature", AVAILABILITY_FEATURES, ids=lambda feature: feature.name)
def test_a_feature_of_availability_names_different_values_differently(feature: Feature) -> None:
    assert feature.describe_value(0) != feature.describe_value(1)


def test_the_registry_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        REGISTRY["cv_ratio"] = REGISTRY["home_away"]  # type: ignore[index]
    with pytest.raises(TypeError):
        FEATURE_DEFAULTS["cv_ratio"] = 0.0  # type: ignore[index]


def test_a_name_that_stands_twice_is_refused() -> None:
    again = replace(REGISTRY["cv_ratio"], name="home_away")
    with pytest.raises(ValueError, match="home_away is registered twice"):
        build_registry(SHARED_FEATURES, (again,))
