"""Values counted by hand: a feature, a claim, a small history and the value it must give."""

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
    """A table of cases, to which test modules add rows; `check_case` checks one row."""

    features: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, feature: str, claim: str, expected: Expected, build: Build) -> None:
        """Add a case. `build` takes the names of features and returns their values for the game of tonight."""
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
    """Return a builder of the features of tonight, after games with these points on every `every`-th day."""

    def build(names: Sequence[str]) -> Features:
        history = History()
        return history.tonight(history.season(*points, every=every), names=names, **tonight)

    return build
