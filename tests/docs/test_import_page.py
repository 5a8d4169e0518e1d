"""A test of the commands of docs/import.md that import files, train and predict, on files like those of nba_api."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path

import pytest

from tests.commands import QUICK, call
from tests.league_frames import league_schedule, write_game_logs

PAGE = Path(__file__).parents[2] / "docs" / "import.md"


def first_commands() -> list[list[str]]:
    block = re.search(r"```bash\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    return [shlex.split(line, comments=True)[1:] for line in block[1].splitlines()]


def test_three_commands_lead_from_files_to_a_ranked_slate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_game_logs(tmp_path, date(2025, 12, 15), date(2026, 2, 5))
    (tmp_path / "schedule.json").write_text(league_schedule(date(2025, 12, 15), date(2026, 2, 12)), encoding="utf-8")
    imported, trained, predicted = first_commands()
    cheap = (*QUICK, "run.write_report=false", "model=logistic")
    for command in (imported, [*trained, *cheap], predicted):
        answer = call(*command)
        assert answer.code == 0, answer.err
    ranks = re.findall(r"^│ (\d+) +│ (\w.+?) +│ \w{3} (?:vs|at) \w{3} ", answer.out, re.MULTILINE)
    assert len(ranks) > 30
    assert [int(rank) for rank, _ in ranks] == list(range(1, len(ranks) + 1))
