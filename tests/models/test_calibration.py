"""Calibration mends distorted probabilities, on games it was not fitted on, and never more than it may."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakout.calibration import Calibrator, Kind, fit_calibrator, logit
from breakout.evaluation.metrics import area_under_roc, log_loss


def distorted(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True chances around 0.18, told as a model with balanced classes tells them: far too high."""
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1.6, 0.6, size=n)
    y = (generator.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    return 1 / (1 + np.exp(-(odds + 1.5))), y


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_calibration_lowers_the_log_loss_of_distorted_probabilities(kind: Kind) -> None:
    calibrator = fit_calibrator(kind, *distorted(1500, 1))
    probability, y = distorted(1500, 2)
    before, after = log_loss(y, probability), log_loss(y, calibrator.apply(probability))
    assert before is not None
    assert after is not None
    assert after < before - 0.1


def test_a_sigmoid_finds_the_shift_that_distorted_the_odds() -> None:
    calibrator = fit_calibrator("sigmoid", *distorted(200_000, 3))
    assert calibrator.slope == pytest.approx(1.0, abs=0.03)
    assert calibrator.intercept == pytest.approx(-1.5, abs=0.03)


def test_a_sigmoid_leaves_the_ranking_as_it_is() -> None:
    probability, y = distorted(500, 4)
    mended = fit_calibrator("sigmoid", probability, y).apply(probability)
    assert area_under_roc(y, mended) == area_under_roc(y, probability)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_an_isotonic_map_never_turns_two_games_around(values: list[float]) -> None:
    mended = fit_calibrator("isotonic", *distorted(300, 5)).apply(np.sort(np.array(values)))
    assert (np.diff(mended) >= 0).all()
    assert ((mended > 0) & (mended < 1)).all(), "a certain prediction that fails costs without limit"


def test_one_class_alone_teaches_nothing() -> None:
    assert fit_calibrator("sigmoid", np.array([0.1, 0.9]), np.array([1, 1])).kind == "none"


@pytest.mark.parametrize("kind", ["none", "sigmoid", "isotonic"])
def test_a_saved_map_is_the_same_map(kind: Kind) -> None:
    probability, y = distorted(300, 6)
    calibrator = fit_calibrator(kind, probability, y)
    assert Calibrator.from_dict(calibrator.to_dict()) == calibrator


def test_log_odds_of_certainty_stay_finite() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
