"""The run of a sweep, from its overrides to its exit code.

Hydra's sweeper derives the jobs from the overrides. The package `breakout.sweeps` runs the jobs without Hydra.
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
from omegaconf import DictConfig, OmegaConf, open_dict

from breakout.artifacts import save_text
from breakout.cli.job_composition import ROOT, JobComposer, as_written
from breakout.cli.other_launchers import Callbacks, other_launcher
from breakout.cli.tuning import prepare_tuner
from breakout.conf_tree import conf_dir
from breakout.errors import BreakoutError, ConfigurationError
from breakout.safe_text import mask_secrets
from breakout.settings import SweepConfig
from breakout.settings.composition import HYDRA_VERSION_BASE
from breakout.settings.composition_errors import explain
from breakout.settings.loading import group_values
from breakout.settings.versions import rename_overrides
from breakout.sweeps.job import Job, Refusal
from breakout.sweeps.record import load_sweep_record, locked, new_folder, new_record
from breakout.sweeps.session import DryRunShown, FailedFast, Options, SweepSession

LAUNCHER = "hydra_plugins.breakout_launcher.launcher.BreakoutLauncher"
CACHE_FOLDER = "cache"  # the folder in paths.outputs with the cached results of queries
MULTIRUN_FILE = "multirun.yaml"


class SweepTask:
    """The task that Hydra's sweeper calls through the launcher `breakout`: it composes jobs and runs them."""

    def __init__(self, session: SweepSession, composer: JobComposer) -> None:
        self._session, self._composer = session, composer

    def run_batch(self, job_overrides: Sequence[Sequence[str]], first: int) -> list[float | None]:
        """Run one job for each list of overrides, and return the optimized metric of each job.

        A metric is None if the job failed or the metric is undefined. `first` is the number of the first job. The
        errors are:

        - DryRunShown in a dry run.
        - FailedFast if a job failed and `sweep.fail_fast` is set.
        - The error of the first job if no job of the sweep's first batch can start.
        - ConfigurationError if there are no jobs, or if the jobs differ in `optimized_metric`.
        - DataError if the data of a resumed sweep changed, or if a file cannot be written.
        """
        if not job_overrides:
            raise ConfigurationError(self._composer.describe_no_jobs())
        written = self._session.folder / MULTIRUN_FILE  # the sweeper writes overrides, perhaps with secrets, into it
        if written.is_file():
            save_text(mask_secrets(written.read_text(encoding="utf-8")), written)
        composed = [self._composer.compose(first + place, found) for place, found in enumerate(job_overrides)]
        jobs = [job for job in composed if isinstance(job, Job)]
        return self._session.run(jobs, [job for job in composed if isinstance(job, Refusal)])


class UncheckedLoader:
    """Hydra's configuration loader for the sweeper, changed so that it composes no jobs.

    Otherwise the sweeper would compose every job, and an error in one job would end the sweep. `JobComposer` composes
    the jobs later and refuses only the faulty job.
    """

    def __init__(self, loader: ConfigLoader, hydra_overrides: list[str]) -> None:
        self._loader, self._hydra_overrides = loader, hydra_overrides

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Return the sweep's configuration `master_config`, instead of composing the configuration of a job."""
        del sweep_overrides
        return master_config

    def get_group_options(
        self, group: str, results_filter: ObjectType | None = ObjectType.CONFIG, *_: object
    ) -> list[str]:
        """Return the options of a group and of its subfolders; the folders in `hydra.searchpath` are searched too.

        A sweeper calls this method for an override such as `experiment=glob(*)`. If `results_filter` is GROUP,
        subfolders are returned instead of options; if None, both.
        """
        # If the root file and the overrides are passed, Hydra composes them to find the folders in hydra.searchpath.
        # That is slow, so they are passed only if an override sets hydra.searchpath.
        added = (ROOT, self._hydra_overrides) if any("searchpath" in text for text in self._hydra_overrides) else ()
        options = self._loader.get_group_options(group, results_filter, *added)
        subgroups = self._loader.get_group_options(group, ObjectType.GROUP, *added)
        nested = [
            f"{name}/{option}"
            for name in subgroups
            for option in self.get_group_options(f"{group}/{name}", results_filter)
        ]
        return [*options, *nested]


def run_sweep(overrides: Sequence[str]) -> int:
    """Run a sweep, or resume it if the overrides set `sweep.resume`, and return the exit code.

    The exit code is 0 if every job is completed and no job failed the test for drift (changed distributions of
    features), else 1. In a dry run it is 0 if every job can start, else 1. After Ctrl-C a leaderboard of the
    completed jobs is written before KeyboardInterrupt is raised.

    - ConfigurationError for invalid overrides, or if no job of the sweep can start.
    - DataError if the folder of the sweep cannot be written, or if a resumed sweep has a damaged record or changed
      data.
    """
    with initialize_config_dir(config_dir=str(conf_dir()), version_base=HYDRA_VERSION_BASE, job_name="breakout"):
        config = compose_sweep(overrides)
        chosen = sweep_settings(config)
        with sweep_folder(config, chosen.resume) as folder, open_dict(config):
            config.hydra.sweep.dir = str(folder)
            return _run_in(folder, config, chosen, overrides)


def compose_sweep(overrides: Sequence[str]) -> DictConfig:
    """Return the configuration of the sweep itself, with the node `hydra`.

    Overrides with several values, such as `seed=1,2`, are not applied. ConfigurationError for invalid overrides.
    """
    loader = GlobalHydra.instance().config_loader()
    try:
        return loader.load_configuration(ROOT, rename_overrides(overrides), RunMode.MULTIRUN)
    except Exception as error:
        raise ConfigurationError(explain(error, ROOT)) from error


def sweep_settings(config: DictConfig) -> SweepConfig:
    """Return the typed settings of the group `sweep`; ConfigurationError for an invalid value."""
    try:  # only this group is resolved, because others may refer to a value of a job, such as ${hydra:job.num}
        values: Any = OmegaConf.to_container(config.sweep, resolve=True)
    except Exception as error:
        raise ConfigurationError(explain(error, ROOT)) from error
    return SweepConfig(**group_values(SweepConfig, values, "sweep"))


@contextmanager
def sweep_folder(config: DictConfig, resumed: str | None) -> Iterator[Path]:
    """Lock and yield the folder of the sweep: `resumed`, or a new folder if `resumed` is None.

    A new sweep that is a dry run gets a temporary folder, which is removed at the end of the block.

    - ConfigurationError if `resumed` is not the folder of a sweep, or if that sweep is still running.
    - DataError if the record of the resumed sweep is damaged, or if the new folder cannot be created.
    """
    if resumed is not None:
        folder = Path(resumed).resolve()
        load_sweep_record(folder)
        with locked(folder):
            yield folder
    elif config.dry_run:
        with tempfile.TemporaryDirectory() as scratch:
            yield Path(scratch)
    else:
        folder = new_folder(Path(str(config.hydra.sweep.dir)).resolve())
        with locked(folder):
            yield folder


def _run_in(folder: Path, config: DictConfig, chosen: SweepConfig, overrides: Sequence[str]) -> int:
    """Run a sweep in its folder and return its exit code.

    A leaderboard of the completed jobs is written even after an error, but not in a dry run. If a new sweep ends before
    its first jobs are planned, its folder is removed instead.
    """
    from breakout.sweeps.leaderboard import conclude
    from breakout.sweeps.workers import start_server

    is_resumed = chosen.resume is not None
    kept = [mask_secrets(found) for found in overrides if not found.startswith("sweep.resume=")]
    record = load_sweep_record(folder) if is_resumed else new_record(kept)
    options = Options(
        cache=Path(str(config.paths.outputs)).resolve() / CACHE_FOLDER,
        is_dry=bool(config.dry_run),
        is_resumed=is_resumed,
        fail_fast=chosen.fail_fast,
        workers=chosen.workers,
        launch=other_launcher(config),
    )
    if not options.is_dry and options.launch is None:
        start_server()  # the server process imports the modules of a fit while this process plans the jobs
    session = SweepSession(folder, record, options)
    code = 0
    try:
        with session:
            _run_sweeper(session, config)
        # A resumed sweep whose tuner has no trials left plans no jobs, but its leaderboard must be written too.
        session.is_begun |= is_resumed
    except DryRunShown as shown:
        return 0 if shown.is_possible else 1
    except FailedFast:
        pass
    finally:
        if session.is_begun:
            code = conclude(folder, session.trackers)
        elif not is_resumed:
            shutil.rmtree(folder, ignore_errors=True)
    return code


def _run_sweeper(session: SweepSession, config: DictConfig) -> None:
    """Run the configured sweeper of Hydra, whose jobs reach `session` through the launcher `breakout`.

    ConfigurationError if the sweeper refuses its settings or the overrides. After a job has failed, exceptions of the
    sweeper are ignored, because the session has recorded the failure.
    """
    callbacks: Any = Callbacks(config)
    config.hydra.launcher = {"_target_": LAUNCHER}
    session.options.trials = prepare_tuner(config, session.folder, is_dry=session.options.is_dry)
    loader = GlobalHydra.instance().config_loader()
    unchecked: Any = UncheckedLoader(loader, as_written(config.hydra.overrides.hydra))
    task: Any = SweepTask(session, JobComposer(unchecked, config))
    context = HydraContext(config_loader=unchecked, callbacks=callbacks)
    if session.options.is_dry and config.hydra.sweeper.get("max_batch_size"):
        config.hydra.sweeper.max_batch_size = None  # a dry run prints one plan, so it needs all jobs at once
    try:
        sweeper = Plugins.instance().instantiate_sweeper(config=config, hydra_context=context, task_function=task)
        sweeper.sweep(arguments=as_written(config.hydra.overrides.task))
    except (BreakoutError, BrokenPipeError, DryRunShown, FailedFast):
        raise
    except Exception as error:
        if session.failed:
            return  # Optuna raises if no trial completed; the session has recorded why
        raise ConfigurationError(explain(error, ROOT)) from error
