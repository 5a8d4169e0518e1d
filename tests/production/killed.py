"""Runs commands in a child of their own for each point at which they write, and kills the child right there.

python killed.py FOLDER WORDS...: each folder below FOLDER is named after a command and holds `before`, the outputs to
start from; what each kill leaves is put beside it as `after-<point>`, the last one by a child that lived to its end.
Points are whatever Python asks the operating system to change below the outputs (open for writing, create, rename,
link, remove), seen by an audit hook before it happens; each is told on stderr. The gate writes nothing, so `promote`
asks it once, for real, and the children remember its answer.
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

import breakout.models.base_rate
import breakout.models.catboost
import breakout.models.logistic  # noqa: F401  (imported once, inherited by every child)
from breakout.production.bundle_gate import find_bundle
from breakout.production.promotion import Decision
from breakout.production.registry import Registry
from breakout.programs import production, promote
from breakout.settings import PromoteConfig
from breakout.settings.composition import compose

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
HERE = "paths.outputs=."


def is_change(event: str, args: tuple[Any, ...]) -> bool:
    """Whether an audited event is about to change something below the working folder."""
    if not args or not isinstance(args[0], str | Path):
        return False
    if not os.path.abspath(args[0]).startswith(os.getcwd()):  # noqa: PTH100,PTH109  (cheap, for every event)
        return False
    if event == "open":
        mode, flags = args[1], args[2]
        return any(letter in str(mode or "") for letter in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR))
    return event in CHANGES


def run_until(point: int, command: Callable[[], int]) -> None:
    """In the child: the command, killed for good before the change of that number, or ended with its exit code."""
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
    """The gate's answer, asked in a child, which leaves no threads behind here."""
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
    """`breakout promote WORDS` in the working folder, its words read and its gate asked beforehand."""
    config = compose("promote", (*words, HERE))
    assert isinstance(config, PromoteConfig)
    decision = ask_gate(config)
    promote.ask_gate = lambda *_: decision
    return partial(promote.run, config)


def kill_everywhere(folder: Path, prepare: Callable[[], Callable[[], int]]) -> None:
    """One child a point, until one lives to its end."""
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
        ask = partial(promotion, words) if action == "promote" else partial(partial, production.main, (action, HERE))
        kill_everywhere(below, ask)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
