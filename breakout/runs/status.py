"""status.json of a run: its type, how it is written and read, and the digests by which a changed file is noticed.

A status says running until the run ends. Then it is written once more with the digests of the run's files and a seal
of its own content, so that neither can change unnoticed.
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
from breakout.secrets import mask_secrets

logger = logging.getLogger("breakout")

STATUS_FILE = "status.json"
SETTINGS_FILE = "settings.yaml"
LOG_FILE = "run.log"
# The log may grow after the status is written; `breakout report` rewrites the page from the other files.
NOT_DIGESTED = (STATUS_FILE, LOG_FILE, "report.html")
MANIFEST = "bundle/manifest.json"  # it holds the digests of the bundle's other files

State = Literal["running", "completed", "failed", "interrupted", "killed"]


class RunStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a run beside its results; keys that do not apply to its command are left out of the file.

    `process` tells a process from a later one with the same number. `files` are the SHA-256 digests of the run's files
    by their path in its folder; None while it is running, and for a run that was made before there were digests.
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
    # A job of a sweep.
    job: int | None = None
    overrides: tuple[str, ...] | None = None
    # What was trained, scored or compared, by fingerprint.
    bundle: str | None = None
    contract: str | None = None
    candidate: str | None = None
    production: str | None = None
    # An evaluation of a saved bundle.
    contract_mismatch: tuple[str, ...] | None = None
    window: tuple[date, date] | None = None
    versions: dict[str, str] | None = None
    data_fingerprint: str | None = None
    rows: int | None = None
    row_fingerprint: str | None = None


def write_status(status: RunStatus, folder: Path) -> None:
    """Write status.json; of a run that has ended with the digests of its files and a seal.

    Secrets in addresses are masked, which the error or an override may name.
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
    """Read status.json; a run that says running although its process is gone was killed.

    Whether a process of another machine lives cannot be known: its run goes on being called running. DataError naming
    the file if it is missing, damaged or was edited.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no run folder: there is no such folder.")
    path = folder / STATUS_FILE
    record = load_json(path)
    status = as_typed(record, RunStatus, path)
    if status.state == "running":
        killed = "the process ended without a word (killed, or the machine stopped)"
        return status if _is_alive(status) else msgspec.structs.replace(status, state="killed", error=killed)
    if SEAL_KEY in record or status.files is not None:
        check_seal(record, path)
    return status


def check_files(folder: Path, status: RunStatus) -> None:
    """Raise DataError naming the first file that is not as the run left it."""
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
    """Log once that files below a place cannot be checked, if a completed run of an earlier version is among them."""
    if any(status.state == "completed" and status.files is None for status in statuses):
        logger.warning("%s was made by a version that kept no digests of a run's files: they are not checked.", place)


def process_identity(pid: int) -> str | None:
    """Return what tells a living process from others with the same number; None where it is gone or cannot be seen.

    Linux gives each start of the machine an identifier and each process the time it was started at.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        state, *rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else f"{boot}:{rest[18]}"  # a zombie has ended


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
    """Return the digests of a run's own files, and of the manifest of its bundle, which seals the bundle's."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    wanted = [name for name in names if name not in NOT_DIGESTED]
    wanted += [MANIFEST] if (folder / MANIFEST).is_file() else []
    return {name: file_digest(folder / name) for name in wanted}
