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
    """A growing table of cases, each checked by `check_case`."""

    features: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, feature: str, claim: str, expected: Expected, build: Build) -> None:
        """`build` gets the names of the features to compute and gives tonight's."""
        self.features.append(feature)
        self.parameters.append(pytest.param(feature, build, expected, id=f"{feature} {claim}"))

    def case(self, feature: str, claim: str, expected: Expected) -> Callable[[Build], Build]:
        """The same as a decorator, for a history that needs more than a line."""

        def register(build: Build) -> Build:
            self.add(feature, claim, expected, build)
            return build

        return register


def check_case(feature: str, build: Build, expected: Expected) -> None:
    """Exactly missing where it must be missing; else equal up to the last digits of a float."""
    value = build([feature])[feature]
    if expected is None:
        assert value is None
    else:
        assert value == pytest.approx(float(expected), rel=1e-12, abs=1e-12)


def scores(*points: int, every: int = 2, **tonight: Any) -> Build:
    """Games with these points every so many days, and then tonight."""

    def build(names: Sequence[str]) -> Features:
        history = History()
        return history.tonight(history.season(*points, every=every), names=names, **tonight)

    return build
