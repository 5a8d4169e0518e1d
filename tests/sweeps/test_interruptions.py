"""Sweeps that are cut off: workers and sweeps killed, Ctrl-C, two at the same moment; no finished job is lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from breakout.cli import main
from tests.sweeps.conftest import LONG, QUICK, Start, Swept, assert_same_bits, in_state, predictions, statuses


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_killed_worker_takes_one_job_and_ctrl_c_none_that_is_finished(start: Start) -> None:
    sweep = start(*LONG, "seed=1,2,3,4,5,6", "workers=2")
    victim = sweep.wait_for(lambda found: len(in_state(found, "running")) == 2)[0]
    os.kill(victim["pid"], signal.SIGKILL)
    sweep.wait_for(lambda found: bool(in_state(found, "completed")) and bool(in_state(found, "running")))
    os.killpg(sweep.process.pid, signal.SIGINT)
    code, out = sweep.end()
    assert code == 130
    assert out.rstrip().endswith("breakout: interrupted.")
    found = statuses(sweep.folder)
    (killed,) = in_state(found, "killed")
    assert killed["job"] == victim["job"]
    assert killed["error"].startswith("its process ended without a word (signal 9, SIGKILL)")
    assert f"job {victim['job']} failed (seed=" in out
    assert {status["state"] for status in found} == {"killed", "completed", "interrupted"}
    assert all(is_gone(status["pid"]) for status in found)
    board = Swept(code, out, sweep.folder).board
    assert board["completed"] == len(in_state(found, "completed")) >= 1
    assert len(board["not_completed"]) == 6 - board["completed"]


def test_a_killed_sweep_loses_no_finished_job_and_goes_on_where_it_was(start: Start) -> None:
    sweep = start(*LONG, "seed=1,2,3", "workers=1")
    done = in_state(sweep.wait_for(lambda found: bool(in_state(found, "completed"))), "completed")
    sweep.process.kill()
    sweep.end()
    while not all(is_gone(status["pid"]) for status in statuses(sweep.folder)):
        time.sleep(0.05)  # a worker ends with the job it is at
    before = predictions(sweep.folder)
    assert main([f"resume={sweep.folder}"]) == 0
    found = statuses(sweep.folder)
    assert sorted(status["job"] for status in in_state(found, "completed")) == [0, 1, 2]
    assert done[0]["folder"] in {status["folder"] for status in found}
    after = predictions(sweep.folder)
    assert_same_bits(before, {key: after[key] for key in before})


def test_two_sweeps_at_the_same_moment_share_a_cold_cache_and_nothing_else(start: Start) -> None:
    words = (*QUICK, "model=logistic", "seed=1,2", "hydra.sweep.dir=sweeps/same")
    first, second = start(*words), start(*words)
    assert (first.end()[0], second.end()[0]) == (0, 0)
    one, other = (first.outputs.parent / "sweeps" / name for name in ("same", "same-2"))
    assert len(predictions(one)) == 2
    assert_same_bits(predictions(one), predictions(other))


def test_a_sweep_that_is_running_is_not_resumed_by_another(start: Start, tmp_path: Path) -> None:
    sweep = start(*LONG, "seed=1,2", "workers=1")
    sweep.wait_for(lambda found: bool(in_state(found, "running")))
    assert main([f"resume={sweep.folder}"]) == 2
    assert main(["report", str(sweep.folder)]) == 0, "its table can be read at any time"
    assert len(Swept(0, "", sweep.folder).board["not_completed"]) == 2
    assert not list((tmp_path / "outputs").glob("sweeps/*-2"))
