"""Tests that every command on the pages of docs/ runs, page by page from top to bottom, in a shell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def script(page: Path) -> str:
    """Return all `sh` blocks of a page as one script."""
    return "\n".join(re.findall(r"^```sh\n(.+?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))


PAGES = [page.name for page in sorted(DOCS.glob("*.md")) if script(page)]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(page: str, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(DOCS / page)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]


def test_pages_that_show_commands_are_found() -> None:
    assert {"first_experiment.md", "sweep.md", "going_to_production.md"} <= set(PAGES)


@pytest.mark.parametrize("page", [page.name for page in DOCS.glob("*.md")])
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (DOCS / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (DOCS / link).exists()] == []
