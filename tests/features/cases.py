"""Cases of features that are counted by hand: a feature, a claim, a small history and the expected value.

"Tonight" is the game to be played after the games of the history.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pytest

from tests.builders import History

Features = dict[str, float | None]
Build = Callable[[Sequence[str]], Features]
Expected = Fraction | float | None


@dataclass
class Cases:
    """The cases of a test module, as parameters of a test that calls `check_case`."""

    features: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, feature: str, claim: str, expected: Expected, build: Build) -> None:
        """Add a case; `build` receives the names of features and returns their values for tonight's game."""
        self.features.append(feature)
        self.parameters.append(pytest.param(feature, build, expected, id=f"{feature} {claim}"))

    def case(self, feature: str, claim: str, expected: Expected) -> Callable[[Build], Build]:
        """Return a decorator that adds a case whose `build` is the decorated function."""

        def register(build: Build) -> Build:
            self.add(feature, claim, expected, build)
            return build

        return register


def check_case(feature: str, build: Build, expected: Expected) -> None:
    """Check that a feature is missing if `expected` is None, and otherwise equal to `expected` to 1e-12."""
    value = build([feature])[feature]
    if expected is None:
        assert value is None
    else:
        assert value == pytest.approx(float(expected), rel=1e-12, abs=1e-12)


def scores(*points: int, every: int = 2, **tonight: Any) -> Build:
    """Return a function that builds tonight's features, after one game with each of `points`, `every` days apart."""

    def build(names: Sequence[str]) -> Features:
        history = History()
        return history.tonight(history.season(*points, every=every), names=names, **tonight)

    return build
