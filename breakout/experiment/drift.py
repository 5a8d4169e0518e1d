"""Did the features drift between training and evaluation? A comparison in, distributions.json and warnings out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from breakout.artifacts import load_json, save_json
from breakout.errors import GateError

if TYPE_CHECKING:
    from pathlib import Path

    from breakout.features.distributions import DistributionReport
    from breakout.settings import DistributionsConfig

logger = logging.getLogger("breakout")

FILE_NAME = "distributions.json"


def save_distributions(report: DistributionReport, folder: Path) -> None:
    """Write distributions.json, and warn of each feature that drifted."""
    save_json(report.to_dict(), folder / FILE_NAME)
    for warning in report.warnings:
        logger.warning(warning)


def check_drift(config: DistributionsConfig, folder: Path) -> None:
    """Raise GateError where the configuration asks for it and a feature drifted; the run itself is complete."""
    path = folder / FILE_NAME
    drifted = load_json(path)["drifted"] if config.fail_on_drift and path.exists() else []
    if drifted:
        raise GateError(
            f"{', '.join(drifted)} drifted between training and evaluation (distributions.fail_on_drift); see {path}."
        )
