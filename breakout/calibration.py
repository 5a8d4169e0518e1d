"""The calibration of probabilities: an increasing map from predicted to calibrated probabilities.

The map is fitted on the validation part (the latest training rows).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from breakout.errors import DataError
from breakout.models.base import logit
from breakout.threads import one_blas_thread

Kind = Literal["none", "sigmoid", "isotonic"]

HELD_OUT_BLOCKS = 5
# An isotonic map that is fitted on fewer rows overfits (Niculescu-Mizil and Caruana 2005, figure 7).
ISOTONIC_ROWS = 1000


@dataclass(frozen=True)
class Calibrator:
    """An increasing map from predicted probabilities to calibrated probabilities.

    The map has one of three kinds:

    - `none`: changes nothing.
    - `sigmoid`: Platt's p -> 1/(1+exp(-(slope * logit p + intercept))).
    - `isotonic`: interpolates linearly between the points (`x`, `y`) and is constant beyond them.
    """

    kind: Kind
    slope: float = 1.0
    intercept: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def apply(self, probability: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities, in the shape of `probability`."""
        if self.kind == "sigmoid":
            return np.asarray(1 / (1 + np.exp(-(self.slope * logit(probability) + self.intercept))))
        if self.kind == "isotonic":
            return np.asarray(np.interp(probability, self.x, self.y))
        return probability

    @property
    def is_increasing(self) -> bool:
        """Whether the map keeps the order of probabilities and is not constant."""
        if self.kind == "sigmoid":
            return bool(np.isfinite([self.slope, self.intercept]).all() and self.slope > 0)
        if self.kind == "isotonic":
            x, y = np.array(self.x), np.array(self.y)
            is_finite = bool(len(x) == len(y) and len(x) and np.isfinite(x).all() and np.isfinite(y).all())
            return is_finite and bool((np.diff(x) > 0).all() and (np.diff(y) >= 0).all() and y[-1] > y[0])
        return True

    def check_increasing(self) -> None:
        """Raise DataError if the map would reverse the order of probabilities or make all of them equal."""
        if not self.is_increasing:
            raise DataError(
                f"the {self.kind} calibration of this bundle is not increasing, so it would reverse or flatten "
                "the model's ranking; train the model again (this version then leaves the probabilities as they are)."
            )


@dataclass(frozen=True)
class Calibration:
    """A fitted map from probabilities to calibrated probabilities, and its warnings.

    If no increasing map of the kind `requested` can be fitted, `calibrator.kind` is `none` and `warnings` has the
    reason.
    """

    calibrator: Calibrator
    requested: Kind
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class HeldOutCalibration:
    """The mean log loss of the validation rows before and after a calibration that was fitted on other dates.

    - `rows`: the number of validation rows (the latest training rows).
    - `blocks`: the number of blocks of consecutive dates. The calibration of a block is fitted on all other blocks.
    - `log_loss_before`, `log_loss_after`: the means in nats; None if there are no rows.
    """

    rows: int
    blocks: int
    log_loss_before: float | None
    log_loss_after: float | None


@dataclass(frozen=True)
class CalibrationFit:
    """The facts about a fitted calibration, without its map, for metrics.json and the manifest of a bundle.

    - `requested`: the kind of calibration that was asked for.
    - `is_forced_by_class_weights`: true if the settings configure class weights but no calibration. Class weights
      distort probabilities, so `requested` is then `sigmoid`.
    - `held_out`: the log loss before and after calibration. None if no map was fitted, or if all validation rows have
      the same date.
    """

    requested: Kind
    is_forced_by_class_weights: bool
    warnings: tuple[str, ...]
    held_out: HeldOutCalibration | None


def calibrate(kind: Kind, probability: np.ndarray, y: np.ndarray) -> Calibration:
    """Fit a map of the kind `kind` on the probabilities and labels of validation rows, both of shape (n,).

    If no increasing map can be fitted, the map in the result changes nothing and the result has a warning. The result
    also has a warning if an isotonic map was fitted on fewer than 1,000 rows.
    """
    if kind == "none":
        return Calibration(Calibrator("none"), kind, ())
    refusal = _find_refusal(kind, probability, y)
    if refusal is None:
        fit = _fit_isotonic if kind == "isotonic" else _fit_sigmoid
        calibrator, refusal = fit(probability, y)
    if refusal is not None:
        warning = f"calibration={kind} was replaced by none: {refusal}; probabilities are the model's own."
        return Calibration(Calibrator("none"), kind, (warning,))
    if kind == "isotonic" and len(y) < ISOTONIC_ROWS:
        warning = (
            f"calibration=isotonic was fitted on {len(y):,} validation games, fewer than {ISOTONIC_ROWS:,}, and "
            "overfits on so few; use calibration=sigmoid or a longer training window."
        )
        return Calibration(calibrator, kind, (warning,))
    return Calibration(calibrator, kind, ())


def cross_calibrate(
    kind: Kind, probability: np.ndarray, y: np.ndarray, dates: np.ndarray
) -> tuple[np.ndarray, int] | None:
    """Calibrate the probability of each row by a map that was fitted on rows of other dates.

    The dates are split into at most 5 blocks (HELD_OUT_BLOCKS) of consecutive dates. The map for a block is fitted on
    all other blocks. If no increasing map can be fitted, the probabilities of the block stay unchanged. Return the
    probabilities (n,) and the number of blocks; None if there are fewer than two dates.
    """
    distinct = np.unique(dates)
    if len(distinct) < 2:
        return None
    calibrated = np.empty(len(y))
    blocks = np.array_split(distinct, min(HELD_OUT_BLOCKS, len(distinct)))
    for block in blocks:
        is_inside = (dates >= block[0]) & (dates <= block[-1])
        calibrator = calibrate(kind, probability[~is_inside], y[~is_inside]).calibrator
        calibrated[is_inside] = calibrator.apply(probability[is_inside])
    return calibrated, len(blocks)


def _find_refusal(kind: Kind, probability: np.ndarray, y: np.ndarray) -> str | None:
    """Return the reason why no map of this kind can be fitted to these rows; None if a fit can be tried."""
    if len(np.unique(y)) < 2:
        return "the validation games hold one class only"
    if probability.min() == probability.max():
        return "the model gives every validation game the same probability"
    # If a threshold on the probabilities separates the classes, no finite slope maximises the likelihood (Albert and
    # Anderson 1984).
    if kind == "sigmoid" and probability[y == 0].max() <= probability[y == 1].min():
        return "the model separates the validation games perfectly, so no finite sigmoid fits best"
    if kind == "sigmoid" and probability[y == 1].max() <= probability[y == 0].min():
        return "no breakout of the validation games has a higher probability than any other game"
    return None


def _fit_sigmoid(probability: np.ndarray, y: np.ndarray) -> tuple[Calibrator, str | None]:
    """Return the fitted sigmoid map, and the reason why it should not be used (None if it may be used)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with one_blas_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        platt = LogisticRegression(C=np.inf, max_iter=1000).fit(logit(probability)[:, None], y)
    slope, intercept = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    calibrator = Calibrator("sigmoid", slope=slope, intercept=intercept)
    low, high = calibrator.apply(np.array([probability.min(), probability.max()]))
    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        return calibrator, "the fit of the sigmoid did not converge"
    if not calibrator.is_increasing or not low < high:
        figures = f"its slope on the {len(y):,} validation games is {slope:.3g}"
        return calibrator, f"the sigmoid is not increasing ({figures}) and would reverse or flatten the ranking"
    return calibrator, None


def _fit_isotonic(probability: np.ndarray, y: np.ndarray) -> tuple[Calibrator, str | None]:
    """Return the fitted isotonic map, and the reason why it should not be used (None if it may be used)."""
    from sklearn.isotonic import IsotonicRegression

    # The map stays within 1/(n+2) and 1 - 1/(n+2) (the rule of succession), because a probability of 0 or 1 would make
    # the log loss of one error infinite.
    edge = 1 / (len(y) + 2)
    isotonic = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(probability, y)
    calibrator = Calibrator(
        "isotonic", x=tuple(map(float, isotonic.X_thresholds_)), y=tuple(map(float, isotonic.y_thresholds_))
    )
    refusal = None if calibrator.is_increasing else f"the isotonic map of the {len(y):,} validation games is flat"
    return calibrator, refusal
