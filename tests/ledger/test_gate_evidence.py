"""Tests of the promotion checks that use the ledger: graded games, e-value and bias of the probabilities."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from breakout.errors import DataError
from breakout.ledger import gate_evidence
from breakout.ledger.gate_evidence import CALIBRATED, E_VALUE, GRADED_ENOUGH, check_ledger_evidence
from breakout.ledger.store import FolderLedger
from breakout.settings.composition import compose
from tests.ledger.entries import entry, table

NOW = datetime(2026, 2, 6, 15, tzinfo=UTC)
FIRST = date(2026, 1, 5)
ROWS_A_DAY = 18


def graded(role: str, bundle: str, probability: float | None, dates: int) -> pd.DataFrame:
    """Return graded entries, of which a fifth are breakouts.

    Without `probability` the model is a good one: 0.8 for each breakout, 0.05 for each other entry.
    """
    day = np.repeat(np.arange(dates), ROWS_A_DAY)
    row = np.tile(np.arange(ROWS_A_DAY), dates)
    is_breakout = (row + day) % 5 == 0
    return pd.DataFrame(
        {
            "role": role,
            "bundle": bundle,
            "name": bundle,
            "game_date": [FIRST + timedelta(days=int(number)) for number in day],
            "game_id": [f"game{number}" for number in day],
            "player_lookup": [f"player{number}" for number in row],
            "probability": np.where(is_breakout, 0.8, 0.05) if probability is None else probability,
            "outcome": np.where(is_breakout, "breakout", "no"),
            "predicted_at": NOW,
            "is_late": False,
        }
    )


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that checks the candidate `new` against the model `old` in production.

    It takes graded entries, and returns `is_passed` of each check by name.
    """
    config: Any = compose("promote", ("candidate=x", f"paths.outputs={tmp_path}", "evaluation.bootstrap_resamples=50"))

    def run(*frames: pd.DataFrame, rule: Any = "better", production: str | None = "old") -> dict[str, bool | None]:
        rows = pd.concat(frames, ignore_index=True)
        monkeypatch.setattr(gate_evidence, "grade_counted", lambda *_: rows)
        candidate: Any = SimpleNamespace(fingerprint="new")
        warehouse: Any = None
        found = check_ledger_evidence(candidate, production, rule, warehouse, config, NOW)
        assert all(one.figure for one in found)
        return {one.name: one.is_passed for one in found}

    return run


def test_a_shadow_that_is_better_and_calibrated_passes(check: Any) -> None:
    found = check(graded("shadow", "new", None, 30), graded("production", "old", 0.2, 30))
    assert found == {GRADED_ENOUGH: True, E_VALUE: True, CALIBRATED: True}


def test_a_shadow_that_is_no_better_is_refused_and_a_retrain_need_not_be(check: Any) -> None:
    frames = (graded("shadow", "new", 0.2, 30), graded("production", "old", 0.2, 30))
    assert check(*frames)[E_VALUE] is False
    assert check(*frames, rule="not_worse")[E_VALUE] is None
    assert check(*frames)[CALIBRATED] is True


def test_a_biased_shadow_is_refused(check: Any) -> None:
    assert check(graded("shadow", "new", 0.3, 30), graded("production", "old", 0.2, 30))[CALIBRATED] is False


def test_too_few_games_are_too_early_and_only_those_of_the_present_production_count(check: Any) -> None:
    few = check(graded("shadow", "new", None, 9), graded("production", "old", 0.2, 9))
    assert few == {GRADED_ENOUGH: False, E_VALUE: None, CALIBRATED: None}
    assert check(graded("shadow", "new", None, 30), graded("production", "older", 0.2, 30))[GRADED_ENOUGH] is False
    assert check(graded("other", "new", None, 30), graded("production", "old", 0.2, 30))[GRADED_ENOUGH] is False


def test_a_first_model_is_compared_with_nobody(check: Any) -> None:
    found = check(graded("shadow", "new", None, 30), rule="first_model", production=None)
    assert found == {GRADED_ENOUGH: True, E_VALUE: None, CALIBRATED: True}


def test_a_damaged_file_is_named(check: Any, tmp_path: Path) -> None:
    path = FolderLedger.of(tmp_path).add_entries(table(entry("ann")))
    assert path
    path.write_bytes(b"broken")
    with pytest.raises(DataError, match=path.name):
        check(graded("shadow", "new", None, 30))
