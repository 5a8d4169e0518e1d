"""Mending probabilities on the validation part: scores and outcomes in, a monotone map saved as plain numbers out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from breakout.errors import DataError
from breakout.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["none", "sigmoid", "isotonic"]
_EDGE = 1e-12


@dataclass(frozen=True)
class Calibrator:
    """`none` changes nothing; `sigmoid` is Platt's p -> 1/(1+exp(-(slope * logit p + intercept))); `isotonic` is linear
    between the points (x, y), constant beyond them."""

    kind: Kind
    slope: float = 1.0
    intercept: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def apply(self, probability: np.ndarray) -> np.ndarray:
        """Calibrated probability, shape (n,)."""
        if self.kind == "sigmoid":
            return np.asarray(1 / (1 + np.exp(-(self.slope * logit(probability) + self.intercept))))
        if self.kind == "isotonic":
            return np.asarray(np.interp(probability, self.x, self.y))
        return probability

    def to_dict(self) -> dict[str, Any]:
        """The map as JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Calibrator:
        """The map of a saved record; DataError if it is none."""
        try:
            fields = {**record, "x": tuple(record["x"]), "y": tuple(record["y"])}
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise DataError("the calibration record is damaged.") from error


def logit(probability: np.ndarray) -> np.ndarray:
    """Log odds; probabilities of 0 and 1 are taken as 1e-12 from the edge."""
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def fit_calibrator(kind: Kind, probability: np.ndarray, y: np.ndarray) -> Calibrator:
    """Fit on validation rows, shape (n,); with one class only nothing can be learned and the map changes nothing."""
    if kind == "none" or len(np.unique(y)) < 2:
        return Calibrator("none")
    if kind == "sigmoid":
        from sklearn.linear_model import LogisticRegression

        with one_blas_thread():
            platt = LogisticRegression(C=np.inf, max_iter=1000).fit(logit(probability)[:, None], y)
        return Calibrator("sigmoid", slope=float(platt.coef_[0, 0]), intercept=float(platt.intercept_[0]))
    from sklearn.isotonic import IsotonicRegression

    # By the rule of succession: n games are never proof of a chance of 0 or 1, whose failure would cost without limit.
    edge = 1 / (len(y) + 2)
    isotonic = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(probability, y)
    return Calibrator(
        "isotonic", x=tuple(map(float, isotonic.X_thresholds_)), y=tuple(map(float, isotonic.y_thresholds_))
    )
