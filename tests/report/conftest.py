"""Pages of real runs, and a headless Chromium that records the requests and the console messages of a page."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from breakout.cli import main

JANUARY = "window=january"
QUICK = ("evaluation.bootstrap_resamples=60", "evaluation.permutation_repeats=1", "evaluation.shap_rows=100")
# The overrides of runs whose pages differ.
RUNS = {
    "evaluated": ("model.class_weights=balanced", "evaluation.seeds=2", "hypothesis='Does <b>it</b> hold & why?'"),
    "only_trained": ("window.eval_start=null", "window.eval_end=null", "model=logistic"),
    "one_class": ("target.breakout_multiplier=3", "window.eval_start=2026-02-05", "window.eval_end=2026-02-05"),
    "walked_forward": ("window=walk_forward", "window.eval_start=2025-12-01", "model=logistic", "calibration=sigmoid"),
}


def command(*words: str, code: int = 0) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(list(words)) == code


def newest(outputs: Path, name: str) -> Path:
    return max((outputs / "runs" / name).iterdir())


class Reported(dict[str, Path]):
    """The folders of runs by name: those in RUNS, `scored` (an evaluated bundle) and the sweep `swept`.

    A run is made when its folder is first read.
    """

    def __init__(self, outputs: Path) -> None:
        super().__init__()
        self.outputs = outputs

    def __missing__(self, name: str) -> Path:
        place = (f"paths.outputs={self.outputs}", f"name={name}", *QUICK)
        if name == "swept":
            axes = ("model.depth=2,0", "model.iterations=20,30", "seed=1,2", "window=january,february")
            command("-m", *axes, "sweep.workers=1", *place, code=1)
            self[name] = max((self.outputs / "sweeps").iterdir())
            return self[name]
        if name == "scored":
            command("evaluate", f"bundle={self['only_trained'] / 'bundle'}", *place)
        else:
            command("train", JANUARY, *place, *RUNS[name])
        self[name] = newest(self.outputs, name)
        return self[name]


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    return Reported(tmp_path_factory.mktemp("reported"))


@dataclass
class Opened:
    """A tab of the browser, with the console messages and the requests of the page that is open in it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Opened]:
    """Yield the tab in which a module opens its pages; a new tab for each page takes six times as much CPU."""
    opened = Opened(browser.new_page())
    opened.page.on("console", lambda message: opened.complaints.append(message.text))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("request", lambda request: opened.requests.append(request.url))
    yield opened
    opened.page.close()


@pytest.fixture
def open_page(tab: Opened) -> Open:
    def open_report(path: Path, *, scheme: Literal["light", "dark"] = "light", width: int = 1200) -> Opened:
        tab.page.emulate_media(color_scheme=scheme, media="null")
        tab.page.set_viewport_size({"width": width, "height": 900})
        tab.complaints.clear()
        tab.requests.clear()
        tab.page.goto(path.resolve().as_uri())
        tab.requests.remove(path.resolve().as_uri())
        return tab

    return open_report
