"""Functions that run commands in this process, and the trained runs that tests share."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from breakout.artifacts import file_lock
from breakout.bundle.folder import read_bundle
from breakout.cli import main
from breakout.production.registry import Registry

# Overrides for a run that is seconds faster, with the same probabilities: fewer resamples, no feature importance.
QUICK = (
    "evaluation.bootstrap_resamples=40",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
)
# The window with ten weeks of training; the default window has two and a half seasons.
JANUARY = ("window=january",)
# Overrides for a quick promotion gate: an audit of a few rows on two dates, and fewer resamples.
QUICK_GATE = ("audit.rows=1", "audit.start=2026-02-04", "evaluation.bootstrap_resamples=40")


@dataclass(frozen=True)
class Answer:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


Breakout = Callable[..., Answer]


def call(*arguments: str | Path) -> Answer:
    """Run one command line in this process, without the word `breakout`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


def newest_run(outputs: Path, name: str) -> Path:
    return max((outputs / "runs" / name).iterdir())


def train(outputs: Path, name: str, *overrides: str) -> Path:
    """Train a quick run and return its folder."""
    answer = call(
        "train", f"name={name}", f"paths.outputs={outputs}", "write_report=false", *JANUARY, *QUICK, *overrides
    )
    assert answer.code == 0, answer.err
    return newest_run(outputs, name)


def promote(candidate: Path, outputs: Path, *overrides: str) -> Answer:
    return call("promote", f"candidate={candidate}", f"paths.outputs={outputs}", *QUICK_GATE, *overrides)


def fingerprint(run: Path) -> str:
    return read_bundle(run).fingerprint


def current(outputs: Path) -> str | None:
    return Registry.of(outputs).current()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ONLY_TRAINS = ("window.eval_start=null", "window.eval_end=null")
ENDS_EARLIER = ("window.train_end=2026-01-03", "window.eval_start=2026-01-04")
SETTINGS = {
    "default": (),
    "refit": (),  # a second run with the default settings
    "logistic": ("model=logistic",),
    "base_rate": ("model=base_rate",),
    "narrow": ("target.max_ppg=14",),  # another points band, and so another contract
    "untested": ("model=logistic", "seed=7", *ONLY_TRAINS),
    "earlier": ("model=logistic", *ENDS_EARLIER),
    "earlier_base_rate": ("model=base_rate", *ENDS_EARLIER),
    "experimental": ("mode=experimental", "features.names=[points_avg_season,cv_ratio]"),
    "reported": ("model=logistic", "mode=experimental", "features.names=[points_avg_season,team_points_out]"),
    "calibrated": ("calibration=isotonic",),
    "walk": ("window=walk_forward", "window.folds=2"),
    "points": ("model=points", "model.iterations=20", "model.spread_iterations=5"),
}


class Trained(dict[str, Path]):
    """A dict of run folders by their names in SETTINGS, which trains a run when its name is first looked up.

    Tests share the folders, so they must not write into them. The test processes of a suite share them too.
    """

    def __init__(self, outputs: Path) -> None:
        super().__init__()
        self.outputs = outputs

    def __missing__(self, name: str) -> Path:
        with file_lock(self.outputs / f"{name}.lock"):
            done = self.outputs / f"{name}.done"  # a failed training leaves a folder too
            if not done.exists():
                train(self.outputs, name, *SETTINGS[name])
                done.touch()
        self[name] = newest_run(self.outputs, name)
        return self[name]
