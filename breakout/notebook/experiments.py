"""Functions to call in a notebook: build features, fit and evaluate a model in memory, or write a run folder."""

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
    """An experiment that was fitted in memory, without a run folder.

    `run` holds the fitted models and the rows: one model for each fold of a walk forward, and one for any other window.
    `evaluation` is None if the settings have no evaluation window.
    """

    config: ExperimentConfig
    run: FittedRun
    evaluation: EvaluationResult | None

    def predictions(self) -> pd.DataFrame:
        """Return the predictions of the evaluation rows and the validation rows, in the columns of predictions.parquet.

        Validation rows are the rows of the last training dates, predicted by a model that was fitted without them.
        """
        return self.run.predictions()


def build_features(config: Any, start: date, end: date) -> pd.DataFrame:
    """Return the features of role players in played games between two dates, computed from games of earlier dates.

    Parameters
    ----------
    config
        Settings of `train`, `dataset` or `audit`, from `compose`. They name features, target and warehouse.
    start, end
        First and last game date, both inclusive.

    Returns
    -------
    pandas.DataFrame
        One row for each player and game, sorted by game_date, game_id and player_lookup. The columns are player_lookup,
        game_id, game_date, is_breakout (0 or 1), and the features. A missing value of a feature is filled with the
        feature's default.

    Raises
    ------
    ConfigurationError
        If the features, or the settings of the warehouse, cannot be used.
    DataError
        If the source tables are missing, damaged or hold impossible values.
    """
    with open_for(config, "dataset") as warehouse:
        return labelled_features(build_dataset(warehouse, BreakoutFeatureConfig.from_settings(config), start, end))


def build_slate_features(config: Any, day: date) -> pd.DataFrame:
    """Return the features of the players whose teams play on a day, computed from the schedule and earlier games.

    Parameters
    ----------
    config
        Settings of `train`, `dataset` or `audit`, from `compose`. They name features, target and warehouse.
    day
        The date of the games; the schedule of the warehouse lists them.

    Returns
    -------
    pandas.DataFrame
        One row for each player, role player or not, whose latest game of the season was for a team that plays on the
        day. There are no rows on a day without games. The columns are player_lookup, game_id, game_date, the context of
        the game (teams, venue, season average, is_role_player), and the features. A missing value of a feature is
        filled with the feature's default.

    Raises
    ------
    ConfigurationError
        If the features, or the settings of the warehouse, cannot be used.
    DataError
        If the source tables are missing, damaged or hold impossible values.
    """
    with open_for(config, "predict") as warehouse:
        features = BreakoutFeatureConfig.from_settings(config)
        rows = build_dataset(warehouse, features, day, day, row_source="slate")
    context = rows.context[[column for column in rows.context if column not in rows.X]]
    return pd.concat([rows.keys, context, rows.X], axis=1)


def fit_and_evaluate(config: ExperimentConfig) -> FittedExperiment:
    """Fit and evaluate an experiment as `breakout train` does, without writing a run folder.

    Parameters
    ----------
    config
        The settings that `compose("train", overrides)` returns.

    Returns
    -------
    FittedExperiment
        The fitted model is in `run.last.fitted.model`. The function `metrics_table` shows the metrics in `evaluation`,
        which is None if the settings have no evaluation window.

    Raises
    ------
    ConfigurationError
        If the features, the dates, or the settings of model or warehouse cannot be used.
    DataError
        If the warehouse cannot be opened, or its rows cannot be fitted or evaluated.
    """
    with open_plan(config) as plan:
        run = fit_windows(plan)
        result = None
        if run.rows is not None:
            parameters = evaluation_parameters(config.evaluation, config.seed)
            result = evaluate_scored(run.scored, run.rows, parameters, config.target)
    return FittedExperiment(config, run, result)


def run_experiment(config: ExperimentConfig) -> RunRecord:
    """Train, evaluate and write a run folder as `breakout train` does, and return the run as read from its files.

    Parameters
    ----------
    config
        The settings that `compose("train", overrides)` returns. The run is not logged to a tracker,
        even if the settings name one.

    Returns
    -------
    RunRecord
        The run; `load_bundle` accepts its `folder`, and `metrics` is the content of metrics.json.

    Raises
    ------
    ConfigurationError
        If the features, the dates, or the settings of model or warehouse cannot be used.
    DataError
        If the warehouse cannot be opened, if its rows cannot be fitted or evaluated, or if the run cannot be written.
    """
    with open_plan(config) as plan:
        return read_run(train(plan).folder.resolve())
