"""Tests that a report of a sweep names each damaged file, or shows the same results as before the damage."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from breakout.cli import main
from tests.sweeps.conftest import QUICK, Swept, sweep

FILES = ("metrics.json", "predictions.parquet", "status.json", "settings.yaml", "bundle/manifest.json")
DAMAGES_EACH = 2


def flip(path: Path, draw: random.Random, other: Path) -> None:
    del other
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def truncate(path: Path, draw: random.Random, other: Path) -> None:
    del other
    content = path.read_bytes()
    path.write_bytes(content[: draw.randrange(len(content))])


def delete(path: Path, draw: random.Random, other: Path) -> None:
    del draw, other
    path.unlink()


def swap(path: Path, draw: random.Random, other: Path) -> None:
    del draw
    shutil.copy(other, path)


def edit(path: Path, draw: random.Random, other: Path) -> None:
    """Change one digit of the text."""
    del other
    content = path.read_bytes()
    digits = [match.start() for match in re.finditer(rb"\d", content)]
    place = draw.choice(digits)
    path.write_bytes(content[:place] + str((int(content[place : place + 1]) + 1) % 10).encode() + content[place + 1 :])


DAMAGES: tuple[Callable[[Path, random.Random, Path], None], ...] = (flip, truncate, delete, swap, edit)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    outputs = tmp_path_factory.mktemp("damage")
    return sweep(outputs, *QUICK, "model=logistic", "model.C=0.01,1", "calibration=none,sigmoid")


def board_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    capsys.readouterr()
    code = main(["report", str(folder)])
    board = folder / "leaderboard.json"
    return code, json.loads(board.read_text()) if board.is_file() else {}, capsys.readouterr().err


def results(board: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return the rows of the tables by job, without the values that depend on other jobs."""
    relative = {"rank", "difference", "is_tied", "run", "words", "label", "recipe", "recipe_label"}
    return {
        row["job"]: {key: value for key, value in row.items() if key not in relative}
        for table in board["tables"]
        for row in table["rows"]
    }


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", [*FILES, "sweep.json"])
def test_a_damaged_file_is_named_or_changes_nothing(
    finished: Swept, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, damage: Callable[..., None]
) -> None:
    for seed in range(DAMAGES_EACH):
        draw = random.Random(f"{name}{damage.__name__}{seed}")  # noqa: S311  (no secret)
        folder = Path(shutil.copytree(finished.folder, tmp_path / str(seed)))
        before = results(json.loads((folder / "leaderboard.json").read_text()))
        (folder / "leaderboard.json").unlink()
        runs = sorted((folder / "runs").iterdir())
        run, other = draw.sample(runs, 2)
        path, replacement = (
            (folder / name, other / "metrics.json") if name == "sweep.json" else (run / name, other / name)
        )
        if damage is edit and path.suffix == ".parquet":
            continue
        damage(path, draw, replacement)
        code, board, err = board_of(folder, capsys)
        if code:
            assert code in (2, 3)
            assert name in err
            assert "unexpected" not in err
            continue
        after = results(board)
        assert {job: after[job] for job in after} == {job: before[job] for job in after}
        missing = {row["job"]: row["reason"] for row in board["not_completed"]}
        assert set(after) | set(missing) == set(before)
        assert all(name in reason for reason in missing.values()), missing
