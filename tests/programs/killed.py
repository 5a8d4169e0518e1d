"""Runs a command in a child of its own for each point at which it writes, and kills the child right there.

python killed.py FOLDER WORDS...: FOLDER/before is the state to start from, FOLDER/after-<point> what each kill leaves;
the words name their outputs as OUTPUTS. Points are whatever Python asks the operating system to change below the
outputs (open for writing, create, rename, link, remove), seen by an audit hook before it happens; each is told on
stderr. The gate writes nothing, so `promote` asks it once, for real, and the children remember its answer.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from breakout import production_registry, promote
from breakout.bundle_gate import find_bundle
from breakout.cli import main
from breakout.promotion import Check
from breakout.settings import PromoteConfig
from breakout.settings.composition import compose

CHANGES = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate"}
PROGRAMS = ("production", "models.catboost", "models.logistic", "models.base_rate")


def is_change(event: str, args: tuple[Any, ...], outputs: str) -> bool:
    """Whether an audited event is about to change something below the outputs."""
    if not args or not str(args[0]).startswith(outputs):
        return False
    if event == "open":
        mode, flags = args[1], args[2]
        return any(letter in str(mode or "") for letter in "wax+") or bool(flags & (os.O_WRONLY | os.O_RDWR))
    return event in CHANGES


def run_until(point: int, words: list[str], outputs: str) -> None:
    """In the child: the command, killed for good before the change of that number, or ended with its exit code."""
    seen = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if is_change(event, args, outputs):
            seen += 1
            if seen == point:
                os.write(2, f"{point} {event} {args[0]}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    os._exit(main(words))


def ask_gate_once(words: list[str]) -> None:
    """Ask the gate in a child, which leaves no threads behind here, and let later ones remember the answer."""
    config = compose("promote", words[1:])
    assert isinstance(config, PromoteConfig)
    read, write = os.pipe()
    if not os.fork():
        registry = production_registry.Registry.of(config.paths.outputs)
        checks = promote.ask_gate(config, find_bundle(config.candidate), registry)
        os.write(write, json.dumps([asdict(check) for check in checks]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        remembered = tuple(Check(**check) for check in json.load(answer))
    promote.ask_gate = lambda *_: remembered


def kill_everywhere(folder: Path, words: list[str]) -> None:
    """One child a point, until one lives to its end."""
    for module in PROGRAMS:  # imported once, inherited by every child
        importlib.import_module(f"breakout.{module}")
    if words[0] == "promote":
        ask_gate_once([word.replace("OUTPUTS", str(folder / "before")) for word in words])
    for point in range(1, 1000):
        outputs = folder / f"after-{point:03d}"
        shutil.copytree(folder / "before", outputs)
        child = os.fork()
        if not child:
            run_until(point, [word.replace("OUTPUTS", str(outputs)) for word in words], str(outputs))
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    kill_everywhere(Path(sys.argv[1]), sys.argv[2:])
