"""A run as one record: the files of a finished or failed run folder in, plain values out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from breakout.artifacts import load_json
from breakout.errors import DataError
from breakout.runs import SETTINGS_FILE, read_status
from breakout.settings.saved import read_mapping

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class RunRecord:
    """What a shared record knows of a run; dates, counts and results are None where the run did not get that far."""

    experiment_id: str
    experiment_name: str
    hypothesis: str
    experiment_type: str
    tags: tuple[str, ...]
    config: str
    train_start: date | None
    train_end: date | None
    train_samples: int | None
    eval_start: date | None
    eval_end: date | None
    eval_samples: int | None
    results: str | None
    model_path: str | None
    git_commit: str | None
    parent_sweep: str | None
    status: str
    error: str | None
    started_at: datetime | None
    finished_at: datetime | None


def read_run(folder: Path) -> RunRecord:
    """The record of a run folder; DataError if it is none, or if the run still goes on."""
    status = read_status(folder)
    if status.get("state") == "running":
        raise DataError(f"{folder} is still running; register it when it is over.")
    config = read_mapping(folder / SETTINGS_FILE)
    bundle = folder / "bundle"
    manifest = _load_if_there(bundle / "manifest.json")
    metrics = _load_if_there(folder / "metrics.json")
    windows = manifest.get("windows") or _planned(config.get("window", {}))
    rows = manifest.get("rows") or {}
    train, evaluation = (windows.get(part) or (None, None) for part in ("train", "evaluation"))
    return RunRecord(
        experiment_id=str(status["run_id"]),
        experiment_name=str(status.get("name", "")),
        hypothesis=str(config.get("hypothesis") or ""),
        experiment_type=str(config.get("mode", {}).get("name", status.get("command", ""))),
        tags=tuple(str(tag) for tag in config.get("tags") or ()),
        config=json.dumps(config, sort_keys=True, default=str),
        train_start=_date(train[0]),
        train_end=_date(train[1]),
        train_samples=rows.get("train"),
        eval_start=_date(evaluation[0]),
        eval_end=_date(evaluation[1]),
        eval_samples=rows.get("evaluation"),
        results=json.dumps(metrics, sort_keys=True) if metrics else None,
        model_path=str(bundle.resolve()) if manifest else None,
        git_commit=manifest.get("git_commit"),
        parent_sweep=_parent_sweep(folder, status),
        status=str(status.get("state", "")),
        error=status.get("error"),
        started_at=_time(status.get("started")),
        finished_at=_time(status.get("finished")),
    )


def _load_if_there(path: Path) -> dict[str, Any]:
    """A file that a failed run may lack."""
    return dict(load_json(path)) if path.exists() else {}


def _planned(window: dict[str, Any]) -> dict[str, Any]:
    """The dates that a run was asked for, where it failed before it said them itself."""
    return {
        part: (window[f"{key}_start"], window[f"{key}_end"])
        for part, key in (("train", "train"), ("evaluation", "eval"))
        if window.get(f"{key}_start") and window.get(f"{key}_end")
    }


def _parent_sweep(folder: Path, status: dict[str, Any]) -> str | None:
    """The sweep that a run is a job of, as its status or its place says."""
    if status.get("sweep"):
        return str(status["sweep"])
    parts = folder.resolve().parts
    place = len(parts) - parts[::-1].index("sweeps") if "sweeps" in parts else len(parts)
    return "/".join(parts[place:-1]) or None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
