"""Worker processes: groups of jobs in, words on each job out; a worker that dies takes one job with it, never another.

Workers are forked from a server that has imported everything once (multiprocessing's forkserver), so a worker starts
in milliseconds and shares no threads or locks with the process that plans.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import TYPE_CHECKING

from breakout.sweeps.events import Event
from breakout.sweeps.server import CONTEXT
from breakout.sweeps.shares import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from breakout.sweeps.planning import Group, PlannedJob

GRACE_SECONDS = 10.0  # for a worker that was asked to end to say so in its status.json


@dataclass
class Worker:
    """A process, the pipe to it, its place among the others, the jobs of its group that are not over, where it is."""

    process: ForkServerProcess
    pipe: Connection
    place: int
    group: Group | None = None
    left: list[PlannedJob] = field(default_factory=list)
    current: int | None = None

    def give(self, group: Group) -> None:
        """Begin a group."""
        self.group, self.left, self.current = group, list(group.jobs), None
        self.pipe.send(group)

    def hear(self, event: Event) -> None:
        """Keep account of what it is at."""
        self.current = event.number if event.kind == "started" else None
        if event.kind != "started":
            self.left = [planned for planned in self.left if planned.job.number != event.number]

    def rest(self, failed: int) -> Group | None:
        """What is left of its group without the job that it died of."""
        jobs = tuple(planned for planned in self.left if planned.job.number != failed)
        return replace(self.group, jobs=jobs) if self.group and jobs else None


class Workers:
    """`count` processes that write into the sweep's folder; use as a context, which ends them."""

    def __init__(self, count: int, folder: Path) -> None:
        self._count, self._folder = count, folder
        self._workers: list[Worker] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, groups: Sequence[Group], tell: Callable[[Event], bool]) -> None:
        """Carry out the groups; `tell` hears of every event and says whether to go on."""
        waiting = Waiting(groups, self._count)
        self._start(min(self._count, len(groups)))
        self._give_idle_ones(waiting)
        while any(worker.group for worker in self._workers):
            for worker in self._ready():
                if not self._listen(worker, waiting, tell):
                    return

    def _start(self, count: int) -> None:
        taken = {worker.place for worker in self._workers}
        free = [place for place in range(self._count) if place not in taken]
        for place in free[: count - len(taken)]:
            ours, theirs = CONTEXT.Pipe()
            process = CONTEXT.Process(target=_serve, args=(theirs, self._folder), daemon=True)
            with _main_left_out():
                process.start()
            theirs.close()
            self._workers.append(Worker(process, ours, place))

    def _give_idle_ones(self, waiting: Waiting[Group]) -> None:
        for worker in self._workers:
            if waiting and worker.group is None:
                worker.give(waiting.take(worker.place))

    def _ready(self) -> list[Worker]:
        busy = {worker.pipe: worker for worker in self._workers if worker.group}
        return [busy[pipe] for pipe in wait(list(busy)) if isinstance(pipe, Connection)]

    def _listen(self, worker: Worker, waiting: Waiting[Group], tell: Callable[[Event], bool]) -> bool:
        """Take one message of a worker: an event, None for a group that is done, or the silence of a dead process."""
        try:
            event: Event | None = worker.pipe.recv()
        except (EOFError, ConnectionResetError):
            return self._bury(worker, waiting, tell)
        if event is None:
            worker.group = None
            self._give_idle_ones(waiting)
            return True
        worker.hear(event)
        return tell(event)

    def _bury(self, worker: Worker, waiting: Waiting[Group], tell: Callable[[Event], bool]) -> bool:
        """A worker died: the job it was at has failed, the others of its group are begun again elsewhere."""
        worker.process.join()
        self._workers.remove(worker)
        failed = worker.left[0].job.number if worker.current is None else worker.current
        rest = worker.rest(failed)
        if rest is not None:
            waiting.put_back(rest, worker.place)
        self._start(min(self._count, len(self._workers) + len(waiting)))
        self._give_idle_ones(waiting)
        return tell(Event("failed", failed, told_death(worker.process.exitcode), is_death=True))

    def close(self) -> None:
        """Ask workers to end, which a job says in its status.json, and end those that do not listen."""
        for worker in self._workers:
            worker.pipe.close()
            if worker.group:
                worker.process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        for worker in self._workers:
            worker.process.join(max(0.0, end - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()


@contextmanager
def _main_left_out() -> Iterator[None]:
    """Workers need nothing of the program that began the sweep: a script without a guard would begin it again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _serve(pipe: Connection, folder: Path) -> None:
    """The life of a worker: groups until the pipe ends. Ctrl-C reaches it through the planning process alone."""
    from breakout.sweeps.running import run_group

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("breakout").propagate = False  # a job's log is its own file
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        while True:
            run_group(pipe.recv(), folder, pipe.send)
            pipe.send(None)


def told_death(code: int | None) -> str:
    cause = f"exit code {code}" if code is None or code >= 0 else f"signal {-code}, {signal.Signals(-code).name}"
    return f"its process ended without a word ({cause}): killed, or out of memory."


def default_workers(thread_count: int) -> int:
    """As many as the cores that this process may use, each job with its threads."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // thread_count)
