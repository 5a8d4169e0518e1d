"""The runner of commands whose settings Hydra composes."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from breakout.cli.arguments import Arguments
from breakout.cli.commands import SWEEPING, Command
from breakout.cli.failure import print_failure
from breakout.conf_tree import conf_dir
from breakout.errors import ConfigurationError
from breakout.report.terminal.lines import log_on_stderr
from breakout.safe_text import mask_secrets
from breakout.settings import ROOT_CLASSES, load
from breakout.settings.composition import HYDRA_VERSION_BASE, compose_config, is_sweep, plain, resolve
from breakout.settings.composition_errors import explain
from breakout.settings.config_dirs import register_user_files, search_path_overrides
from breakout.settings.references import resolve_references
from breakout.settings.versions import rename_overrides


class Outcome:
    """The exit codes of the jobs that `hydra.main` ran, and the error of a job that is not part of a sweep.

    The jobs store their results here, because `hydra.main` returns nothing.
    """

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.error: Exception | None = None
        self.is_sweep = False

    @property
    def has_started(self) -> bool:
        return bool(self.codes) or self.error is not None

    def exit_code(self) -> int:
        """Return the exit code of a single job, or 0 if no job ran. For a sweep, return 1 if any job failed, else 0."""
        if self.is_sweep:
            return int(any(self.codes))
        return self.codes[0] if self.codes else 0


def run_composed(command: Command, arguments: Arguments) -> int:
    """Run a command, or a sweep of it, with the settings that Hydra composes, and return the exit code.

    ConfigurationError for invalid settings. The error of a command is raised; in a sweep, the error of a job is
    printed.
    """
    register_user_files()
    overrides = [*search_path_overrides(arguments.config_dirs), *rename_overrides(arguments.overrides)]
    check_one_search_path(overrides)
    is_train = command.name == SWEEPING
    if arguments.hydra_flags or (arguments.is_multirun and not is_train):
        return run_by_hydra(command, arguments, overrides)
    check_ignored_by_hydra(overrides, IGNORED_IN_SWEEPS if arguments.is_multirun else IGNORED)
    if arguments.is_multirun:
        return start_sweep(overrides)
    composed = compose_config(command.name, overrides)
    if is_sweep(composed):
        return start_sweep(overrides) if is_train else run_by_hydra(command, arguments, overrides)
    check_ignored_folder(composed)
    mapping = resolve(composed, command.name)
    resumed = resolve_references(mapping)[0]["sweep"]["resume"] if is_train else None
    if resumed is not None:
        return start_sweep(overrides, resumed=Path(str(resumed)))
    from hydra.core.utils import configure_log

    configure_log(composed.hydra.job_logging, composed.hydra.verbose)
    with log_on_stderr(is_on=bool(composed.hydra.verbose)):
        return run_program(command, mapping)


def check_one_search_path(overrides: Sequence[str]) -> None:
    """Raise ConfigurationError if `--config-dir` and `hydra.searchpath=` are both given.

    Both become overrides of hydra.searchpath, and Hydra would use only the first.
    """
    if sum(override.lstrip("+").startswith("hydra.searchpath=") for override in overrides) > 1:
        raise ConfigurationError(
            "--config-dir and hydra.searchpath= exclude each other: repeat --config-dir for each folder."
        )


# Hydra's keys that begin with one of these texts have no effect in this program; each text maps to a remedy.
# IGNORED is for single runs, IGNORED_IN_SWEEPS for sweeps; both contain IGNORED_ALWAYS.
IGNORED_ALWAYS = {
    "hydra.run.": "runs are written below paths.outputs; type paths.outputs=DIR",
    "hydra.job.num": "only jobs of a sweep are numbered, from 0; leave it out",
    "hydra.job.id": "only jobs of a sweep have an id, their number; leave it out",
    "~hydra": "Hydra composes the configuration; leave it out",
}
IGNORED_IN_SWEEPS = IGNORED_ALWAYS | {"hydra.verbose": "each job of a sweep writes its own run.log; leave it out"}
IGNORED = IGNORED_ALWAYS | {
    "hydra.output_subdir": "a run keeps its settings in settings.yaml; leave it out",
    "hydra.job.chdir": "paths count from where the command is typed; type paths.outputs=DIR",
    "hydra.job.env_set": "set environment variables in the shell",
    "hydra.job_logging": "a run writes its own run.log; hydra.verbose=true prints it too",
    "hydra.hydra_logging": "a run writes its own run.log; hydra.verbose=true prints it too",
    "hydra/job_logging": "a run writes its own run.log; hydra.verbose=true prints it too",
    "hydra/hydra_logging": "a run writes its own run.log; hydra.verbose=true prints it too",
    "hydra.callbacks": "callbacks of Hydra are not called for a single run",
    "hydra/callbacks": "callbacks of Hydra are not called for a single run",
}


def check_ignored_by_hydra(overrides: Sequence[str], ignored: Mapping[str, str]) -> None:
    """Raise ConfigurationError if an override sets a key of Hydra that has no effect.

    `ignored` maps the beginning of each such key to a remedy.
    """
    for override in overrides:
        key = override.lstrip("+").partition("=")[0]
        for prefix, remedy in ignored.items():
            if key.startswith(prefix):
                raise ConfigurationError(f"{key} has no effect: {remedy}.")


def check_ignored_folder(composed: Any) -> None:
    """Raise ConfigurationError if a configuration file sets `hydra.run.dir`, which has no effect in this program."""
    if composed.hydra.run.dir != ".":
        raise ConfigurationError(f"hydra.run.dir has no effect: {IGNORED['hydra.run.']}.")


def start_sweep(overrides: Sequence[str], *, resumed: Path | None = None) -> int:
    """Run a new sweep of train, or resume the sweep in the folder `resumed`, and return the exit code.

    A resumed sweep first gets the overrides that started it, then `overrides`.

    - ConfigurationError for invalid overrides, if no job can start, or if `resumed` is no sweep.
    - ConfigurationError if the resumed sweep is still running.
    - DataError if the folder cannot be written, or if a resumed sweep has a damaged record or changed data.
    """
    from breakout.cli.sweep import run_sweep
    from breakout.sweeps.record import load_sweep_record

    # The new overrides come last, because a later override takes precedence over an earlier one.
    return run_sweep([*load_sweep_record(resumed).overrides, *overrides] if resumed else overrides)


def run_by_hydra(command: Command, arguments: Arguments, overrides: Sequence[str]) -> int:
    """Let `hydra.main` parse the arguments and call the command once for each job; return the exit code.

    For a flag such as `--cfg`, `hydra.main` prints its answer and runs no job. ConfigurationError if Hydra refuses the
    arguments. The error of a single job is raised; in a sweep, the error of a job is printed.
    """
    import hydra

    outcome = Outcome()
    task = hydra.main(config_path=str(conf_dir()), config_name=command.name, version_base=HYDRA_VERSION_BASE)(
        job(command, outcome)
    )
    multirun = ["--multirun"] if arguments.is_multirun else []
    launcher = [] if command.name == SWEEPING else ["hydra/launcher=basic"]
    with hydra_environment([*arguments.hydra_flags, *multirun, *launcher, *overrides]), masked_output(arguments):
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
    """Return the function that Hydra calls for each job; it stores the job's exit code or error in `outcome`.

    In a sweep, the function prints the error of a failed job, so that the other jobs still run.
    """
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    def run_job(config: Any) -> int:
        hydra_config = HydraConfig.get()
        outcome.is_sweep = hydra_config.mode == RunMode.MULTIRUN
        try:
            try:
                mapping = plain(config)
            except Exception as error:
                raise ConfigurationError(explain(error, command.name)) from error
            with log_on_stderr(is_on=bool(hydra_config.verbose)):
                code = run_program(command, mapping)
        except Exception as error:  # noqa: BLE001  (stored for the caller, or printed if it is one job of a sweep)
            if not outcome.is_sweep:
                outcome.error = error
                return 1
            overrides = " ".join(hydra_config.overrides.task)
            code = print_failure(error, f"job {hydra_config.job.num} ({overrides}): ")
        outcome.codes.append(code)
        return code

    return run_job


def run_program(command: Command, mapping: dict[str, Any]) -> int:
    """Run a command's module with the typed settings of `mapping`, and return the exit code.

    The settings and the list of features are checked first, because the import of the module may be slow.
    ConfigurationError if they are invalid. Errors of the command are raised.
    """
    settings: Any = load(ROOT_CLASSES[command.name], mapping)
    if hasattr(settings, "features"):
        importlib.import_module("breakout.features.config").BreakoutFeatureConfig.from_settings(settings)
    return int(importlib.import_module(command.module).run(settings))


@contextmanager
def masked_output(arguments: Arguments) -> Iterator[None]:
    """Mask passwords and tokens in the output of the block if `arguments` has `--cfg` or `--info`.

    These flags print the overrides, which may contain secrets. The masked text is printed at the end of the block.
    """
    if not any(flag.startswith(("--cfg", "--info")) for flag in arguments.hydra_flags):
        yield
        return
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            yield
    finally:
        sys.stdout.write(mask_secrets(printed.getvalue()))


@contextmanager
def hydra_environment(arguments: list[str]) -> Iterator[None]:
    """Set `sys.argv`, which `hydra.main` reads, and make Hydra raise errors instead of printing them.

    Both changes are undone at the end of the block.
    """
    argv, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["breakout", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = argv
        if full_error is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error
