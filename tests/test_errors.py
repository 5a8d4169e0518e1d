"""Tests of errors of the operating system: they end in a message and exit code 3, and leave no half-written file."""

from __future__ import annotations

import errno
import json
import os
import resource
import tempfile
from pathlib import Path

import pytest

from breakout.artifacts import save_text
from breakout.cli import main
from breakout.errors import DataError, as_breakout_error
from breakout.runs import read_status
from tests.commands import call

REFUSALS = (
    "ENOSPC EDQUOT EFBIG EMFILE ENFILE ENAMETOOLONG ELOOP ENOMEM EROFS EACCES EPERM".split()  # noqa: SIM905
)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_of_the_operating_system_is_a_data_error_that_names_the_file(name: str) -> None:
    known = as_breakout_error(OSError(getattr(errno, name), os.strerror(getattr(errno, name)), "there/file"))
    assert isinstance(known, DataError)
    assert "there/file" in str(known)


def test_a_lack_of_memory_or_of_a_temporary_folder_is_a_data_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(as_breakout_error(MemoryError()), DataError)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/dev/null/nowhere"])
    with pytest.raises(FileNotFoundError) as raised:
        tempfile.gettempdir()
    assert "TMPDIR" in str(as_breakout_error(raised.value))


def test_a_fault_of_the_program_is_none_of_these() -> None:
    assert as_breakout_error(RuntimeError("lost")) is None
    assert as_breakout_error(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None


def test_a_loop_of_symbolic_links_and_a_name_too_long_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert main(["report", str(tmp_path / "loop")]) == 3
    assert "loop" in capsys.readouterr().err
    assert main(["report", str(tmp_path / ("x" * 300))]) == 3
    assert "unexpected" not in capsys.readouterr().err
    with pytest.raises(DataError, match="shorter name"):
        save_text("", tmp_path / ("x" * 300))


@pytest.mark.parametrize("kilobytes", [1, 8, 64])
def test_a_limit_on_the_size_of_files_ends_a_run_in_a_sentence_and_shows_no_half_file(
    kilobytes: int, tmp_path: Path
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, before[1]))
    try:
        answer = call("debug=tiny", f"paths.outputs={tmp_path}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (answer.code, "ulimit -f" in answer.err) == (3, True)
    (run,) = (tmp_path / "runs/tiny").iterdir()
    assert read_status(run).state in ("failed", "killed")
    for path in run.rglob("*.json"):
        json.loads(path.read_text())
