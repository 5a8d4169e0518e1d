"""Tests of `breakout daily` killed at each write, on a full disk, in two calls at once, and with damaged files."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from breakout import artifacts
from breakout.errors import DataError
from breakout.ledger.store import FolderLedger
from tests.commands import Trained
from tests.ledger.mornings import SECOND, KilledError, Mornings, first_morning, rows_of

REPLACE = Path.replace


@pytest.fixture(scope="module")
def mornings(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Mornings:
    return first_morning(trained, tmp_path_factory.mktemp("mornings"))


@pytest.fixture(scope="module")
def whole(mornings: Mornings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the outputs after both mornings without an interruption."""
    outputs = mornings.copy(tmp_path_factory.mktemp("whole") / "outputs")
    assert mornings.run(outputs, SECOND) == 0
    return outputs


def assert_same(outputs: Path, whole: Path) -> None:
    assert rows_of(outputs) == rows_of(whole)
    names = [{str(path.relative_to(one)) for path in one.rglob("*")} for one in (outputs, whole)]
    assert names[0] == names[1]
    assert (outputs / "ledger" / "report.html").read_bytes() == (whole / "ledger" / "report.html").read_bytes()


@contextmanager
def killed_before_a_write(monkeypatch: pytest.MonkeyPatch, n_written: int) -> Iterator[list[str]]:
    """Raise KilledError when the program has written `n_written` files, before it renames the next temporary file.

    Yield a list, to which the names of the written files and of that next file are added.
    """
    found: list[str] = []

    def replace(beside: Path, target: Path) -> Path:
        found.append(target.name)
        if len(found) <= n_written:
            return REPLACE(beside, target)
        # Leave a temporary file, as a killed process does.
        target.with_name(f".{target.name}.{'0' * 16}{target.suffix}").write_bytes(beside.read_bytes())
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        yield found


def test_killed_between_its_writes_it_ends_as_if_never_killed(
    mornings: Mornings, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = mornings.copy(tmp_path / "outputs")
    next_files: list[str] = []
    while next_files[-1:] != ["report.html"]:
        n_written = min(len(next_files), 1)  # a run first writes the file before which the previous run was killed
        with killed_before_a_write(monkeypatch, n_written) as found, pytest.raises(KilledError):
            mornings.run(outputs, SECOND)
        assert found[:-1] == next_files[-1:]
        next_files.append(found[-1])
    assert len(next_files) == 7  # three tables of source rows, two slates, the grades and the page
    assert mornings.run(outputs, SECOND) == 0
    assert_same(outputs, whole)


def test_a_full_disk_is_named_and_the_next_call_ends_as_if_it_had_never_been_full(
    mornings: Mornings, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = mornings.copy(tmp_path / "outputs")
    before = rows_of(outputs)

    def flush(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(artifacts, "flush", flush)
        with pytest.raises(DataError, match="No space left"):
            mornings.run(outputs, SECOND)
    assert rows_of(outputs) == before
    assert mornings.run(outputs, SECOND) == 0
    assert_same(outputs, whole)


def test_two_calls_at_once_end_as_one(mornings: Mornings, whole: Path, tmp_path: Path) -> None:
    outputs = mornings.copy(tmp_path / "outputs")
    codes: list[int] = []
    calls = [threading.Thread(target=lambda: codes.append(mornings.run(outputs, SECOND))) for _ in range(2)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    assert codes == [0, 0]
    assert_same(outputs, whole)


def test_a_damaged_file_of_entries_is_named_and_the_others_are_graded(
    mornings: Mornings, whole: Path, tmp_path: Path, capsys: Any
) -> None:
    outputs = mornings.copy(tmp_path / "outputs")
    path = min((outputs / "ledger" / "entries").iterdir())
    path.write_bytes(path.read_bytes()[:-40])
    assert mornings.run(outputs, SECOND) == 0
    assert path.name in capsys.readouterr().out.replace("\n", "")
    grades = FolderLedger.of(outputs).read_grades().rows.num_rows
    assert 0 < grades < len(rows_of(whole)[1])


def test_nothing_is_graded_again_while_a_file_of_grades_is_damaged(
    mornings: Mornings, whole: Path, tmp_path: Path, capsys: Any
) -> None:
    outputs = Path(shutil.copytree(whole, tmp_path / "outputs"))
    (path,) = (outputs / "ledger" / "grades").iterdir()
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    assert mornings.run(outputs, SECOND) == 0
    assert path.name in capsys.readouterr().out.replace("\n", "")
    path.write_bytes(content)
    assert mornings.run(outputs, SECOND) == 0
    assert_same(outputs, whole)
