"""The status.json of a run: its type, its reader and writer, and the digests that reveal changed files.

During the run, the state is "running". When the run ends, status.json is written again, with digests of the run's files
and a digest of its own content (the seal). With these digests, a reader finds out whether a file was changed later. The
files run.log and report.html may change, so they have no digest.
"""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import msgspec

from breakout.artifacts import SEAL_KEY, as_typed, check_seal, file_digest, load_json, save_json, save_sealed
from breakout.errors import DataError
from breakout.safe_text import mask_secrets

logger = logging.getLogger("breakout")

STATUS_FILE = "status.json"
SETTINGS_FILE = "settings.yaml"
PREDICTIONS_FILE = "predictions.parquet"
LOG_FILE = "run.log"
# After the run ended, run.log may grow, and `breakout report` rewrites report.html. status.json cannot contain its own
# digest; the seal (a digest of the other content) protects it instead.
NOT_DIGESTED = (STATUS_FILE, LOG_FILE, "report.html")
MANIFEST = "bundle/manifest.json"  # The manifest holds the digests of the bundle's other files.

State = Literal["running", "completed", "failed", "interrupted", "killed"]


class RunStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of status.json. Keys that do not apply to the run's command are None here and absent from the file.

    - `process`: distinguishes the run's process `pid` from a later process with the same number.
    - `files`: SHA-256 digests by path in the run's folder. None while the run runs, if it was killed, and for runs of
      earlier versions of breakout, which wrote no digests.
    """

    state: State
    run_id: str
    command: str
    name: str
    fingerprint: str
    identity: str
    started: datetime
    finished: datetime | None
    error: str | None
    pid: int
    host: str
    process: str | None = None
    files: dict[str, str] | None = None
    # The next two keys are set only for a job of a sweep.
    job: int | None = None
    overrides: tuple[str, ...] | None = None
    # The next four keys are fingerprints: of the bundle that the run made or scored, of that bundle's contract, and of
    # the two bundles of a comparison.
    bundle: str | None = None
    contract: str | None = None
    candidate: str | None = None
    production: str | None = None
    # The remaining keys are set only for an evaluation of a saved bundle.
    contract_mismatch: tuple[str, ...] | None = None
    window: tuple[date, date] | None = None
    versions: dict[str, str] | None = None
    data_fingerprint: str | None = None
    rows: int | None = None
    row_fingerprint: str | None = None


def write_status(status: RunStatus, folder: Path) -> None:
    """Write status.json into a run's folder; secrets in the error and in the overrides are masked.

    If the run has ended, add digests of the run's files and a seal (a digest of the status itself). DataError if the
    file cannot be written.
    """
    path = folder / STATUS_FILE
    error = None if status.error is None else mask_secrets(status.error)
    overrides = None if status.overrides is None else tuple(map(mask_secrets, status.overrides))
    status = msgspec.structs.replace(status, error=error, overrides=overrides)
    if status.state == "running":
        save_json(status, path)
    else:
        save_sealed(msgspec.structs.replace(status, files=_digests(folder)), path)


def read_status(folder: Path) -> RunStatus:
    """Return the content of status.json; the state is "killed" if the file says "running" but the process has ended.

    If the process runs on another machine, the state stays "running", because that process cannot be checked. DataError
    if the file is missing, damaged or edited.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no run folder: there is no such folder.")
    path = folder / STATUS_FILE
    record = load_json(path)
    status = as_typed(record, RunStatus, path)
    if status.state == "running":
        killed = "the process ended without recording its end (killed, or the machine stopped)"
        return status if _is_alive(status) else msgspec.structs.replace(status, state="killed", error=killed)
    if SEAL_KEY in record or status.files is not None:
        check_seal(record, path)
    return status


def check_files(folder: Path, status: RunStatus) -> None:
    """Raise DataError if a file of `status.files` was changed or removed since the run ended."""
    for name, digest in (status.files or {}).items():
        path = folder / name
        if not path.is_file():
            raise DataError(f"{path} is missing: the run left it. Restore it, or run again.")
        if file_digest(path) != digest:
            raise DataError(
                f"{path} was changed after the run: its content is not that of which {STATUS_FILE} holds the digest. "
                "Restore it, or run again."
            )


def warn_without_digests(place: Path, statuses: Iterable[RunStatus]) -> None:
    """Log one warning if a completed run in `place` recorded no digests of its files.

    `statuses` are the statuses of the runs in `place`.
    """
    if any(status.state == "completed" and status.files is None for status in statuses):
        logger.warning("%s was made by a version that kept no digests of a run's files: they are not checked.", place)


def process_identity(pid: int) -> str | None:
    """Return a text that distinguishes a living process from earlier and later processes with the same number.

    None if the process has ended, or if the system is not Linux.
    """
    # The text consists of an identifier of the machine's last start and the start time of the process.
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        state, *rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else f"{boot}:{rest[18]}"  # A process in state Z (zombie) or X (dead) has ended.


def _is_alive(status: RunStatus) -> bool:
    if status.host != platform.node():
        return True
    if status.process is not None:
        return process_identity(status.pid) == status.process
    try:
        os.kill(status.pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 digests of the files in a run's folder, and of the manifest of its bundle, by path.

    Subfolders, hidden files and the files in NOT_DIGESTED are left out.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    wanted = [name for name in names if name not in NOT_DIGESTED]
    wanted += [MANIFEST] if (folder / MANIFEST).is_file() else []
    return {name: file_digest(folder / name) for name in wanted}
