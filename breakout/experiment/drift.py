"""The drift of features between training and evaluation: the file distributions.json, and the check that can fail."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from breakout.artifacts import save_json
from breakout.errors import GateError

if TYPE_CHECKING:
    from pathlib import Path

    from breakout.features.distributions import DistributionReport
    from breakout.settings import DistributionsConfig

logger = logging.getLogger("breakout")

FILE_NAME = "distributions.json"


def save_distributions(report: DistributionReport, folder: Path) -> None:
    """Write distributions.json, and log a warning for each feature that drifted."""
    save_json(report.to_dict(), folder / FILE_NAME)
    for warning in report.warnings:
        logger.warning(warning)


def check_drift(config: DistributionsConfig, report: DistributionReport | None, folder: Path) -> None:
    """Raise GateError if a feature drifted and the configuration makes drift an error.

    The run in `folder` is complete before this is called.
    """
    if config.fail_on_drift and report is not None and report.drifted:
        raise GateError(
            f"{', '.join(report.drifted)} drifted between training and evaluation (distributions.fail_on_drift); "
            f"see {folder / FILE_NAME}."
        )
