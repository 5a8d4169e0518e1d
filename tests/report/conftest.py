"""Pages of real runs, and a headless Chromium that records the requests and the console messages of a page."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

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
            axes = ("model.depth=2,3,0", "model.learning_rate=0.05,0.1", "seed=1,2", "window=january,february")
            command("-m", *axes, "model.iterations=30", *place, code=1)
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
    """A page in the browser, with its console messages and the addresses that it requested."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_report(path: Path, *, scheme: str = "light", width: int = 1200) -> Opened:
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(path.resolve().as_uri())
        opened.requests.remove(path.resolve().as_uri())
        return opened

    yield open_report
    for context in contexts:
        context.close()
