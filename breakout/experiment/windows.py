"""The fits of a planned run, and the probabilities of its evaluation rows.

Each window (training dates and, unless the run only trains, later evaluation dates) has its own fit. A walk forward has
one window for each fold; any other run has one window.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.coverage import coverage_warnings, describe_history
from breakout.errors import DataError
from breakout.experiment.evaluating import predictions_frame, score_rows
from breakout.experiment.fitting import Fitted, check_training_rows, fit_experiment, split_parts
from breakout.experiment.plan import check_evaluation_count
from breakout.experiment.shared_work import SharedWork
from breakout.split import DateRange, Fold, Split, date_mask, folds_with_games, select_dates

if TYPE_CHECKING:
    from breakout.dataset import Dataset
    from breakout.experiment.evaluating import ScoredRows
    from breakout.experiment.plan import RunPlan

logger = logging.getLogger("breakout")


@dataclass(frozen=True)
class FittedWindow:
    """One window of a run: its fit, its training rows, and its evaluation rows with their predictions.

    `scored` is None in a run that only trains. `fold` is None unless the run is a walk forward.
    """

    split: Split
    train: Dataset
    fitted: Fitted
    scored: ScoredRows | None
    fold: Fold | None = None

    @property
    def evaluation(self) -> Dataset | None:
        """The evaluation rows; None in a run that only trains."""
        return None if self.scored is None else self.scored.rows


@dataclass(frozen=True)
class FittedRun:
    """The fitted windows of a run in order of time: one per fold of a walk forward, one for any other run.

    - `rows`: the evaluation rows of all windows; None if the run only trains.
    - `source_warnings`: warnings about games whose rows in two source tables contradict each other.

    The last window provides the saved model, SHAP values (contributions to a prediction), feature drift and the
    stability over seeds.
    """

    windows: tuple[FittedWindow, ...]
    rows: Dataset | None
    source_warnings: tuple[str, ...]

    @property
    def coverage_warnings(self) -> tuple[str, ...]:
        """The warnings about flawed games, and about features that are missing in most rows.

        A game is flawed if its rows in two source tables contradict each other. Missing features are counted in the
        training rows of the last window, and in the evaluation rows of all windows.
        """
        return self.source_warnings + coverage_warnings(parts_of(self.last.train, self.rows))

    @property
    def scored(self) -> list[ScoredRows]:
        """The evaluation rows of each window with their predictions, in order of time; empty if the run only trains."""
        return [window.scored for window in self.windows if window.scored is not None]

    @property
    def last(self) -> FittedWindow:
        """The last window, whose model is saved."""
        return self.windows[-1]

    def predictions(self) -> pd.DataFrame:
        """Return the content of predictions.parquet, one row for each validation or evaluation row of a window.

        Validation rows are the rows of the last training dates, predicted by a model that was fitted without them. In a
        walk forward the column `fold` names the window. Several windows may contain the same game as a validation row.
        """
        frames = []
        for window in self.windows:
            fitted = window.fitted
            parts = [predictions_frame("validation", fitted.validation, fitted.validation_probability)]
            if window.scored is not None:
                parts.append(window.scored.predictions())
            frame = pd.concat(parts, ignore_index=True)
            frames.append(frame if window.fold is None else frame.assign(fold=window.fold.label))
        return pd.concat(frames, ignore_index=True)


def parts_of(train: Dataset, evaluation: Dataset | None) -> dict[str, Dataset]:
    return {"training": train} | ({} if evaluation is None else {"evaluation": evaluation})


def fit_windows(plan: RunPlan, work: SharedWork | None = None) -> FittedRun:
    """Build the rows of a plan, fit every window, and predict its evaluation rows.

    Several jobs of a sweep can share results through `work`.

    DataError if the source tables or the rows of a window cannot be used, or if the evaluation dates of the plan have
    no rows. ConfigurationError if a feature cannot be computed from the configured tables, or if the model cannot be
    fitted with its settings.
    """
    work = work or SharedWork()
    windows, rows = _fit_folds(plan, work) if plan.folds else _fit_one(plan, work)
    fitted = FittedRun(windows, rows, plan.source_warnings())
    for warning in fitted.coverage_warnings:
        logger.warning("%s", warning)
    return fitted


def check_rows(plan: RunPlan, train: Dataset, evaluation: Dataset | None, work: SharedWork | None = None) -> None:
    """Raise DataError unless a model can be fitted and validated on the training rows, and there are rows to evaluate.

    `evaluation` is None if the plan only trains. `work` stores the split of the training rows for a later fit.
    """
    check_training_rows(train, partial(_describe_history, plan, plan.split.train))
    split_parts(plan.config, train, work)
    if evaluation is not None and plan.split.evaluation is not None:
        check_evaluation_count(len(evaluation), partial(_describe_history, plan, plan.split.evaluation))


def _describe_history(plan: RunPlan, days: DateRange) -> str:
    return f"{days}: {describe_history(plan.warehouse, plan.features, days.start, days.end)}"


def played_folds(plan: RunPlan, span: Dataset) -> tuple[Fold, ...]:
    """Return the folds of a walk forward that have games to evaluate: the latest `window.folds` of them.

    `span` contains the rows of all folds. If `window.folds` is not set, all folds with games are returned. DataError if
    no fold has games.
    """
    return folds_with_games(plan.folds, span.dates, getattr(plan.config.window, "folds", None))


def _fit_one(plan: RunPlan, work: SharedWork) -> tuple[tuple[FittedWindow, ...], Dataset | None]:
    train, rows = plan.build_train(), plan.build_evaluation()
    logger.info("built %d training rows and %d evaluation rows", len(train), 0 if rows is None else len(rows))
    check_rows(plan, train, rows, work)
    return (_fit_window(plan, plan.split, train, rows, work),), rows


def _fit_folds(plan: RunPlan, work: SharedWork) -> tuple[tuple[FittedWindow, ...], Dataset]:
    span = plan.build_span()
    folds, windows = played_folds(plan, span), []
    for fold in folds:
        train, rows = select_dates(span, fold.train), span.take(date_mask(span.dates, fold.evaluation))
        try:
            check_training_rows(train, partial(_describe_history, plan, fold.train))
            windows.append(_fit_window(plan, fold.split, train, rows, work, fold))
        except DataError as error:
            raise DataError(f"fold {fold.label}: {error}") from error
        logger.info("fold %s: fitted on %d rows, evaluated on %d", fold.label, len(train), len(rows))
    is_evaluated = np.logical_or.reduce([date_mask(span.dates, fold.evaluation) for fold in folds])
    return tuple(windows), span.take(is_evaluated)


def _fit_window(
    plan: RunPlan, split: Split, train: Dataset, rows: Dataset | None, work: SharedWork, fold: Fold | None = None
) -> FittedWindow:
    fitted = fit_experiment(plan.config, train, plan.contract, work)
    scored = None if rows is None else score_rows(fitted, rows, split.train.end)
    return FittedWindow(split, train, fitted, scored, fold)
