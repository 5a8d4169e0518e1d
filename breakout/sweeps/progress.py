"""The printed progress of a sweep: its plan, a line for each failed job, and a bar with the time left.

If the output is not a terminal, a line for each completed job replaces the bar.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from breakout.evaluation.formatting import format_count
from breakout.evaluation.metrics import METRICS
from breakout.report.sweep_tables import settings_cell
from breakout.report.tables import Table, number, text
from breakout.report.terminal.bars import job_bar
from breakout.report.terminal.console import console
from breakout.sweeps.labels import varying_overrides

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from breakout.settings import TargetConfig
    from breakout.split import DateRange
    from breakout.sweeps.job import JobEvent
    from breakout.sweeps.plan import PlannedJob, SweepPlan

LISTED_JOBS = 40


@dataclass(frozen=True)
class _Games:
    """The games and labels on which a job was validated and evaluated. Metrics on other games are not comparable."""

    validation: tuple[int, str, str]
    evaluation: DateRange | None
    target: TargetConfig


class Progress:
    """A printer of the events of a sweep. `failed` holds the numbers of the jobs that failed so far."""

    def __init__(self) -> None:
        self._out = console()
        self._update_bar: Callable[[int, str], None] | None = None
        self._jobs: dict[int, PlannedJob] = {}
        self._overrides: dict[int, Sequence[str]] = {}
        self._labels: dict[int, str] = {}
        self._running: set[int] = set()
        self._best: dict[_Games, tuple[float, int]] = {}
        self._latest: _Games | None = None
        self._done = 0
        self._total = 0
        self.failed: list[int] = []

    def show_plan(self, plan: SweepPlan, todo: SweepPlan, workers: int, *, twice: int, trials: int | None) -> None:
        """Print the number of jobs of a batch, and its fits, training rows and estimated time.

        - `todo`: the plan without the completed jobs.
        - `twice`: the number of repeated jobs that were left out of `plan`.
        - `trials`: the number of jobs that a tuner (a sweeper that learns from earlier jobs) still has to run, None for
          any other sweeper. Before a tuner's first batch, a line about all trials is printed.

        If the warehouse bills by bytes, the last line says how many bytes will be read.
        """
        is_first = not self._overrides
        self._overrides |= {planned.number: planned.job.overrides for planned in plan.jobs}
        self._overrides |= {refusal.number: refusal.overrides for refusal in plan.refused}
        self._labels = {number: " ".join(found) for number, found in varying_overrides(self._overrides).items()}
        if is_first and trials is not None:
            time = format_time(todo.seconds(workers) * trials / max(plan.size, 1))
            self._out.print(f"tuning by {format_count(trials, 'trial')}, {plan.size} at a time, about {time} in all")
        self._out.print(_describe_plan(plan, todo, workers, twice))
        if plan.bytes_to_read is not None:
            self._out.print(plan.bytes_to_read.describe())

    def show_damage(self, number: int, message: str) -> None:
        """Print that a job runs again because its files were changed or damaged; `message` names the file."""
        self._out.print(f"job {number} is run again: {message}", style="yellow")

    def show_jobs(self, plan: SweepPlan) -> None:
        """Print the plan of a dry run: the jobs that cannot start, then a table of the jobs that can.

        The table contains at most LISTED_JOBS jobs.
        """
        for refusal in plan.refused:
            message = f"job {refusal.number} cannot be begun ({self._labels[refusal.number]}): {refusal.error}"
            self._out.print(message, style="red")
        self._out.print_table(self._job_table(plan))
        self._out.print("dry run: nothing was fitted or written")

    def _job_table(self, plan: SweepPlan) -> Table:
        fit_of = {job.number: index for index, group in enumerate(plan.groups, 1) for job in group.jobs}
        rows = []
        for planned in plan.jobs[:LISTED_JOBS]:
            job = planned.number
            counts = [text("?" if n is None else f"{n:,}") for n in (planned.train_rows, planned.evaluation_rows)]
            label = settings_cell(self._labels[job], "")
            rows.append([number(job, ".0f"), label, *counts, number(fit_of[job], ".0f")])
        if len(plan.jobs) > LISTED_JOBS:
            rows.append([text("..."), text(f"and {len(plan.jobs) - LISTED_JOBS} more"), *[text("")] * 3])
        return Table("jobs", ["job", "settings", "training rows", "games to evaluate", "fit"], rows)

    @contextmanager
    def showing(self, todo: SweepPlan) -> Iterator[None]:
        """Show a progress bar during the block, which runs the jobs of `todo`.

        There is no bar if the output is not a terminal, or if no job is left to run.
        """
        self._jobs |= {planned.number: planned for planned in todo.jobs}
        batch = sum(len(group.jobs) for group in todo.groups)
        self._total += batch + len(todo.refused)
        if not self._out.is_terminal or not batch:
            yield
            return
        with job_bar(self._out, self._done, self._total) as update:
            self._update_bar = update
            try:
                yield
            finally:
                self._update_bar = None

    def show(self, event: JobEvent) -> None:
        """Show one event: a failure as a line, any other event on the progress bar.

        Without a bar, a completed job is printed as a line, and a start is not shown.
        """
        if event.kind == "started":
            self._running.add(event.number)
        else:
            self._running.discard(event.number)
            self._done += 1
            self._end(event)
        if self._update_bar is not None:
            self._update_bar(self._done, self._now())

    def _end(self, event: JobEvent) -> None:
        label = self._labels[event.number]
        if event.kind == "failed":
            self.failed.append(event.number)
            self._out.print(f"job {event.number} failed ({label}): {event.message}", style="red")
            return
        metric = self._jobs[event.number].job.config.optimized_metric
        self._keep_best(event, metric)
        if self._update_bar is None:
            value = "undefined" if event.value is None else f"{event.value:.4f}"
            self._out.print(f"job {event.number} done ({self._done} of {self._total}): {metric} {value}  {label}")

    def _keep_best(self, event: JobEvent, metric: str) -> None:
        """Store the metric and number of a completed job if it beats all earlier jobs on the same games and labels."""
        if event.value is None or event.validated_on is None:
            return
        job = self._jobs[event.number]
        self._latest = _Games(event.validated_on, job.plan.split.evaluation, job.job.config.target)
        best = self._best.get(self._latest)
        sign = -1.0 if METRICS[metric].higher_is_better else 1.0
        if best is None or sign * event.value < sign * best[0]:
            self._best[self._latest] = (event.value, event.number)

    def _now(self) -> str:
        running = f"running {', '.join(map(str, sorted(self._running)))}" if self._running else ""
        if self._latest is None:
            return running
        value, number = self._best[self._latest]
        _, first, last = self._latest.validation
        where = f" on {first}..{last}" if len(self._best) > 1 else ""
        return "  ".join(filter(None, (running, f"best{where} {value:.4f} (job {number})")))


def _describe_plan(plan: SweepPlan, todo: SweepPlan, workers: int, twice: int) -> str:
    """Return a text such as "sweep of 12 jobs: 6 fits on 3,653 training rows, 2 workers, about 8 s"."""
    left = len(todo.jobs)
    counts = {"completed already": len(plan.jobs) - left, "impossible": len(plan.refused), "asked for twice": twice}
    parts = [format_count(plan.size, "job"), *(f"{count} {what}" for what, count in counts.items() if count)]
    start = f"sweep of {', '.join(parts)}: "
    if not left:
        return f"{start}nothing to fit"
    fits, time = format_count(todo.fits, "fit"), format_time(todo.seconds(workers))
    return f"{start}{fits}{_describe_rows(todo)}, {format_count(workers, 'worker')}, about {time}"


def _describe_rows(todo: SweepPlan) -> str:
    counts = [planned.train_rows for planned in todo.jobs if planned.train_rows is not None]
    if not counts:
        return ""
    low, high = min(counts), max(counts)
    return f" on {low:,} training rows" if low == high else f" on {low:,} to {high:,} training rows"


def format_time(seconds: float) -> str:
    """Return a duration as text, such as 40 s, 1.5 min or 2.0 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
