"""A benchmark of importing a whole season of player rows, and of importing it again. Run by `make bench`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from tests.benchmarks.measuring import check_bound, run_measured
from tests.league_frames import write_game_logs

MOST = 10.0  # seconds for a season of 28,110 player rows


@pytest.mark.benchmark
def test_seconds_of_an_import(tmp_path: Path) -> None:
    write_game_logs(tmp_path, date(2024, 10, 1), date(2025, 6, 30))
    command = [sys.executable, "-m", "breakout", "import", "nba_api", "players.csv", "teams.csv", "to=tables"]
    print()
    states = []
    for name in ("a season of 28,110 player rows", "the same files again"):
        check_bound(f"breakout import, {name}", run_measured(command, tmp_path).wall, MOST, " s")
        states.append({path: path.read_bytes() for path in (tmp_path / "tables").rglob("*") if path.is_file()})
    assert states[0] == states[1]
