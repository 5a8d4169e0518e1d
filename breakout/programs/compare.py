"""The command `breakout compare`, which compares two bundles (saved models) on the same games.

The two bundles are called candidate and production, but any two can be compared.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from breakout import artifacts
from breakout.experiment.evaluating import evaluation_parameters
from breakout.production.bundle_gate import open_bundle
from breakout.production.bundle_names import resolve_bundle
from breakout.production.head_to_head import HeadToHead, check_comparable, compare_bundles
from breakout.report import REPORT_FILE
from breakout.report.html.pages import render_comparison
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.lines import print_line
from breakout.report.terminal.production import print_comparison
from breakout.runs import PREDICTIONS_FILE, open_run
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.bundle.folder import Bundle
    from breakout.settings import CompareConfig

logger = logging.getLogger("breakout")

FOLDER = "comparisons"


def run(config: CompareConfig) -> int:
    """Compare two bundles (saved models), write and print the result, and return the exit code.

    - GateError if a bundle's definitions of features or label differ from the installed ones.
    - ConfigurationError if the bundles cannot be compared (for example, they contain the same model), or if the dates
      overlap a training window.
    - DataError if a bundle is missing or damaged, if there are no games, or if the warehouse cannot be read.
    """
    given = (config.candidate, config.production)
    folders = [str(resolve_bundle(bundle, config.paths.outputs)) for bundle in given]
    config = replace(config, candidate=folders[0], production=folders[1])
    candidate, production = open_bundle(config.candidate), open_bundle(config.production)
    check_comparable(candidate, production)
    with progress_line("compare"):
        folder, compared = compare(config, candidate, production)
    print_comparison(compared)
    print_line(f"comparison: {folder}")
    print_line(f"report: {folder / REPORT_FILE}")
    return 0


def compare(config: CompareConfig, candidate: Bundle, production: Bundle) -> tuple[Path, HeadToHead]:
    """Compare two bundles (saved models), write the result to a new folder, and return the folder and the result.

    The folder is below `comparisons` in the outputs folder, and contains comparison.json, predictions.parquet and
    report.html.

    ConfigurationError if the bundles cannot be compared, or if the dates overlap a training window. DataError if there
    are no games, if the warehouse cannot be read, or if a file cannot be written.
    """
    identity = f"{candidate.fingerprint}-{production.fingerprint}"
    with open_run(Path(config.paths.outputs) / FOLDER / config.name, config, "compare", identity) as run:
        parameters = evaluation_parameters(config.evaluation, config.seed)
        with open_for(config, "compare") as warehouse:
            compared = compare_bundles(candidate, production, warehouse, (config.start, config.end), parameters)
        run.note(candidate=candidate.fingerprint, production=production.fingerprint)
        artifacts.save_parquet(compared.predictions(), run.folder / PREDICTIONS_FILE)
        artifacts.save_json(compared.to_dict(), run.folder / "comparison.json")
        artifacts.save_text(render_comparison(compared), run.folder / REPORT_FILE)
        logger.info("compared on %d rows of %s", compared.comparison.n_rows, compared.window)
    return run.folder, compared
