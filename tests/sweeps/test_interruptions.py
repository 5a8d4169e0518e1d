"""Tests of interrupted sweeps: killed workers, killed sweeps and Ctrl-C; and of two sweeps at the same time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from breakout import settings
from breakout.cli import main
from breakout.runs.status import process_identity
from breakout.settings.composition import compose
from breakout.sweeps.job import Job, JobEvent
from breakout.sweeps.planning import plan_sweep
from breakout.sweeps.workers import Workers, start_server
from tests.conftest import Program
from tests.sweeps.conftest import LONG, QUICK, Start, Swept, assert_same_bits, in_state, predictions, statuses


def is_gone(pid: int) -> bool:
    return process_identity(pid) is None  # None also for a zombie


def wait_until_gone(pids: Iterable[int]) -> None:
    """Wait until all processes have ended; fail after five seconds."""
    left = list(pids)
    for _ in range(100):
        left = [pid for pid in left if not is_gone(pid)]
        if not left:
            return
        time.sleep(0.05)
    raise AssertionError(f"still running: {left}")


def test_a_temporary_folder_with_too_long_a_path_is_refused_in_a_sentence(program: Program, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    done = program("-m", "debug=tiny", "model=base_rate", "seed=1,2", TMPDIR=str(long))
    assert done.returncode in (0, 2), done.stderr
    assert done.returncode == 0 or "TMPDIR" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_that_is_killed_while_idle_costs_no_job(tmp_path: Path) -> None:
    config = compose("train", ["model=base_rate", *QUICK])
    assert isinstance(config, settings.ExperimentConfig)
    plan = plan_sweep([Job(0, (), config, number=0)], tmp_path / "cache")
    events: list[JobEvent] = []

    def report(event: JobEvent) -> bool:
        events.append(event)
        return True

    start_server()
    with Workers(1, tmp_path) as workers:
        workers.run(plan.groups, report)
        (first,) = multiprocessing.active_children()
        first.kill()
        first.join()
        time.sleep(0.5)  # the executor needs a moment to notice the death
        workers.run(plan.groups, report)
    assert [event.kind for event in events] == ["started", "completed"] * 2


def test_a_killed_worker_takes_one_job_and_ctrl_c_none_that_is_finished_and_no_other_process_resumes_meanwhile(
    start: Start,
) -> None:
    sweep = start(*LONG, "seed=1,2,3,4,5,6", "workers=2")
    victim = sweep.wait_for(lambda found: len(in_state(found, "running")) == 2)[0]
    os.kill(victim["pid"], signal.SIGKILL)
    assert main([f"resume={sweep.folder}"]) == 2
    assert main(["report", str(sweep.folder)]) == 0, "its table can be read at any time"
    assert Swept(0, "", sweep.folder).board["not_completed"]
    assert len(list(sweep.outputs.glob("sweeps/*"))) == 1
    sweep.wait_for(lambda found: bool(in_state(found, "completed")) and bool(in_state(found, "running")))
    os.killpg(sweep.process.pid, signal.SIGINT)
    code, out = sweep.end()
    assert code == 130
    assert out.rstrip().endswith("breakout: interrupted.")
    found = statuses(sweep.folder)
    (killed,) = in_state(found, "killed")
    assert killed["job"] == victim["job"]
    assert killed["error"].startswith("its process died (signal 9, SIGKILL)")
    assert f"job {victim['job']} failed (seed=" in out
    assert {status["state"] for status in found} == {"killed", "completed", "interrupted"}
    assert all(is_gone(status["pid"]) for status in found)
    board = Swept(code, out, sweep.folder).board
    assert board["completed"] == len(in_state(found, "completed")) >= 1
    assert len(board["not_completed"]) == 6 - board["completed"]


def test_a_killed_sweep_loses_no_finished_job_and_goes_on_where_it_was(start: Start) -> None:
    sweep = start(*LONG, "seed=1,2", "workers=1")
    done = in_state(sweep.wait_for(lambda found: bool(in_state(found, "completed"))), "completed")
    sweep.process.kill()
    sweep.end()
    wait_until_gone(status["pid"] for status in statuses(sweep.folder))
    assert len(in_state(statuses(sweep.folder), "completed")) == 1, "the worker stops before its job is done"
    before = predictions(sweep.folder)
    assert main([f"resume={sweep.folder}"]) == 0
    found = statuses(sweep.folder)
    assert sorted(status["job"] for status in in_state(found, "completed")) == [0, 1]
    assert done[0]["folder"] in {status["folder"] for status in found}
    after = predictions(sweep.folder)
    assert_same_bits(before, {key: after[key] for key in before})


def test_two_sweeps_at_the_same_moment_share_a_cold_cache_and_nothing_else(start: Start) -> None:
    words = (*QUICK, "model=logistic", "seed=1", "hydra.sweep.dir=sweeps/same")
    first, second = start(*words), start(*words)
    assert (first.end()[0], second.end()[0]) == (0, 0)
    one, other = (first.outputs.parent / "sweeps" / name for name in ("same", "same-2"))
    assert len(predictions(one)) == 1
    assert_same_bits(predictions(one), predictions(other))
