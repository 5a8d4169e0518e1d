"""One sweep: the words of the command line in, Hydra's sweeper makes the jobs, the exit code out.

0 if every job is completed (in a dry run: can be begun), 1 if one failed. The sweep itself, which knows nothing of
Hydra, is in `breakout.sweeps`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, open_dict

from breakout.cli.job_composition import ROOT, JobComposer, as_written
from breakout.cli.other_launchers import Callbacks, other_launcher
from breakout.cli.tuning import prepare_tuner
from breakout.conf_tree import conf_dir
from breakout.errors import BreakoutError, ConfigurationError
from breakout.settings.composition import HYDRA_VERSION_BASE, explain
from breakout.settings.versions import rename_overrides
from breakout.sweeps.job import Job, Refusal
from breakout.sweeps.record import load_record, locked, new_folder, new_record
from breakout.sweeps.session import DryRunShown, FailedFast, Options, SweepSession

LAUNCHER = "hydra_plugins.breakout_launcher.launcher.BreakoutLauncher"
CACHE_FOLDER = "cache"  # below paths.outputs


class SweepTask:
    """What Hydra's launcher is given for a task function: composes a batch and runs it."""

    def __init__(self, session: SweepSession, composer: JobComposer) -> None:
        self._session, self._composer = session, composer

    def __call__(self, config: DictConfig) -> float:
        """Hydra asks for a function; jobs never come this way."""
        raise NotImplementedError

    def run_batch(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[float | None]:
        """The optimized metric of each job, None of one that failed."""
        composed = [self._composer.compose(first + place, words) for place, words in enumerate(job_overrides)]
        jobs = [job for job in composed if isinstance(job, Job)]
        return self._session.run(jobs, [job for job in composed if isinstance(job, Refusal)])


class UncheckedLoader:
    """Hydra's loader for a sweeper, without the sweeper's own check of each job.

    Sweepers compose every job once only to find errors. One job's error would end the sweep, and the sweep composes
    each job itself.
    """

    def __init__(self, loader: ConfigLoader, hydra_overrides: list[str]) -> None:
        self._loader, self._hydra_overrides = loader, hydra_overrides

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return the sweep's own configuration for any job."""
        del sweep_overrides
        return master_config

    def get_group_options(self, group: str, results_filter: ObjectType | None = ObjectType.CONFIG) -> list[str]:
        """Return the options of a group for glob(), those of its subfolders and of added folders among them."""
        options = self._loader.get_group_options(group, results_filter, ROOT, self._hydra_overrides)
        subgroups = self._loader.get_group_options(group, ObjectType.GROUP, ROOT, self._hydra_overrides)
        nested = [
            f"{name}/{option}"
            for name in subgroups
            for option in self.get_group_options(f"{group}/{name}", results_filter)
        ]
        return [*options, *nested]


def run_sweep(words: Sequence[str]) -> int:
    """Run a sweep to its end, or resume one; Ctrl-C leaves its leaderboard and goes on to the caller."""
    with initialize_config_dir(config_dir=str(conf_dir()), version_base=HYDRA_VERSION_BASE, job_name="breakout"):
        config = compose_sweep(words)
        with sweep_folder(config) as folder, open_dict(config):
            config.hydra.sweep.dir = str(folder)
            return sweep_in(folder, config, words)


def with_first_words(folder: Path, words: Sequence[str]) -> list[str]:
    """`breakout resume=DIR` without -m: the words that the sweep was started with come before those given now."""
    return [*load_record(folder).words, *words]


def compose_sweep(words: Sequence[str]) -> DictConfig:
    """The sweep's own configuration, Hydra's included."""
    try:
        loader = GlobalHydra.instance().config_loader()
        config = loader.load_configuration(ROOT, rename_overrides(words), RunMode.MULTIRUN)
    except Exception as error:
        raise ConfigurationError(explain(error, "train")) from error
    return config


@contextmanager
def sweep_folder(config: DictConfig) -> Iterator[Path]:
    """The folder to resume, a new one, or for a dry run one that is gone afterwards."""
    if config.sweep.resume is not None:
        folder = Path(str(config.sweep.resume)).resolve()
        load_record(folder)
        with locked(folder):
            yield folder
    elif config.dry_run:
        with tempfile.TemporaryDirectory() as scratch:
            yield Path(scratch)
    else:
        folder = new_folder(Path(str(config.hydra.sweep.dir)).resolve())
        with locked(folder):
            yield folder


def sweep_in(folder: Path, config: DictConfig, words: Sequence[str]) -> int:
    """Let Hydra's sweeper make the jobs; whatever ends it, what is done is summed up."""
    from breakout.sweeps.leaderboard import conclude
    from breakout.sweeps.workers import start_server

    is_resumed = config.sweep.resume is not None
    kept = [word for word in words if not word.startswith("sweep.resume=")]
    record = load_record(folder) if is_resumed else new_record(kept)
    options = Options(
        cache=Path(str(config.paths.outputs)).resolve() / CACHE_FOLDER,
        is_dry=bool(config.dry_run),
        is_resumed=is_resumed,
        fail_fast=config.sweep.fail_fast is True,
        workers=config.sweep.workers if isinstance(config.sweep.workers, int) else None,
        launch=other_launcher(config),
    )
    if not options.is_dry and options.launch is None:
        start_server()  # it imports what jobs need while they are planned
    session = SweepSession(folder, record, options)
    code = 0
    try:
        with session:
            let_sweep(session, config)
        session.is_begun |= is_resumed  # a tuner that has no trial left asks for nothing
    except DryRunShown as shown:
        return 0 if shown.is_possible else 1
    except FailedFast:
        pass
    finally:
        if session.is_begun:
            code = conclude(folder)
        elif not is_resumed:
            shutil.rmtree(folder, ignore_errors=True)
    return code


def let_sweep(session: SweepSession, config: DictConfig) -> None:
    """Call Hydra's sweeper with our launcher under it."""
    callbacks: Any = Callbacks(config)
    config.hydra.launcher = {"_target_": LAUNCHER}
    session.options.trials = prepare_tuner(config, session.folder, is_dry=session.options.is_dry)
    loader = GlobalHydra.instance().config_loader()
    task: Any = SweepTask(session, JobComposer(loader, config))
    unchecked: Any = UncheckedLoader(loader, as_written(config.hydra.overrides.hydra))
    context = HydraContext(config_loader=unchecked, callbacks=callbacks)
    if session.options.is_dry and config.hydra.sweeper.get("max_batch_size"):
        config.hydra.sweeper.max_batch_size = None  # the plan that is shown is that of all jobs
    try:
        sweeper = Plugins.instance().instantiate_sweeper(config=config, hydra_context=context, task_function=task)
        sweeper.sweep(arguments=as_written(config.hydra.overrides.task))
    except (BreakoutError, BrokenPipeError, DryRunShown, FailedFast):
        raise
    except Exception as error:
        if session.failed:
            return  # a tuner without a single completed trial ends so
        raise ConfigurationError(explain(error, "train")) from error
