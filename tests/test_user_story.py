"""A test of a week in the life of a model, from command lines and files of games alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.commands import QUICK, Answer, call
from tests.sample_files import ingest, warehouse_overrides

pytestmark = pytest.mark.usefixtures("audit_once")

AUDIT = ("audit.rows=1", "audit.start=2023-12-05", "audit.end=2023-12-06")  # fast: few games precede them
SCRIPTS = ("train", "production")
TODAY, TOMORROW, LATER = date(2026, 1, 14), date(2026, 1, 15), date(2026, 2, 5)


def run_script(*words: str) -> Answer:
    """Run the installed console script in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    script = str(Path(sys.executable).with_name("breakout"))
    done = subprocess.run([script, *words], env=environment, capture_output=True, text=True, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


class User:
    """A user who runs commands in one folder, with source files below it.

    The first command of each kind in SCRIPTS runs as the console script. All other commands run in this process, which
    calls the same `main` and needs no seconds to start.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.games = folder / "games"
        self.typed: set[str] = set()

    def types(self, *words: str, code: int = 0) -> str:
        """Run a command, check that its exit code is `code`, and return its output on one line."""
        is_first = words[0] in SCRIPTS and words[0] not in self.typed
        answer = (run_script if is_first else call)(*words)
        self.typed.add(words[0])
        assert answer.code == code, answer.out + answer.err
        return " ".join((answer.out + answer.err).split())

    def asks(self, *words: str, code: int = 0) -> str:
        """Run a command on the source files; otherwise as `types`."""
        return self.types(*words, *warehouse_overrides(Path("games")), code=code)

    def trains(self, name: str, train_end: str, *words: str) -> str:
        dates = ("window.train_start=2025-11-02", f"window.train_end={train_end}")
        untested = ("window.eval_start=null", "window.eval_end=null")
        self.asks("train", f"name={name}", *dates, *untested, *QUICK, *words)
        return str(max((self.folder / "outputs/runs" / name).iterdir()) / "bundle")

    def in_production(self) -> str:
        return self.types("production").removeprefix("in production: ").split()[0]


def fingerprint(bundle: str, folder: Path) -> str:
    return str(json.loads((folder / bundle / "manifest.json").read_text())["fingerprint"])


@pytest.mark.slow
def test_train_predict_ingest_evaluate_compare_promote_and_roll_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    user = User(tmp_path)
    ingest(user.games, date(2023, 10, 1), TODAY)

    older = user.trains("older", "2025-12-31", "model=logistic")
    newer = user.trains("newer", str(TODAY), "model=logistic")
    assert "its training ends on 2026-01-14" in user.asks("predict", f"bundle={newer}", f"date={TODAY}", code=2)
    assert "candidates" in user.asks("predict", f"bundle={newer}", f"date={TOMORROW}", "out=tomorrow.csv")
    assert "has no games from 2026-01-15 on" in user.asks("evaluate", f"bundle={newer}", code=3)

    assert "enough later games" in user.asks("promote", f"candidate={newer}", *AUDIT, code=1)
    user.asks("evaluate", f"bundle={older}", "name=older_evaluated", *QUICK)
    user.asks("promote", f"candidate={older}", *AUDIT)
    assert user.in_production() == fingerprint(older, tmp_path)

    ingest(user.games, TOMORROW, LATER)
    user.asks("evaluate", f"bundle={newer}", *QUICK)
    run = max((tmp_path / "outputs/runs/evaluate").iterdir())
    played = pd.read_parquet(run / "predictions.parquet")
    assert played["game_date"].min() == TOMORROW
    slate = pd.read_csv(tmp_path / "tomorrow.csv")
    both = slate.merge(played, on=["player_lookup", "game_id"], suffixes=("_slate", "_played"))
    assert len(both) >= 40
    assert (both["probability_slate"] == both["probability_played"]).all()

    told = user.asks("compare", f"candidate={newer}", "production=outputs/production", *QUICK)
    assert "Candidate minus production" in told
    user.asks("promote", f"candidate={newer}", "audit.rows=1", f"audit.start={LATER}", *QUICK[:1])
    assert user.in_production() == fingerprint(newer, tmp_path)
    assert f"bundle {fingerprint(newer, tmp_path)}" in user.asks(
        "predict", "bundle=outputs/production", "date=2026-02-06"
    )

    user.types("production", "rollback")
    assert user.in_production() == fingerprint(older, tmp_path)
    user.types("production", "rollback", code=2)
    user.types("reproduce", newer, code=1)  # new games were added since, so the data differ
