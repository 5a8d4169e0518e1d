"""The search for an evaluation of a bundle on games after its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.runs import STATUS_FILE, RunStatus, read_status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from breakout.bundle.folder import Bundle


def find_evaluation(bundle: Bundle, outputs: Path) -> str | None:
    """Describe the games on which the bundle was evaluated, in its training run or by `breakout evaluate`.

    None if it was not evaluated. An evaluation under another contract does not count.
    """
    manifest = bundle.manifest
    if manifest.windows.evaluation is not None:
        start, end = manifest.windows.evaluation
        return f"in its own run on {manifest.rows.evaluation:,} games of {start}..{end}"
    for status in _evaluations(outputs):
        if status.bundle == bundle.fingerprint and not status.contract_mismatch and status.window is not None:
            start, end = status.window
            when = f"{status.started:%Y-%m-%d %H:%M}"
            return f"on {status.rows:,} games of {start}..{end} by the run {status.name} of {when}"
    return None


def _evaluations(outputs: Path) -> Iterator[RunStatus]:
    """Yield the status of each completed evaluation, newest first."""
    found = (outputs / "runs").glob(f"*/*/{STATUS_FILE}")
    for path in sorted(found, key=lambda path: path.parent.name, reverse=True):
        try:
            status = read_status(path.parent)
        except DataError:
            continue  # a damaged run is no evidence of an evaluation
        if status.command == "evaluate" and status.state == "completed":
            yield status
