"""A finished run as its own files tell it, and the run of the same name before it: a folder in, one record out."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from breakout.artifacts import load_json
from breakout.errors import DataError
from breakout.runs import SETTINGS_FILE, STATUS_FILE, read_status
from breakout.settings.saved import read_mapping
from breakout.settings.words import flatten

Record = Mapping[str, Any]

# How a run is told and kept, not what it computed: no difference worth a row.
NOT_COMPARED = {"name", "hypothesis", "tags", "mode.description", "dry_run", "write_report", "paths.outputs"}


@dataclass(frozen=True)
class RunRecord:
    """One run. `manifest` is that of the bundle it made or scored, empty where there is none to be read."""

    folder: Path
    status: Record
    settings: Record
    metrics: Record
    manifest: Record
    distributions: Record | None

    @property
    def evaluation(self) -> Record | None:
        """All figures on the evaluation window; None for a run that only trained."""
        return self.metrics.get("evaluation")

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self.status.get("name") or self.folder.parent.name)


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was in the previous run."""

    key: str
    before: Any
    now: Any


def read_run(folder: Path) -> RunRecord:
    """The files of a run; DataError if it is none or has no metrics."""
    settings = read_mapping(folder / SETTINGS_FILE)
    distributions = folder / "distributions.json"
    return RunRecord(
        folder=folder,
        status=read_status(folder),
        settings=settings,
        metrics=load_json(folder / "metrics.json"),
        manifest=_read_manifest(folder, settings),
        distributions=load_json(distributions) if distributions.is_file() else None,
    )


def previous_run(run: RunRecord) -> RunRecord | None:
    """The latest earlier run of the same name and command that completed; run folders sort by their time."""
    for folder in sorted(run.folder.resolve().parent.iterdir(), reverse=True):
        if folder.name >= run.folder.resolve().name or not (folder / STATUS_FILE).is_file():
            continue
        with suppress(DataError):  # a damaged one is nothing to compare with, but no reason to fail
            before = read_run(folder)
            if before.status.get("state") == "completed" and before.status.get("command") == run.status.get("command"):
                return before
    return None


def differences(run: RunRecord, before: RunRecord) -> list[Difference]:
    """What differs between two runs in settings, in features' contract, in data, in code and in the program's parts."""
    pairs = [(flatten(before.settings), flatten(run.settings)), (_grounds(before), _grounds(run))]
    return [
        Difference(key, was.get(key), now.get(key))
        for was, now in pairs
        for key in dict.fromkeys([*was, *now])
        if was.get(key) != now.get(key) and key not in NOT_COMPARED
    ]


def _grounds(run: RunRecord) -> dict[str, Any]:
    facts = {key: run.manifest.get(key) for key in ("contract_fingerprint", "data_fingerprint", "git_commit")}
    return {**facts, **flatten({"versions": run.manifest.get("versions", {})})}


def _read_manifest(folder: Path, settings: Record) -> Record:
    """Of the run's own bundle, or of the one it scored if that still lies where it lay."""
    places = [folder / "bundle"]
    if "bundle" in settings:
        scored = Path(str(settings["bundle"]))
        places += [scored, scored / "bundle"]
    found = next((place / "manifest.json" for place in places if (place / "manifest.json").is_file()), None)
    manifest: Record = load_json(found) if found else {}
    return manifest
