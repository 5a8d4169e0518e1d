"""Calibration corrects distorted probabilities of games on which it was not fitted, and never reverses a ranking."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from breakout.artifacts import as_typed
from breakout.calibration import Calibrator, Kind, calibrate, cross_calibrate
from breakout.errors import DataError
from breakout.evaluation.metrics import area_under_roc, log_loss
from breakout.models.base import logit


def distorted(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities that are far too high, as from balanced class weights, and labels.

    The labels have a breakout rate of about 0.18.
    """
    generator = np.random.default_rng(seed)
    odds = generator.normal(-1.6, 0.6, size=n)
    y = (generator.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    return 1 / (1 + np.exp(-(odds + 1.5))), y


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_calibration_lowers_the_log_loss_of_distorted_probabilities(kind: Kind) -> None:
    calibrator = calibrate(kind, *distorted(1500, 1)).calibrator
    probability, y = distorted(1500, 2)
    before, after = log_loss(y, probability), log_loss(y, calibrator.apply(probability))
    assert before is not None
    assert after is not None
    assert after < before - 0.1


def test_a_sigmoid_finds_the_shift_that_distorted_the_odds() -> None:
    calibrator = calibrate("sigmoid", *distorted(200_000, 3)).calibrator
    assert calibrator.slope == pytest.approx(1.0, abs=0.03)
    assert calibrator.intercept == pytest.approx(-1.5, abs=0.03)


def test_a_sigmoid_leaves_the_ranking_as_it_is() -> None:
    probability, y = distorted(500, 4)
    calibrated = calibrate("sigmoid", probability, y).calibrator.apply(probability)
    assert area_under_roc(y, calibrated) == area_under_roc(y, probability)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_an_isotonic_map_never_turns_two_games_around(values: list[float]) -> None:
    calibrated = calibrate("isotonic", *distorted(300, 5)).calibrator.apply(np.sort(np.array(values)))
    assert (np.diff(calibrated) >= 0).all()
    assert ((calibrated > 0) & (calibrated < 1)).all(), "a certain prediction that fails costs without limit"


def test_one_class_alone_teaches_nothing() -> None:
    assert calibrate("sigmoid", np.array([0.1, 0.9]), np.array([1, 1])).calibrator.kind == "none"


@pytest.mark.parametrize("kind", ["none", "sigmoid", "isotonic"])
def test_a_saved_map_is_the_same_map(kind: Kind) -> None:
    probability, y = distorted(300, 6)
    calibrator = calibrate(kind, probability, y).calibrator
    assert msgspec.convert(msgspec.to_builtins(calibrator), Calibrator) == calibrator


def test_log_odds_of_certainty_stay_finite() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()


def reversed_scores(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities that are lower for breakouts than for other games, as occurs by chance on few games."""
    probability, y = distorted(n, seed)
    return 1 - probability, y


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
def test_a_map_that_would_reverse_or_flatten_the_ranking_is_replaced_by_none(kind: Kind) -> None:
    y = np.tile([1, 1, 0, 0], 40)
    falling = np.tile([0.1, 0.2, 0.3, 0.4], 40)
    calibration = calibrate(kind, falling, y)
    assert calibration.calibrator == Calibrator("none")
    assert calibration.requested == kind
    assert f"calibration={kind}" in calibration.warnings[0]


def test_a_sigmoid_with_a_negative_slope_is_replaced_by_none() -> None:
    calibration = calibrate("sigmoid", *reversed_scores(151, 7))
    assert calibration.calibrator.kind == "none"
    assert "-" in calibration.warnings[0], "the slope is named"


@pytest.mark.parametrize("kind", ["sigmoid", "isotonic"])
@pytest.mark.parametrize(
    ("probability", "y"),
    [
        ([0.2, 0.3, 0.4, 0.5], [0, 0, 0, 0]),
        ([0.2, 0.2, 0.2, 0.2], [0, 1, 0, 1]),
    ],
    ids=["one class", "constant probabilities"],
)
def test_rows_that_teach_no_map_leave_probabilities_alone_with_a_warning(
    kind: Kind, probability: list[float], y: list[int]
) -> None:
    calibration = calibrate(kind, np.array(probability), np.array(y))
    assert calibration.calibrator.kind == "none"
    assert len(calibration.warnings) == 1


@pytest.mark.parametrize("y", [[0, 0, 1, 1], [0, 1, 1, 1]])
def test_a_sigmoid_of_perfectly_separated_games_is_replaced_by_none(y: list[int]) -> None:
    calibration = calibrate("sigmoid", np.array([0.2, 0.3, 0.3, 0.5]), np.array(y))
    assert calibration.calibrator.kind == "none", "its slope has no finite best value"
    assert calibration.warnings


@pytest.mark.parametrize(("rows", "warns"), [(999, True), (1000, False)])
def test_an_isotonic_map_of_few_games_warns(rows: int, warns: bool) -> None:
    calibration = calibrate("isotonic", *distorted(rows, 8))
    assert calibration.calibrator.kind == "isotonic"
    assert bool(calibration.warnings) == warns
    assert not calibrate("sigmoid", *distorted(rows, 8)).warnings


def test_cross_calibration_never_applies_a_map_to_rows_that_it_was_fitted_on() -> None:
    """Flip all labels of one block, which must not change its own calibrated probabilities."""
    probability, y = distorted(600, 9)
    dates = np.repeat(np.arange("2026-01-01", "2026-01-11", dtype="datetime64[D]"), 60)
    before = cross_calibrate("isotonic", probability, y, dates)
    assert before is not None
    calibrated, blocks = before
    assert blocks == 5
    first = dates < np.datetime64("2026-01-03")
    after = cross_calibrate("isotonic", probability, np.where(first, 1 - y, y), dates)
    assert after is not None
    assert np.array_equal(after[0][first], calibrated[first])
    assert not np.array_equal(after[0][~first], calibrated[~first])


def test_an_overfitted_isotonic_map_looks_worse_on_rows_that_it_was_not_fitted_on() -> None:
    probability, y = distorted(200, 10)
    dates = np.repeat(np.arange("2026-01-01", "2026-01-11", dtype="datetime64[D]"), 20)
    fitted_on = log_loss(y, calibrate("isotonic", probability, y).calibrator.apply(probability))
    crossed = cross_calibrate("isotonic", probability, y, dates)
    assert crossed is not None
    held_out = log_loss(y, crossed[0])
    assert fitted_on is not None
    assert held_out is not None
    assert held_out > fitted_on + 0.01


def test_one_date_has_no_rows_left_to_fit_another_map_on() -> None:
    probability, y = distorted(50, 11)
    assert cross_calibrate("sigmoid", probability, y, np.full(50, np.datetime64("2026-01-01"))) is None


def load_map(record: dict[str, object]) -> None:
    as_typed(record, Calibrator, Path("manifest.json")).check_increasing()


@pytest.mark.parametrize(
    "damage",
    [{"slope": -0.5}, {"slope": 0.0}, {"slope": float("nan")}, {"kind": "spline"}, {"x": 1}, {"slope": "1"}],
)
def test_a_saved_map_that_is_not_increasing_or_damaged_is_refused(damage: dict[str, object]) -> None:
    record = {**msgspec.to_builtins(Calibrator("sigmoid", slope=1.2, intercept=0.1)), **damage}
    with pytest.raises(DataError):
        load_map(record)


@pytest.mark.parametrize("y", [(0.5, 0.2), (0.3, 0.3), (0.3,)])
def test_a_saved_isotonic_map_that_falls_or_is_flat_is_refused(y: tuple[float, ...]) -> None:
    with pytest.raises(DataError):
        load_map(msgspec.to_builtins(Calibrator("isotonic", x=(0.1, 0.2), y=y)))


@given(
    st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=2, max_size=30),
    st.sampled_from(["sigmoid", "isotonic"]),
)
def test_no_calibration_ever_reverses_two_games(games: list[tuple[float, bool]], kind: Kind) -> None:
    probability, y = np.array([game[0] for game in games]), np.array([int(game[1]) for game in games])
    calibrated = calibrate(kind, probability, y).calibrator.apply(np.sort(probability))
    assert (np.diff(calibrated) >= 0).all()
