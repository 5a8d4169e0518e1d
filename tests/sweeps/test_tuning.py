"""Test of Optuna as sweeper, with its storage in the sweep's folder and a resume after a kill."""

from __future__ import annotations

import optuna
import pytest

from breakout.cli import main
from tests.sweeps.conftest import LONG, Start, Swept, in_state, statuses

TUNED = (
    "hydra/sweeper=optuna",
    "hydra.sweeper.n_trials=3",
    "hydra.sweeper.n_jobs=1",
    "hydra.sweeper.sampler.seed=1",
    "model.depth=range(2,5)",
    "model.learning_rate=interval(0.02,0.2)",
)


@pytest.mark.slow
def test_a_killed_tuning_goes_on_with_what_it_had_learned(start: Start) -> None:
    words = [word for word in LONG if word != "model.depth=6"]
    sweep = start(*words, *TUNED)
    sweep.wait_for(lambda found: len(in_state(found, "completed")) == 1)
    sweep.process.kill()
    assert "tuning by 3 trials, 1 at a time" in sweep.end()[1]
    before = in_state(statuses(sweep.folder), "completed")
    study = optuna.load_study(study_name=sweep.folder.name, storage=f"sqlite:///{sweep.folder / 'optuna.db'}")
    study.ask()  # as after a kill between the start of a trial and its job
    assert main([f"resume={sweep.folder}"]) == 0
    found = statuses(sweep.folder)
    assert len(in_state(found, "completed")) == 3
    assert {status["folder"] for status in before} <= {status["folder"] for status in found}
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    complete = [trial for trial in study.trials if trial.state == optuna.trial.TrialState.COMPLETE]
    assert len({tuple(trial.params.items()) for trial in complete}) == 3
    board = Swept(0, "", sweep.folder).board
    values = [row["value"]["estimate"] for row in board["tables"][0]["rows"]]
    assert sorted(values) == pytest.approx(sorted(trial.value or 0.0 for trial in complete))
    assert main([f"resume={sweep.folder}"]) == 0, "nothing is left to try"
    assert len(statuses(sweep.folder)) == len(found)
