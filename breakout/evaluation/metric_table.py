"""The metrics that are reported, by the key that they have in metrics.json: title, unit and direction of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric of probabilities: how it is titled, its unit ("" for a pure number), which direction is better."""

    title: str
    unit: str
    higher_is_better: bool


AUC, AVERAGE_PRECISION, LOG_LOSS, BRIER, ECE = "auc", "average_precision", "log_loss", "brier", "ece"

METRICS = {
    AUC: Metric("AUC", "", higher_is_better=True),
    AVERAGE_PRECISION: Metric("average precision", "", higher_is_better=True),
    LOG_LOSS: Metric("log loss", "nats a game", higher_is_better=False),
    BRIER: Metric("Brier score", "", higher_is_better=False),
    ECE: Metric("calibration error", "", higher_is_better=False),
}
