"""One composed program: a command and its words go in, Hydra composes, the program's exit code comes out."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from breakout.cli.commands import SWEEPING, Command
from breakout.cli.failure import tell
from breakout.cli.words import Words
from breakout.conf_tree import conf_dir
from breakout.errors import ConfigurationError
from breakout.settings import ROOT_CLASSES, load
from breakout.settings.composition import HYDRA_VERSION_BASE, absolute, compose_plain, explain, plain


class Outcome:
    """What became of the jobs, kept outside Hydra, which returns nothing and reports failures its own way."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.error: Exception | None = None
        self.is_sweep = False

    @property
    def has_started(self) -> bool:
        return bool(self.codes) or self.error is not None

    def exit_code(self) -> int:
        """Of a single job its own; of a sweep 1 if any job failed."""
        if self.is_sweep:
            return int(any(self.codes))
        return self.codes[0] if self.codes else 0


def run_composed(command: Command, words: Words) -> int:
    """One run is composed and called here; a sweep of the main job goes to `cli.sweep`, the rest to Hydra.

    Hydra composes everything twice, the first time only to learn whether it is a sweep.
    """
    if command.name == SWEEPING and words.is_sweep:
        return run_sweep([*search_path(words.flags), *words.overrides])
    if words.flags:
        return run_by_hydra(command, words)
    mapping, is_sweep = compose_plain(command.name, words.overrides)
    if command.name == SWEEPING and is_sweep:
        return run_sweep(words.overrides)
    if command.name == SWEEPING and mapping.get("resume") is not None:
        return run_sweep(words.overrides, resumed=Path(str(mapping["resume"])))
    if is_sweep or any(is_for_hydra(word) for word in words.overrides):
        return run_by_hydra(command, words)
    return run_program(command, mapping)


def is_for_hydra(word: str) -> bool:
    return word.lstrip("+~").startswith(("hydra.", "hydra/"))


def search_path(flags: Sequence[str]) -> list[str]:
    """`--config-dir=DIR` as the override that means the same."""
    folders = [Path(flag.partition("=")[2]).resolve() for flag in flags if flag.startswith("--config-dir=")]
    return [f"hydra.searchpath=[{','.join(f'file://{folder}' for folder in folders)}]"] if folders else []


def run_sweep(overrides: Sequence[str], *, resumed: Path | None = None) -> int:
    """A sweep; `resumed` without -m takes up the words that it was started with."""
    from breakout.sweeps.server import warm_up

    warm_up()  # if it is not at it yet
    from breakout.cli import sweep

    return sweep.run_sweep(sweep.with_first_words(resumed, overrides) if resumed else overrides)


def run_by_hydra(command: Command, words: Words) -> int:
    """Let Hydra read the words, and call the program once a job."""
    import hydra

    outcome = Outcome()
    task = hydra.main(config_path=str(conf_dir()), config_name=command.name, version_base=HYDRA_VERSION_BASE)(
        job(command, outcome)
    )
    launcher = [] if command.name == SWEEPING else ["hydra/launcher=basic"]
    with hydra_environment([*words.flags, *launcher, *absolute(words.overrides)]):
        try:
            task()
        except Exception as error:
            if outcome.has_started or isinstance(error, BrokenPipeError):
                raise
            raise ConfigurationError(explain(error, command.name)) from error
    if outcome.error is not None:
        raise outcome.error
    return outcome.exit_code()


def job(command: Command, outcome: Outcome) -> Callable[[Any], int]:
    """The function that Hydra calls; in a sweep a failing job is told at once and does not stop the others."""

    def run_job(config: Any) -> int:
        outcome.is_sweep = is_sweep_job()
        try:
            code = run_program(command, plain(config))
        except Exception as error:  # noqa: BLE001  (kept for `main`, or told as one job of many)
            if not outcome.is_sweep:
                outcome.error = error
                return 1
            code = tell(error, f"job {job_number()}: ")
        outcome.codes.append(code)
        return code

    return run_job


def run_program(command: Command, mapping: dict[str, Any]) -> int:
    """Type the settings, check the features against the mode, and only then import what is heavy."""
    settings: Any = load(ROOT_CLASSES[command.name], mapping)
    if hasattr(settings, "features"):
        selection = importlib.import_module("breakout.features.selection")
        selection.select_features(settings.mode.name, settings.features.names)
    return int(importlib.import_module(command.module).run(settings))


def is_sweep_job() -> bool:
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def job_number() -> str:
    from hydra.core.hydra_config import HydraConfig

    hydra_config = HydraConfig.get()
    return f"{hydra_config.job.num} ({' '.join(hydra_config.overrides.task)})"


@contextmanager
def hydra_environment(words: list[str]) -> Iterator[None]:
    """Hydra reads its words from `sys.argv` and prints errors itself, unless it is told to let them through."""
    argv, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["breakout", *words]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = argv
        if full_error is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error
