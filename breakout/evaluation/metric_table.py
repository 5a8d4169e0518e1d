"""The table of reported metrics by their key in metrics.json: the title, unit and direction of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric of probabilities: its title, its unit ("" for a pure number), and which direction is better."""

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
