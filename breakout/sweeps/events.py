"""What is told of a job: a word to the planning process, status.json and the metric it is ranked by. Imports nothing
heavy.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from breakout.artifacts import load_json
from breakout.errors import BreakoutError
from breakout.runs import open_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RUNS_FOLDER = "runs"


@dataclass(frozen=True)
class Event:
    """A word on a job: it started, completed with a value of the optimized metric, or failed with a sentence.

    A job whose process died could not write down itself how it ended.
    """

    kind: Literal["started", "completed", "failed"]
    number: int
    sentence: str = ""
    value: float | None = None
    is_death: bool = False


def job_facts(number: int, overrides: Sequence[str]) -> dict[str, Any]:
    """What status.json tells of a job beside what it tells of any run."""
    return {"job": number, "overrides": list(overrides)}


def metric_of(run: Path, metric: str) -> float | None:
    """A metric on the validation part of a finished run, never on its evaluation window."""
    value = load_json(run / "metrics.json")["validation"]["metrics"][metric]
    return None if value is None else float(value)


def record_failure(folder: Path, mapping: dict[str, Any], facts: dict[str, Any], error: Exception) -> None:
    """A run folder for a job that was never begun: status.json, settings and a log, as for any that failed."""
    with suppress(type(error)), open_run(folder / RUNS_FOLDER, mapping, "train", facts=facts):
        raise error


def sentence_of(error: BaseException) -> str:
    """What happened, as status.json says it."""
    if isinstance(error, BreakoutError):
        return str(error)
    told = " ".join(str(error).strip().partition("\n\n")[0].split())  # what follows is advice to programmers
    return f"{type(error).__name__}: {told}"
