"""Tests of README.md: its `breakout` commands run, and its tables agree with the package."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from breakout.conf_tree import group_options
from tests.commands import QUICK, QUICK_GATE, Trained, call
from tests.test_rooms import ROOMS

pytestmark = pytest.mark.usefixtures("audit_once")

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
# Overrides that are added to a command to make it fast: a plan instead of a fit, few rows, few resamples.
BRIEFLY = {
    "train": ("dry_run=true",),
    # Early dates are the fastest to audit, because few games precede them.
    "audit": ("audit.rows=1", "audit.start=2023-12-05", "audit.end=2023-12-06"),
    "evaluate": QUICK,
    "compare": QUICK[:1],
    "promote": QUICK_GATE,
}


def shown() -> list[str]:
    """Return the command lines of the `sh` blocks, without `breakout` and comments."""
    blocks = re.findall(r"^```sh\n(.+?)^```", README, re.DOTALL | re.MULTILINE)
    lines = [line.partition("#")[0].strip() for line in "\n".join(blocks).splitlines()]
    return [line.removeprefix("breakout ") for line in lines if line.startswith("breakout ")]


@pytest.mark.parametrize("line", shown())
def test_a_command_of_the_readme_runs(
    line: str, trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, run in {"RUN": "default", "OTHER": "logistic"}.items():
        if f"={name}/" in line:
            line = line.replace(f"={name}/", f"={trained[run]}/")
    words = shlex.split(line)
    command = words[0] if words[0] in {*BRIEFLY, "predict"} else "train"
    added = () if words == ["--help"] else BRIEFLY.get(command, ())
    answer = call(*words, *added)
    # The gate may refuse this candidate (1); the command must only run.
    assert answer.code in ({0, 1} if command == "promote" else {0}), answer.err


def test_the_readme_shows_commands() -> None:
    assert len(shown()) >= 10


def test_the_flow_of_the_readme_has_the_order_of_the_imports() -> None:
    (first_line,) = (line for line in README.splitlines() if "settings ──►" in line)
    shown = re.findall(r"\w+", first_line.partition("settings")[2])
    assert len(shown) >= 7
    assert ["settings", *shown] == [room for room in ROOMS if room in {"settings", *shown}]


def test_the_table_of_packages_has_the_order_of_the_imports() -> None:
    table = README.partition("| package or module |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| (`[^|]+)\|", table, re.MULTILINE)
    shown = re.findall(r"`(\w+)(?:/|\.py)`", "".join(named))
    assert len(shown) >= 20
    assert shown == [room for room in ROOMS if room in shown]


def test_every_group_of_the_readme_has_the_options_that_it_names() -> None:
    table = re.findall(r"^\| `(\w+)` \| ((?:`[\w/.]+`(?:, )?)+) \|", README, re.MULTILINE)
    assert len(table) >= 9
    for group, options in table:
        names = [name.removesuffix("/...") for name in re.findall(r"`([^`]+)`", options)]
        there = {option.partition("/")[0] for option in group_options(group)}
        assert set(names) <= there, group
