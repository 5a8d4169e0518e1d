"""The predicted distribution of points and its ladder: P(points >= k) for k = 1, 2, ..."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from breakout.dataset import Rows
    from breakout.models.base import Model

LADDER_LENGTH = 60  # A ladder ends with P(points >= 60); role players in the sample data reach 58 points.
EDGE = 1e-4  # For k >= 1, P(points >= k) is limited to EDGE..1 - EDGE.


@dataclass(frozen=True, eq=False)
class PointsDistribution:
    """The predicted distributions of the points that n players score in a game.

    - `mean`, `spread` (n,): the centre of each distribution and the scale of its errors, in points.
    - `shape` (m,): the standardised errors, (points - mean) / spread, of m other games, ascending. All n distributions
      share these errors.
    """

    mean: np.ndarray
    spread: np.ndarray
    shape: np.ndarray

    def at_least(self, points: np.ndarray) -> np.ndarray:
        """Return P(points >= k) for each whole number k in `points` (n, j), as an array (n, j).

        Row i of `points` belongs to distribution i. For k >= 1 the probability is 1 - F((k - 1/2 - mean) / spread),
        limited to [0.0001, 0.9999]. F(x) is the fraction of the standardised errors at or below x. For k <= 0
        the probability is 1.
        """
        errors = (points - 0.5 - self.mean[:, None]) / self.spread[:, None]
        below = np.searchsorted(self.shape, errors, side="right") / len(self.shape)
        return np.where(points <= 0, 1.0, np.clip(1.0 - below, EDGE, 1.0 - EDGE))


@runtime_checkable
class LadderModel(Protocol):
    """A model that predicts the distribution of points, and so a ladder: P(points >= k) for k = 1, 2, ..."""

    def predict_points(self, rows: Rows) -> PointsDistribution:
        """Return the predicted distribution of the points of each row.

        ValueError if the rows lack a season average, or if the columns of `rows.X` are not the model's features, in
        the model's order.
        """
        ...


def predict_ladder(model: Model, rows: Rows) -> np.ndarray | None:
    """Return the ladder of each row: P(points >= k) for k = 1, ..., 60, shape (n, 60).

    None if the model predicts only the probability of a breakout. The ladder is not calibrated. Calibrate all 60
    probabilities or none: one of them, P(points >= `points_for_breakout`), is the probability of a breakout and must
    agree with the others.

    ValueError for the same causes as in `LadderModel.predict_points`.
    """
    if not isinstance(model, LadderModel):
        return None
    steps = np.broadcast_to(np.arange(1, LADDER_LENGTH + 1), (len(rows), LADDER_LENGTH))
    return model.predict_points(rows).at_least(steps)
