"""The finished runs and sweeps below an outputs folder, filtered and sorted."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.conf_tree import load_presets
from breakout.errors import DataError
from breakout.evaluation.metrics import METRICS
from breakout.leaderboard_files import JSON_FILE, load_leaderboard
from breakout.runs import STATUS_FILE
from breakout.runs.names import RUNS, SWEEP_RECORD, SWEEPS
from breakout.runs.record import read_run
from breakout.settings import ExperimentConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from breakout.evaluation.resamples import Interval

SORTS = ("started", "name", *METRICS)


@dataclass(frozen=True)
class RunRow:
    """A finished run, or a sweep with the figures of its best job.

    - `kind`: `run`, `evaluation`, or a text such as `sweep, best of 12 jobs`.
    - `name`, `folder`: name and folder of the run or sweep. The fields below describe the run, or the sweep's best job.
    - `train`, `evaluation`: the first and last date. `train` is None if the bundle (a saved model) is not found.
      `evaluation` is None without an evaluation.
    - `games`: the number of evaluated rows.
    - `features`: the name of the preset (a named list) with exactly the model's features, or else their number.
    - `metrics`: the metrics on the evaluation rows; empty without an evaluation.
    - `verdict`: the level of the verdict on the model; None without an evaluation.
    """

    kind: str
    name: str
    folder: str
    started: datetime
    train: tuple[date, date] | None
    evaluation: tuple[date, date] | None
    games: int
    model: str
    features: str
    metrics: Mapping[str, Interval]
    verdict: str | None


@dataclass(frozen=True)
class Listing:
    """The runs and sweeps that match the filters of `list_runs`.

    - `damaged`: a message for each damaged folder.
    - `not_completed`: the number of folders in `not_completed_folders`.
    - `not_completed_folders`: runs that are not completed, and sweeps that lack a leaderboard or a completed job, or
      whose best job's folder is gone; last changed first.
    - `occurring`: the values of `model` and `features` in all finished runs and sweeps, before the filters are applied.
    """

    rows: tuple[RunRow, ...]
    damaged: tuple[str, ...]
    not_completed: int
    not_completed_folders: tuple[str, ...] = ()
    occurring: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def list_runs(outputs: Path, chosen: Mapping[str, str]) -> Listing:
    """Return the finished runs and sweeps below `outputs` that match the filters, sorted.

    All keys of `chosen` are optional, and unknown keys are ignored:

    - `name`: a glob pattern.
    - `model`, `features`: values of these fields of `RunRow`.
    - `since`, `until`: the earliest and the latest start date, in ISO format.
    - `sort`: "started" (newest first, the default), "name" or a metric. KeyError for any other value.
    """
    rows: list[RunRow] = []
    damaged: list[str] = []
    not_completed: list[Path] = []
    presets = {tuple(names): preset for preset, names in load_presets().items()}
    for folder in _folders(outputs):
        try:
            row = _sweep_row(folder, presets) if (folder / JSON_FILE).is_file() else _run_row(folder, presets)
        except DataError as error:
            damaged.append(f"{folder}: {error}")
            continue
        if row is None:
            not_completed.append(folder)
        else:
            rows.append(row)
    matching = [row for row in rows if _matches(row, chosen)]
    not_completed.sort(key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    return Listing(
        tuple(_sorted(matching, chosen.get("sort", "started"))),
        tuple(damaged),
        len(not_completed),
        tuple(map(str, not_completed)),
        {key: tuple(sorted({getattr(row, key) for row in rows})) for key in ("model", "features")},
    )


def _folders(outputs: Path) -> Iterator[Path]:
    yield from (path.parent for path in sorted(outputs.glob(f"runs/*/*/{STATUS_FILE}")))
    yield from (path.parent for path in sorted(outputs.glob(f"{SWEEPS}/*/{SWEEP_RECORD}")))


def _run_row(folder: Path, presets: Mapping[tuple[str, ...], str]) -> RunRow | None:
    """Return the row of a run; None if the run is not completed, or if its folder has no status.json.

    `presets` maps lists of features to the names of these lists. DataError if a file of the run is damaged or was
    changed.
    """
    if not (folder / STATUS_FILE).is_file():
        # A sweep without a leaderboard has no status.json. Nor has the best job of a sweep if its folder was deleted.
        return None
    run = read_run(folder)
    if run.status.state != "completed":
        return None
    metrics, found = run.metrics, run.metrics.evaluation
    names = tuple(run.config.features.names) if isinstance(run.config, ExperimentConfig) else tuple(metrics.importance)
    return RunRow(
        kind="run" if run.status.command == "train" else "evaluation",
        name=run.name,
        folder=str(folder),
        started=run.status.started,
        train=None if run.manifest is None else run.manifest.windows.train,
        evaluation=(found.rows.first_date, found.rows.last_date) if found else None,
        games=found.rows.n_rows if found else 0,
        model=metrics.model.kind,
        features=presets.get(names, str(len(names))),
        metrics=found.metrics if found else {},
        verdict=found.verdict.level if found else None,
    )


def _sweep_row(folder: Path, presets: Mapping[tuple[str, ...], str]) -> RunRow | None:
    """Return the row of a sweep, with the figures of the best job in the first table of its leaderboard.

    None if no job is completed, or if the folder of the best job is gone. `presets` maps lists of features to the names
    of these lists. DataError if the leaderboard or a file of the best job is damaged.
    """
    board = load_leaderboard(folder)
    best = next((row for table in board.tables for row in table.rows if row.job == table.best and row.run), None)
    if best is None or best.run is None:
        return None
    # The path in `best.run` is wrong if the sweep's folder was moved, so only its last part is used.
    place = folder / RUNS / Path(best.run).name
    row = _run_row(place, presets)
    if row is None:
        return None
    return replace(row, kind=f"sweep, best of {board.completed} jobs", name=board.sweep, folder=str(folder))


def _matches(row: RunRow, chosen: Mapping[str, str]) -> bool:
    started = row.started.date()
    return (
        fnmatch.fnmatchcase(row.name, chosen.get("name", "*"))
        and chosen.get("model", row.model) == row.model
        and chosen.get("features", row.features) == row.features
        and chosen.get("since", "") <= str(started) <= chosen.get("until", "9999-12-31")
    )


def _sorted(rows: list[RunRow], by: str) -> list[RunRow]:
    """Return the rows sorted by start (newest first), name, or metric (best first, undefined values last)."""
    if by == "started":
        return sorted(rows, key=lambda row: row.started, reverse=True)
    if by == "name":
        return sorted(rows, key=lambda row: (row.name, row.started))
    sign = -1.0 if METRICS[by].higher_is_better else 1.0

    def place(row: RunRow) -> tuple[bool, float]:
        value = row.metrics[by].estimate if by in row.metrics else None
        return value is None, sign * (value or 0.0)

    return sorted(rows, key=place)
