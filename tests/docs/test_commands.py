"""Tests that every command on the pages of docs/ runs, page by page from top to bottom.

A `breakout` command runs in this process. Any other command, and one with a redirection or a pipe, runs in a shell.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import QUICK, call

DOCS = Path(__file__).parents[2] / "docs"
# An audit of early dates is the fastest, because few games precede them.
EARLY_DATES = ("audit.start=2023-12-05", "audit.end=2023-12-06")
# Overrides that make a command fast. They are not added to a command that sets the same key.
BRIEFLY = {
    "train": (*QUICK, "run.write_report=false", "window=january"),
    "-m": (*QUICK, "window=january", "sweep.workers=1"),
    "audit": EARLY_DATES,
    "evaluate": QUICK,
    "compare": QUICK[:1],
    "promote": (*QUICK[:1], *EARLY_DATES),
}
SET_A_WINDOW = {"experiment", "debug", "sweep"}


def commands(page: Path) -> list[str]:
    """Return the commands of all `sh` blocks of a page; a command may span several lines."""
    found, command = [], ""
    for block in re.findall(r"^```sh\n(.+?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            command += line.removesuffix("\\") + ("" if line.endswith("\\") else "\n")
            if not line.endswith("\\") and command.count('"') % 2 == 0:
                found.append(command.strip())
                command = ""
    return [command for command in found if command]


PAGES = [page.name for page in sorted(DOCS.glob("*.md")) if commands(page)]


def run_in_shell(command: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["bash", "-euo", "pipefail", "-c", command]
    done = subprocess.run(shell, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-1500:]}{done.stderr[-1500:]}"


def run_in_process(command: str) -> None:
    """Run a `breakout` command with the overrides of BRIEFLY.

    The exit code must be 0, or 1 if the page allows a refusal with `||`.
    """
    line, _, otherwise = command.partition(" || ")
    words = shlex.split(line, comments=True)[1:]
    keys = {word.partition("=")[0] for word in words}
    keys |= {"window"} if keys & SET_A_WINDOW else set()
    added = BRIEFLY.get("train" if "=" in words[0] else words[0], ())
    answer = call(*words, *(word for word in added if word.partition("=")[0] not in keys))
    assert answer.code in ({0, 1} if otherwise else {0}), f"{command}\n{answer.out[-1500:]}{answer.err[-1500:]}"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in commands(DOCS / page):
        is_plain = command.startswith("breakout ") and not re.search(r"[>`$\n]|(?<!\|)\|(?!\|)", command)
        (run_in_process if is_plain else run_in_shell)(command)


def test_pages_that_show_commands_are_found() -> None:
    assert {"first_experiment.md", "sweep.md", "going_to_production.md"} <= set(PAGES)


@pytest.mark.parametrize("page", [page.name for page in DOCS.glob("*.md")])
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (DOCS / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (DOCS / link).exists()] == []
