"""Worker processes that run the jobs of a sweep. If a process dies, only its current job fails.

Workers are forked from the fork server of multiprocessing, which has already imported what jobs need. Workers therefore
start in milliseconds, and share no threads or locks with the planning process.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError
from breakout.experiment.shared_work import SharedWork
from breakout.runs.names import RUNS
from breakout.sweeps.job import JobEvent
from breakout.sweeps.job_folders import completion_of, failure_message, job_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from breakout.sweeps.plan import FitGroup, PlannedJob

# A worker gets some time to record in status.json that its job was interrupted: GRACE_SECONDS if the sweep ends,
# ORPHAN_SECONDS if the planning process has died.
GRACE_SECONDS = 10.0
ORPHAN_SECONDS = 1.0
CONTEXT = multiprocessing.get_context("forkserver")
IMPORTED = (
    "breakout.models.catboost",
    "breakout.sweeps.workers",
    "breakout.training",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.preprocessing",
    "yaml",
)


def start_server() -> None:
    """Start the fork server, which imports the modules that jobs need while this process plans the sweep.

    In the main thread, this call makes the fork server and its workers ignore Ctrl-C. Only the planning process reacts
    to Ctrl-C, and ends the workers. ConfigurationError if the path of the folder for temporary files is too long.
    """
    CONTEXT.set_forkserver_preload(list(IMPORTED))
    is_main = threading.current_thread() is threading.main_thread()
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    try:
        forkserver.ensure_running()
    except OSError as error:
        if "AF_UNIX" not in str(error):
            raise
        raise ConfigurationError(
            "the folder for temporary files (TMPDIR) has too long a path for the sockets of worker processes; "
            "set TMPDIR to a shorter one, such as /tmp."
        ) from error
    finally:
        if is_main:
            signal.signal(signal.SIGINT, previous)


def run_job(planned: PlannedJob, folder: Path, work: SharedWork) -> JobEvent:
    """Run one job in the sweep's folder and return an event that says how the job ended.

    `work` stores the results that the jobs of this process share. An error of the run becomes a failed event, and is
    recorded in the run folder; KeyboardInterrupt is raised again. If `distributions.fail_on_drift` is true, a job
    whose features drifted counts as failed, although its run folder is complete.
    """
    from breakout.features.distributions import check_drift
    from breakout.training import train

    job = planned.job
    try:
        facts = job_facts(job.number, job.overrides)
        run = train(replace(planned.plan, work=work), folder / RUNS, work, facts)
        check_drift(job.config.distributions, run.distributions, run.folder)
        return completion_of(job.number, run.folder, job.config.optimized_metric)
    except Exception as error:  # noqa: BLE001  (a failing job must not end the others)
        return JobEvent("failed", job.number, failure_message(error))


# The results that the jobs of this worker process share. In the planning process, `_WORK` stays empty.
_WORK = SharedWork()


def _run_in_worker(planned: PlannedJob, group: int, iterations: int, folder: Path) -> JobEvent:
    _WORK.begin_group(group, iterations)
    try:
        return run_job(planned, folder, _WORK)
    except KeyboardInterrupt as error:  # raised by SIGTERM too while a job runs
        return JobEvent("failed", planned.number, failure_message(error))


def _begin_worker(lifeline: Connection) -> None:
    logging.getLogger("breakout").propagate = False  # A job logs only into the run.log of its run folder.
    threading.Thread(target=_end_with_planner, args=(lifeline,), daemon=True).start()


def _end_with_planner(lifeline: Connection) -> None:
    """End this worker process when the pipe `lifeline` closes, because the planning process has ended."""
    with suppress(EOFError, OSError):
        lifeline.recv()
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  (nobody reads messages about broken pipes any more)
    os.kill(os.getpid(), signal.SIGTERM)  # A running job then records that it was interrupted.
    time.sleep(ORPHAN_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


class Worker:
    """A worker process, which starts with its first job.

    - `group`: the jobs that the worker runs; None before the first assignment.
    - `left`: the jobs of the group that have not started.
    """

    def __init__(self, folder: Path, lifeline: Connection) -> None:
        self._folder, self._lifeline = folder, lifeline
        self._executor = self._new_executor()
        self._process: BaseProcess | None = None
        self._running: Future[JobEvent] | None = None
        self._current = -1
        self.group: FitGroup | None = None
        self.left: deque[PlannedJob] = deque()

    def take(self, group: FitGroup) -> None:
        self.group, self.left = group, deque(group.jobs)

    def begin_next(self) -> tuple[int, Future[JobEvent]]:
        """Start the next job of the group; return its number, and a `Future` of the event that ends the job.

        ValueError if the worker has no group, IndexError if all jobs of the group have started.
        """
        if self.group is None:
            raise ValueError("a worker without a group has no next job")
        planned = self.left.popleft()
        arguments = planned, self.group.jobs[0].job.number, self.group.iterations, self._folder
        try:
            self._running = self._submit(arguments)
        except BrokenProcessPool:  # The process died while it was idle. A new process runs the job.
            self._executor.shutdown()
            self._executor, self._process = self._new_executor(), None
            self._running = self._submit(arguments)
        self._current = planned.number
        return self._current, self._running

    def _new_executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=CONTEXT, initializer=_begin_worker, initargs=(self._lifeline,))

    def _submit(self, arguments: tuple[PlannedJob, int, int, Path]) -> Future[JobEvent]:
        before = set(multiprocessing.active_children())
        with _without_main_module():
            future = self._executor.submit(_run_in_worker, *arguments)
        if self._process is None:
            (self._process,) = set(multiprocessing.active_children()) - before
        return future

    def end_dead(self) -> JobEvent:
        """Clean up after the process has died; return an event that says that its job failed."""
        self._executor.shutdown()
        code = None if self._process is None else self._process.exitcode
        return JobEvent("failed", self._current, describe_death(code), is_death=True)

    def terminate(self) -> None:
        """Send SIGTERM to the process if it runs a job; the job then records the interruption in status.json."""
        if self._process is not None and self._is_busy:
            self._process.terminate()

    def close(self, deadline: float) -> None:
        """Wait for the running job, and end the process.

        A job that still runs at `deadline`, a time of `time.monotonic`, is killed.
        """
        if self._running is not None:
            wait([self._running], timeout=max(0.0, deadline - time.monotonic()))
        if self._process is not None and self._is_busy:
            self._process.kill()
        self._executor.shutdown()

    @property
    def _is_busy(self) -> bool:
        return self._running is not None and not self._running.done()


class Workers:
    """A pool of `count` worker processes that run jobs in the sweep's folder.

    The end of the pool's `with` block ends the processes.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self._folder = folder
        self._lifeline, self._held = CONTEXT.Pipe(duplex=False)
        self._workers = [self._worker() for _ in range(count)]

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.close(deadline)
        self._held.close()
        self._lifeline.close()

    def run(self, groups: Sequence[FitGroup], report: Callable[[JobEvent], bool]) -> None:
        """Run groups of jobs that share fits, in the given order. One worker runs all jobs of a group.

        `report` is called with every event, and returns whether to continue. Once `report` returns false, no further
        job starts. The end of the `with` block ends the running jobs. If a worker dies, a new worker runs the remaining
        jobs of its group.
        """
        waiting = deque(groups)
        running: dict[Future[JobEvent], int] = {}
        while True:
            for place in set(range(len(self._workers))) - set(running.values()):
                worker = self._workers[place]
                if not worker.left and waiting:
                    worker.take(waiting.popleft())
                if worker.left:
                    number, future = worker.begin_next()
                    running[future] = place
                    report(JobEvent("started", number))
            if not running:
                return
            ended = wait(running, return_when=FIRST_COMPLETED).done
            goes_on = [report(self._outcome(running.pop(future), future)) for future in ended]
            if not all(goes_on):
                return

    def _outcome(self, place: int, future: Future[JobEvent]) -> JobEvent:
        try:
            return future.result()
        except BrokenProcessPool:
            dead, self._workers[place] = self._workers[place], self._worker()
            self._workers[place].group, self._workers[place].left = dead.group, dead.left
            return dead.end_dead()

    def _worker(self) -> Worker:
        return Worker(self._folder, self._lifeline)


@contextmanager
def _without_main_module() -> Iterator[None]:
    """Replace `__main__` by an empty module while a worker process starts.

    Otherwise the worker would import the main module, and a script without `if __name__ == "__main__"` would run again.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def describe_death(code: int | None) -> str:
    """Return the message about a dead worker process with this exit code.

    A negative code is a signal, such as -9 for signal 9. None is an unknown code.
    """
    cause = f"exit code {code}" if code is None or code >= 0 else f"signal {-code}, {signal.Signals(-code).name}"
    return f"its process died ({cause}): killed, or out of memory."


def default_workers(thread_count: int) -> int:
    """Return how many jobs with this number of threads fit on the cores of this process, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // thread_count)
