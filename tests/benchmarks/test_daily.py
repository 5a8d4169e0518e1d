"""Benchmarks of `breakout daily`: CPU seconds with a ledger of half a season, and 200 kills at random points."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import sys
import time
from datetime import UTC, datetime
from datetime import time as clock
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from breakout.bundle.folder import read_bundle
from breakout.ledger.entries import ENTRY_SCHEMA
from breakout.ledger.shadows import Shadows
from breakout.ledger.store import FolderLedger
from breakout.production.registry import EventFacts, Registry
from breakout.warehouse.sample import SAMPLE_FOLDER
from tests.benchmarks.measuring import check_bound, run_measured
from tests.commands import Trained, train
from tests.ledger.mornings import SECOND, Mornings, first_morning, rows_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
KILLS = 200
MODELS = {
    "production": ("model=catboost",),
    "plain": ("model=logistic",),
    "rich": ("model=points", "mode=experimental", "features=form"),
}


def fill_ledger(outputs: Path) -> int:
    """Add entries with random probabilities for 60 players of each date of the season, by every model.

    Each added entry has the feature vector of an entry that the ledger already contains. Return the number of entry
    files.
    """
    ledger = FolderLedger.of(outputs)
    known = ledger.read_entries().rows.to_pandas()
    players = pd.read_parquet(SAMPLE_FOLDER / "player_game_summary.parquet")
    is_used = (players["season_year"] == 2025) & (players["minutes_played"] > 15)
    random_numbers = np.random.default_rng(1)
    for day, rows in players[is_used].groupby("game_date"):
        chosen = rows.head(60).reset_index(drop=True)
        same = ["game_date", "game_id", "player_lookup", "team_abbr", "opponent_team_abbr"]
        for _, model in known.groupby("bundle"):
            entries = model.sample(len(chosen), replace=True, random_state=1).reset_index(drop=True)
            entries[same] = chosen[same]
            entries["predicted_at"] = datetime.combine(day, clock(15), UTC)  # type: ignore[arg-type]
            entries["probability"] = random_numbers.uniform(0.05, 0.4, len(chosen))
            entries[["is_late", "tip_off"]] = False, None
            ledger.add_entries(pa.Table.from_pandas(entries, ENTRY_SCHEMA, preserve_index=False))
    return len(list((ledger.folder / "entries").iterdir()))


def test_cpu_seconds_of_daily_with_two_shadows(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    bundles = [read_bundle(train(outputs, name, *words)) for name, words in MODELS.items()]
    registry = Registry.of(outputs)
    with registry.lock():
        registry.promote(bundles[0], EventFacts(name="production"))
    for bundle in bundles[1:]:
        Shadows.of(outputs).add(bundle)
    command = [sys.executable, "-m", "breakout", "daily", "date=2026-02-06", "daily.max_age_hours=10000"]
    run_measured(command, tmp_path)
    files = fill_ledger(outputs)
    run_measured(command, tmp_path)
    seconds = statistics.median(run_measured(command, tmp_path).cpu for _ in range(3))
    print()
    check_bound(f"CPU of breakout daily, two shadows, {files} slates in the ledger", seconds, 5.0, " s")


def run_and_exit(mornings: Mornings, outputs: Path) -> None:
    """Run the second morning without output, and end this process, which must be a child, with the exit code."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        code = mornings.run(outputs, SECOND)
    os._exit(code)


def test_200_kills_at_random_points_end_as_if_never_killed(tmp_path: Path) -> None:
    source = tmp_path / "first"
    with_models = os.fork()  # a process that uses DuckDB cannot fork later, because a fork has none of its threads
    if not with_models:
        first_morning(Trained(tmp_path / "trained"), source)
        os._exit(0)
    assert os.waitpid(with_models, 0)[1] == 0
    mornings = Mornings.at_folder(source)
    whole = mornings.copy(tmp_path / "whole")
    started = time.perf_counter()
    assert finish(mornings, whole) == 0
    longest = time.perf_counter() - started
    waits, folder, completed = random.Random(1), tmp_path / "killed", 0  # noqa: S311  (no secret)
    for number in range(KILLS):
        outputs = folder / str(number // 5)  # each copy of the first morning is killed five times
        if not outputs.exists():
            mornings.copy(outputs)
        child = os.fork()
        if not child:
            run_and_exit(mornings, outputs)
        time.sleep(waits.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        completed += os.waitpid(child, 0)[1] == 0
        if number % 5 == 4:
            assert finish(mornings, outputs) == 0
            assert rows_of(outputs) == rows_of(whole)
            page = Path("ledger") / "report.html"
            assert (outputs / page).read_bytes() == (whole / page).read_bytes()
            assert not [path for path in (outputs / "ledger").rglob(".*") if path.name != ".lock"]
    print(
        f"\n{KILLS} kills within {longest:.1f} s of the start, {completed} of them after the end; nothing lost or twice"
    )
    assert completed < KILLS / 2


def finish(mornings: Mornings, outputs: Path) -> int:
    """Run the second morning to its end in a child process; return its exit code."""
    child = os.fork()
    if not child:
        run_and_exit(mornings, outputs)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
