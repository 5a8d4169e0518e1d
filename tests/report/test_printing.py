"""Values are printed literally: rich interprets no markup in them, and no control character reaches the terminal."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from breakout.cli import main
from breakout.report.terminal.console import PlainConsole, styled, titled_table
from breakout.report.terminal.lines import print_error, print_line
from breakout.safe_text import strip_control_characters
from tests.report.conftest import QUICK

MARKUP = ["[/red]", "[bold]", "[/]", "[link=file:///x]y[/link]", ":warning:", "\\[", "[#ff0000]", "a[1]"]
DANGEROUS = {
    "clear screen": "a\x1b[2Jb",
    "window title": "a\x1b]0;title\x07b",
    "C1 escape": "a\x9b31mb",
    "carriage return": "a\rb",
    "backspace": "a\x08b",
    "right-to-left override": "a\u202eb",
    "isolate": "a\u2066b",
    "line separator": "a\u2028b",
}
TINY = ("debug=tiny", "model.iterations=5", *QUICK)


@pytest.mark.parametrize("value", MARKUP)
def test_markup_in_a_value_is_printed_as_it_is(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    console = PlainConsole(120)
    table = titled_table(f"title {value}", f"heading {value}")
    table.add_row(f"cell {value}")
    console.print(f"line {value}")
    console.print(styled("bold", "bold", f" {value}"))
    console.print_place("run", f"place {value}")
    console.print_warning(f"warned {value}")
    console.print(table)
    printed = capsys.readouterr().out
    for before in ("line", "bold", "place", "warned", "title", "heading", "cell"):
        assert f"{before} {value}" in printed


@pytest.mark.parametrize("value", DANGEROUS.values(), ids=DANGEROUS)
def test_no_control_character_reaches_the_terminal(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    console = PlainConsole(120)
    table = titled_table(value, value)
    table.add_row(value)
    console.print(value, table, styled(value, "bold", value))
    console.print_place(value, value)
    console.print_warning(value)
    print_line(value)
    print_error(value)
    printed = "".join(capsys.readouterr())
    assert strip_control_characters(value)[0] in printed
    assert strip_control_characters(printed) == printed


def test_tabs_newlines_and_letters_of_any_language_stay() -> None:
    text = "Nikola Jokić\tcentrs\n中锋 \N{BASKETBALL AND HOOP} \N{ZERO WIDTH JOINER}"
    assert strip_control_characters(text) == text


def test_markup_is_printed_and_escape_sequences_reach_neither_terminal_nor_log_nor_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = tmp_path / "[bold]o[/red]"
    words = [*TINY, 'hypothesis="[/] and [red] a\x1b[2Jb\u202ec"', f"paths.outputs='{outputs}'"]
    assert main(words) == 0
    assert main([*words, "dry_run=true"]) == 0
    (run,) = (outputs / "runs" / "tiny").iterdir()
    printed = capsys.readouterr().out
    page = (run / "report.html").read_text("utf-8")
    assert f"run: {run}\n" in printed
    assert "hypothesis: [/] and [red] a[2Jbc\n" in printed
    assert "[/] and [red] a[2Jbc" in page
    for text in (printed, page, (run / "run.log").read_text("utf-8")):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_refused_argument_is_printed_without_its_escape_sequences(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["a\x1b[31mb"], ["features", "a\x1b[31mb"], ["features", "--a\x1b[31mb"], ["report", "a\x1b[31mb"]):
        assert main(words) in (2, 3)
        printed = capsys.readouterr().err
        assert "a[31mb" in printed or r"a\x1b[31mb" in printed
        assert "\x1b" not in printed


def test_a_warning_outside_a_run_is_printed_without_escape_sequences() -> None:
    warned = "logging.getLogger('breakout').warning('a\\x1b[31mb')"
    script = f"import logging; from breakout.cli import main; main(['--version']); {warned}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stderr == b"a[31mb\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_that_is_not_utf_8_does_not_fail_a_command(
    encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    words = [*TINY, 'hypothesis="Jokić 中锋"', f"paths.outputs={tmp_path}"]
    assert main([*words, "dry_run=true"]) == 0
    if encoding == "ascii":  # the encoding with the fewest characters
        assert main(words) == 0
    assert main(["Jokić中"]) == 2
    out, err = (stream.detach().getvalue() for stream in streams.values())
    assert b"hypothesis: Joki? " in out
    assert b"Joki?" in err


def closed_pipe() -> int:
    """Return a file descriptor that writes to a pipe whose reader has closed it."""
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize(
    "words",
    [["doctor"], ["--cfg", "job"], [*TINY, "dry_run=true"], ["-m", *TINY, "seed=1,2", "sweep.workers=1"]],
    ids=" ".join,
)
def test_a_reader_that_has_gone_ends_a_command_without_a_complaint(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with os.fdopen(closed_pipe(), "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert main(words) == 141
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", [["--help"], ["features"], ["features", "--json"], [*TINY]], ids=" ".join)
def test_a_reader_that_has_gone_ends_a_process_without_a_complaint(words: list[str], tmp_path: Path) -> None:
    # Unbuffered output would leave nothing for the flush at exit, which fails without `discard_output`.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    with os.fdopen(closed_pipe(), "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "breakout", *words],
            cwd=tmp_path,
            env=env,
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_closed_standard_output_is_no_failure(tmp_path: Path) -> None:
    shell = f"{sys.executable} -m breakout features >&-"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
