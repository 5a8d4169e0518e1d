"""Features and experiments for notebooks: rows of features, fits in memory, and whole runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from breakout.dataset import build_dataset, labelled_features
from breakout.evaluation.summary import EvaluationResult
from breakout.experiment.evaluating import evaluate_scored, evaluation_parameters
from breakout.experiment.plan import open_plan
from breakout.experiment.windows import FittedRun, fit_windows
from breakout.features.config import BreakoutFeatureConfig
from breakout.runs.record import RunRecord, read_run
from breakout.training import train
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from datetime import date

    from breakout.settings import ExperimentConfig


@dataclass(frozen=True)
class FittedExperiment:
    """An experiment that was fitted in memory.

    `run` holds the model and rows of the experiment's window, or those of each fold of a walk forward. `evaluation` is
    None if the settings have no evaluation window.
    """

    config: ExperimentConfig
    run: FittedRun
    evaluation: EvaluationResult | None

    def predictions(self) -> pd.DataFrame:
        """Return the content of a run's predictions.parquet: validation and evaluation rows with probabilities."""
        return self.run.predictions()


def build_features(config: Any, start: date, end: date) -> pd.DataFrame:
    """Return features of the played games of role players between two dates, from the games before each date.

    Parameters
    ----------
    config
        Settings of `train`, `dataset` or `audit`, from `compose`: they name features, target and warehouse.
    start, end
        First and last game date, both inclusive.

    Returns
    -------
    pandas.DataFrame
        One row for each player and game, sorted by game_date, game_id and player_lookup. The columns are
        player_lookup, game_id, game_date, is_breakout (0 or 1), and the features with their defaults filled.

    Raises
    ------
    DataError
        If the source tables are missing, damaged or hold impossible values.
    """
    with open_for(config, "dataset") as warehouse:
        return labelled_features(build_dataset(warehouse, BreakoutFeatureConfig.from_settings(config), start, end))


def build_slate_features(config: Any, day: date) -> pd.DataFrame:
    """Return features of the players whose teams play on a day, from the schedule and all earlier games.

    Parameters
    ----------
    config
        As in `build_features`.
    day
        The date of the games. The schedule of the warehouse names them.

    Returns
    -------
    pandas.DataFrame
        One row for each player whose latest game this season was for a team that plays, role player or not. The columns
        are the keys, the context of the game (teams, venue, season average, is_role_player), and the features with
        their defaults filled.
    """
    with open_for(config, "predict") as warehouse:
        features = BreakoutFeatureConfig.from_settings(config)
        rows = build_dataset(warehouse, features, day, day, row_source="slate")
    context = rows.context[[column for column in rows.context if column not in rows.X]]
    return pd.concat([rows.keys, context, rows.X], axis=1)


def fit_and_evaluate(config: ExperimentConfig) -> FittedExperiment:
    """Fit and evaluate the settings of an experiment as `breakout train` does, without writing a run.

    Parameters
    ----------
    config
        `compose("train", overrides)`.

    Returns
    -------
    FittedExperiment
        Its model is `run.last.fitted.model`; its metrics with intervals are `metrics_table(fitted.evaluation)`.
    """
    with open_plan(config) as plan:
        run = fit_windows(plan)
        result = None
        if run.rows is not None:
            parameters = evaluation_parameters(config.evaluation, config.seed)
            result = evaluate_scored(run.scored, run.rows, parameters, config.target)
    return FittedExperiment(config, run, result)


def run_experiment(config: ExperimentConfig) -> RunRecord:
    """Train, evaluate and write a run folder as `breakout train` does, and return the run as it is on disk.

    Parameters
    ----------
    config
        `compose("train", overrides)`. Tracking is not started.

    Returns
    -------
    RunRecord
        Its `folder` is what `load_bundle` takes; `metrics` holds the content of metrics.json.
    """
    with open_plan(config) as plan:
        return read_run(train(plan).folder.resolve())
