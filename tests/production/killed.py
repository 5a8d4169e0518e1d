"""A script that runs a command once for each of its writes, and kills each run just before that write.

Usage: python killed.py FOLDER OVERRIDES...

Each folder below FOLDER is named after a command and contains `before`, an outputs folder. Every run gets a copy of it,
named `after-<point>`, and is a child process. The run of point n is killed before the n-th change of its files. The
last run has fewer changes and ends by itself.

A change is a call of Python to the operating system that opens a file for writing, or creates, renames, links or
removes one. An audit hook sees each change before it happens, and prints the one before which it kills the run. The
checks of `promote` write nothing, so they are run once, and all runs of the command use their result.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import breakout.models.base_rate
import breakout.models.catboost
import breakout.models.logistic  # noqa: F401  (imported once, for all children)
from breakout.production.bundle_gate import find_bundle
from breakout.production.promotion import Decision
from breakout.production.registry import Registry
from breakout.programs import production, promote
from breakout.programs.arguments import compose_allowed
from breakout.settings import PromoteConfig
from breakout.settings.composition import compose

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
HERE = "paths.outputs=."


def is_change(event: str, args: tuple[Any, ...]) -> bool:
    """Return whether an audit event announces a change below the working folder."""
    if not args or not isinstance(args[0], str | Path):
        return False
    if not os.path.abspath(args[0]).startswith(os.getcwd()):  # noqa: PTH100,PTH109  (cheap, for every event)
        return False
    if event == "open":
        mode, flags = args[1], args[2]
        return any(letter in str(mode or "") for letter in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR))
    return event in CHANGES


def run_until(point: int, command: Callable[[], int]) -> None:
    """Run a command, and kill this process before change number `point`; with fewer changes, exit with its code."""
    seen = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if is_change(event, args):
            seen += 1
            if seen == point:
                os.write(2, f"{point} {event} {args[0]}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    os._exit(command())


def ask_gate(config: PromoteConfig) -> Decision:
    """Run the checks of a promotion in a child, because threads that they start would make a later fork unsafe."""
    read, write = os.pipe()
    if not os.fork():
        decision = promote.ask_gate(config, find_bundle(config.candidate), Registry.of(config.paths.outputs))
        os.write(write, pickle.dumps(decision))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answer:
        decision = pickle.load(answer)  # noqa: S301  (written by our own child)
    assert isinstance(decision, Decision)
    return decision


def promotion(words: Sequence[str]) -> Callable[[], int]:
    """Return `breakout promote` in the working folder as a function; settings and checks are computed beforehand."""
    config = compose("promote", (*words, HERE))
    assert isinstance(config, PromoteConfig)
    decision = ask_gate(config)
    promote.ask_gate = lambda *_: decision
    return partial(promote.run, config)


def change_back(action: str) -> Callable[[], int]:
    """Return `breakout production ACTION` in the working folder as a function; settings are composed beforehand."""
    settings = compose_allowed("promote", (HERE,), ("paths.",), "")
    mock.patch.object(production, "compose_allowed", return_value=settings).start()
    return partial(production.main, (action, HERE))


def kill_everywhere(folder: Path, prepare: Callable[[], Callable[[], int]]) -> None:
    """Run a command in a child for each point, until a child ends by itself."""
    os.chdir(folder / "before")
    command = prepare()
    for point in range(1, 1000):
        outputs = folder / f"after-{point:03d}"
        shutil.copytree(folder / "before", outputs)
        os.chdir(outputs)
        child = os.fork()
        if not child:
            run_until(point, command)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            return


def main(folder: Path, words: Sequence[str]) -> None:
    for below in sorted(folder.iterdir()):
        action = below.name.split()[-1]
        kill_everywhere(below, partial(promotion, words) if action == "promote" else partial(change_back, action))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
