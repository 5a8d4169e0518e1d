"""The comparison of a shadow with production on a day on which the model in production changed."""

from __future__ import annotations

from datetime import timedelta
from math import log

import pytest

from breakout.evaluation.resamples import EvaluationParameters
from breakout.ledger.grading import Which, choose_counted
from breakout.ledger.scoreboard import build_scoreboard
from tests.ledger.entries import MORNING, entry, frame

EVENING = MORNING + timedelta(hours=6)


@pytest.mark.parametrize(("which", "counted"), [("first", 0.2), ("last", 0.25)])
def test_a_game_with_two_models_in_production_counts_once(which: Which, counted: float) -> None:
    rows = frame(
        entry("ann", bundle="shadow", role="shadow", probability=0.3),
        entry("ann", bundle="old", probability=0.2),
        entry("ann", bundle="new", probability=0.25, predicted_at=EVENING),
        entry("bea", bundle="shadow", role="shadow", probability=0.2),
        entry("bea", bundle="new", probability=0.4, predicted_at=EVENING),
    )
    graded = choose_counted(rows, which).assign(outcome="no")
    scores = build_scoreboard(graded, EvaluationParameters(5, 42, 0.95, 5, (), ()), {}, which)
    (found,) = [score.against_production for score in scores if score.role == "shadow"]
    gains = [log(1 - 0.3) - log(1 - counted), log(1 - 0.2) - log(1 - 0.4)]
    assert found is not None
    assert found.days.gain.tolist() == pytest.approx([sum(gains) / 2])
