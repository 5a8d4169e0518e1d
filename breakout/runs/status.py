"""The status.json of a run: its type, its reader and writer, and the digests that reveal changed files.

During the run, the state is "running". When the run ends, status.json is written again, with the digests of the run's
files and a digest of its own content (the seal). A reader compares these digests to find out whether a file was changed
later. The files run.log and report.html may change, so they have no digest.
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
# run.log grows and `breakout report` rewrites report.html after the run ended. status.json cannot hold its own digest;
# its seal (a digest of its content) covers it.
NOT_DIGESTED = (STATUS_FILE, LOG_FILE, "report.html")
MANIFEST = "bundle/manifest.json"  # This file holds the digests of the bundle's other files.

State = Literal["running", "completed", "failed", "interrupted", "killed"]


class RunStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of status.json. A key that does not apply to the run's command is None here and absent from the file.

    `process` distinguishes the run's process `pid` from a later process that gets the same number. `files` maps paths
    in the run's folder to SHA-256 digests. `files` is None if the run has not ended or was killed. It is also None for
    a run of an earlier version of breakout, which wrote no digests.
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
    """Write status.json into a run's folder.

    If the run has ended, add the digests of the run's files and a seal (a digest of the status itself). Secrets in
    addresses within the error and the overrides are masked. DataError if the file cannot be written.
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

    Whether a process on another machine has ended cannot be known, so the state of its run stays "running". DataError
    that names the file if the file is missing, damaged or edited.
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
    """Raise DataError that names the file if a file of `status.files` was changed or removed since the run ended.

    Without `status.files`, nothing is checked.
    """
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
    """Log one warning that the files in `place` cannot be checked, if a completed run recorded no digests of its files.

    `statuses` are the statuses of the runs in `place`. Without such a run, nothing is logged.
    """
    if any(status.state == "completed" and status.files is None for status in statuses):
        logger.warning("%s was made by a version that kept no digests of a run's files: they are not checked.", place)


def process_identity(pid: int) -> str | None:
    """Return a text that distinguishes a living process from earlier and later processes with the same number.

    The text consists of the identifier that Linux assigns to each start of the machine, and the start time of the
    process. None if the process has ended, or if the system is not Linux.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        state, *rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else f"{boot}:{rest[18]}"  # Z: zombie, X: dead; both have ended.


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
    """Return the SHA-256 digests of the files in a run's folder, and of the manifest of its bundle (the saved model).

    The keys are paths in the folder. Subfolders, hidden files, status.json, run.log and report.html are left out, and
    so is a manifest that does not exist.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    wanted = [name for name in names if name not in NOT_DIGESTED]
    wanted += [MANIFEST] if (folder / MANIFEST).is_file() else []
    return {name: file_digest(folder / name) for name in wanted}
