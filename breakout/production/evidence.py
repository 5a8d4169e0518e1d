"""Where a bundle was judged on games after its training: a bundle and the outputs folder in, a sentence out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakout.artifacts import load_json
from breakout.errors import DataError
from breakout.runs import STATUS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from breakout.bundle import Bundle


def find_evaluation(bundle: Bundle, outputs: Path) -> str | None:
    """On which games the bundle was evaluated, in its own run or by `breakout evaluate` since; None if never.

    An evaluation under another contract is no evidence.
    """
    manifest = bundle.manifest
    if manifest["is_evaluated"]:
        start, end = manifest["windows"]["evaluation"]
        return f"in its own run on {manifest['rows']['evaluation']:,} games of {start}..{end}"
    for folder, status in _evaluations(outputs):
        if status.get("bundle") == bundle.fingerprint and not status.get("contract_mismatch", True):
            start, end = status["window"]
            return f"on {status['rows']:,} games of {start}..{end} in {folder.name}"
    return None


def _evaluations(outputs: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Folder and status of each completed evaluation, newest first."""
    for path in sorted(
        (outputs / "runs").glob(f"*/*/{STATUS_FILE}"), key=lambda found: found.parent.name, reverse=True
    ):
        try:
            status = load_json(path)
        except DataError:
            continue  # a damaged file is no evidence
        if status.get("command") == "evaluate" and status.get("state") == "completed":
            yield path.parent, status
