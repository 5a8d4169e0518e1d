"""Tests that other launchers of Hydra, in their local modes, produce the same predictions as worker processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sweeps.conftest import QUICK, Start, assert_same_bits, in_state, newest_sweep, predictions, statuses, sweep

# With validation.fraction=0.999, a job fails while it runs, because too few rows are left to fit on.
WORDS = ("model.depth=2", "model.iterations=20", "validation.fraction=0.15,0.999")
LAUNCHERS = {
    "joblib": (),
    "submitit_local": ("hydra.launcher.timeout_min=2",),
    "ray": ("+hydra.launcher.ray.init.num_cpus=2",),
}


@pytest.fixture(scope="module")
def by_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep(tmp_path_factory.mktemp("processes"), *WORDS).folder


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_another_launcher_gives_the_bits_of_processes_on_this_machine(
    launcher: str, by_processes: Path, start: Start
) -> None:
    swept = start(*QUICK, *WORDS, f"hydra/launcher={launcher}", *LAUNCHERS[launcher])
    code, out = swept.end()
    assert code == 1, out
    assert "2 jobs: 2 fits" in out
    assert "leaves 0 to fit on" in " ".join(out.split())
    folder = newest_sweep(swept.outputs)
    assert [len(in_state(statuses(folder), state)) for state in ("completed", "failed")] == [1, 1]
    assert_same_bits(predictions(by_processes), predictions(folder))
    stray = {path.name for path in swept.outputs.parent.iterdir()} - {"outputs", "script.py"}
    assert stray == set(), "nothing is left beside the outputs"
