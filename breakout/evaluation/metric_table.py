"""The metrics that are reported, by the key that they have in metrics.json: title, unit and direction of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """One metric of probabilities: how it is titled, its unit ("" for a pure number), which direction is better."""

    title: str
    unit: str
    higher_is_better: bool


METRICS = {
    "auc": Metric("AUC", "", higher_is_better=True),
    "average_precision": Metric("average precision", "", higher_is_better=True),
    "log_loss": Metric("log loss", "nats a game", higher_is_better=False),
    "brier": Metric("Brier score", "", higher_is_better=False),
    "ece": Metric("calibration error", "", higher_is_better=False),
}
