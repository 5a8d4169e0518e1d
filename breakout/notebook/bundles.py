"""Functions for notebooks that load a saved model, predict with it, and evaluate it on later games."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout.errors import ConfigurationError
from breakout.experiment.evaluating import evaluate_scored, evaluation_parameters
from breakout.experiment.points_baselines import evaluate_distributions
from breakout.production.bundle_gate import check_contract, find_bundle, with_cutoff
from breakout.production.bundle_names import resolve_bundle
from breakout.production.scoring import later_window, score_window
from breakout.production.slate import build_slate, check_day, mark_mismatch
from breakout.production.slate_choice import exclude_players
from breakout.settings.composition import compose
from breakout.settings.values import format_value
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from breakout.bundle.folder import Bundle
    from breakout.evaluation.points_metrics import PointsMetrics
    from breakout.evaluation.summary import EvaluationResult
    from breakout.experiment.evaluating import ScoredRows

logger = logging.getLogger("breakout")


def load_bundle(given: str | Path, *overrides: str) -> Bundle:
    """Load a saved model and verify its files.

    Parameters
    ----------
    given
        The folder of a bundle (a saved model), of a run, or of a registry (the record of the models in production). A
        text may also be a name: "production", "latest" (the newest completed training run), or "NAME" or "latest:NAME"
        (the newest such run of that name). Runs are searched below the setting `paths.outputs`.
    *overrides
        Settings of `breakout evaluate`, such as "paths.outputs=DIR".

    Returns
    -------
    Bundle
        The model, for `predict_slate`, `predict_rows`, `evaluate_bundle` and `evaluate_ladders`.

    Raises
    ------
    DataError
        If there is no model of that name or path. Also if a file of the model or of the registry is missing, damaged or
        changed.
    ConfigurationError
        If the name fits a model and also a file or folder. Also if an override, or a setting that is saved with the
        model, is refused.
    """
    if isinstance(given, Path):
        return find_bundle(given)
    config: Any = compose("evaluate", [f"bundle={format_value(given)}", *overrides])
    return find_bundle(resolve_bundle(config.bundle, config.paths.outputs))


def predict_slate(bundle: Bundle, day: date, *overrides: str) -> pd.DataFrame:
    """Return the players of a day's games, ranked by their probability of a breakout, as `breakout predict` does.

    Parameters
    ----------
    bundle
        A saved model, from `load_bundle`.
    day
        A date after the model's training window.
    *overrides
        Settings of `breakout predict`, such as

        - "warehouse=duckdb"
        - "top=10": return only the first ten players
        - "exclude=[lebronjames]": leave out players
        - "max_days_since_game=14": leave out players whose last game is older than 14 days
        - "availability.cutoff=17:00": use injury reports up to this time

        Settings of files, prices and the ledger (the record of served predictions) have no effect.

    Returns
    -------
    pandas.DataFrame
        One row for each ranked player, the highest probability first. The columns are as in the file that `breakout
        predict out=FILE` writes.

    Raises
    ------
    GateError
        If the model's contract (its definitions of features and label) is not the contract of the installed version of
        `breakout`. If a feature reads injury reports, an override of `availability` changes the contract too. With
        "allow_contract_mismatch=true", only a feature that the installed version does not define raises this error.
    ConfigurationError
        If `day` is not after the training window, or `exclude` names an unknown player. Also if an override is refused,
        or if a feature needs injury reports and no table of them is configured.
    DataError
        If the schedule is missing or has no game on the day, or if the source tables are missing or damaged.
    """
    config: Any = compose("predict", [f"bundle={format_value(str(bundle.folder))}", f"date={day}", *overrides])
    bundle, differences = _with_asked_cutoff(bundle, config)
    check_day(bundle, day)
    with open_for(config, "predict") as warehouse:
        slate = build_slate(bundle, warehouse, day, config.max_days_since_game)
        slate = mark_mismatch(slate, differences) if differences else slate
        slate = exclude_players(slate, config.exclude, warehouse) if config.exclude else slate
    return slate.ranked if config.top is None else slate.ranked.head(config.top)


def predict_rows(bundle: Bundle, start: date | None = None, end: date | None = None, *overrides: str) -> pd.DataFrame:
    """Return a saved model's probabilities of a breakout in played games after its training, with the labels.

    Parameters
    ----------
    bundle
        A saved model, from `load_bundle`.
    start, end
        First and last game date, both inclusive. None for `start` is the day after the training window. None for `end`
        is the date of the newest game.
    *overrides
        Settings of `breakout evaluate`, such as "warehouse=duckdb".

    Returns
    -------
    pandas.DataFrame
        One row for each game of a role player. The columns, as in a run's predictions.parquet, are player_lookup,
        game_id, game_date, split ("evaluation"), probability and is_breakout (0 or 1). A model that predicts
        distributions of points adds `ladder` (P(points >= k) for k = 1, 2, ...).

    Raises
    ------
    GateError
        If the model's contract (its definitions of features and label) is not the contract of the installed version of
        `breakout`. If a feature reads injury reports, an override of `availability` changes the contract too. With
        "allow_contract_mismatch=true", only a feature that the installed version does not define raises this error.
    ConfigurationError
        If a date is within the training window, or `end` is before the first date. Also if an override is refused, or
        if a feature needs injury reports and no table of them is configured.
    DataError
        If the warehouse has no rows of these dates, or if the source tables are missing or damaged.
    """
    scored = _score(bundle, start, end, _evaluate_settings(bundle, overrides))
    return scored.predictions()


def evaluate_bundle(
    bundle: Bundle, start: date | None = None, end: date | None = None, *overrides: str
) -> EvaluationResult:
    """Evaluate a saved model on played games after its training, as `breakout evaluate` does.

    Parameters
    ----------
    bundle
        A saved model, from `load_bundle`.
    start, end
        First and last game date, both inclusive. None for `start` is the day after the training window. None for `end`
        is the date of the newest game.
    *overrides
        Settings of `breakout evaluate`, such as "warehouse=duckdb".

    Returns
    -------
    EvaluationResult
        Metrics with intervals, baselines on the same rows, metrics by groups of games (such as months), and curves.
        `metrics_table` shows the metrics, and `draw_chart` draws the curves.

    Raises
    ------
    GateError
        If the model's contract (its definitions of features and label) is not the contract of the installed version of
        `breakout`. If a feature reads injury reports, an override of `availability` changes the contract too. With
        "allow_contract_mismatch=true", only a feature that the installed version does not define raises this error.
    ConfigurationError
        If a date is within the training window, or `end` is before the first date. Also if an override is refused, or
        if a feature needs injury reports and no table of them is configured.
    DataError
        If the warehouse has no rows of these dates, or if the source tables are missing or damaged.
    """
    config = _evaluate_settings(bundle, overrides)
    scored = _score(bundle, start, end, config)
    parameters = evaluation_parameters(config.evaluation, config.seed)
    return evaluate_scored([scored], scored.rows, parameters, bundle.settings.target)


def evaluate_ladders(
    bundle: Bundle, start: date | None = None, end: date | None = None, *overrides: str
) -> PointsMetrics:
    """Evaluate a saved model's distributions of points on played games after its training, as `breakout evaluate` does.

    Parameters
    ----------
    bundle
        A saved model, from `load_bundle`.
    start, end
        First and last game date, both inclusive. None for `start` is the day after the training window. None for `end`
        is the date of the newest game.
    *overrides
        Settings of `breakout evaluate`, such as "warehouse=duckdb".

    Returns
    -------
    PointsMetrics
        The metrics of the distributions; `points_table` shows most of them:

        - CRPS (continuous ranked probability score), and the skill against baselines
        - the histogram of the PIT (probability integral transform), and a test of its flatness
        - the coverage of intervals
        - the reliability at lines (bookmakers' numbers of points)

        Confidence intervals come from a bootstrap over whole game dates.

    Raises
    ------
    GateError
        If the model's contract (its definitions of features and label) is not the contract of the installed version of
        `breakout`. If a feature reads injury reports, an override of `availability` changes the contract too. With
        "allow_contract_mismatch=true", only a feature that the installed version does not define raises this error.
    ConfigurationError
        If the model predicts no distribution of points. Also if a date is within the training window, or `end` is
        before the first date. Also if an override is refused, or if a feature needs injury reports and no table of them
        is configured.
    DataError
        If the warehouse has no rows of these dates, or if the source tables are missing or damaged.
    """
    config = _evaluate_settings(bundle, overrides)
    bundle, _ = _with_asked_cutoff(bundle, config)
    parameters = evaluation_parameters(config.evaluation, config.seed)
    with open_for(config, "evaluate") as warehouse:
        scored = score_window(bundle, warehouse, later_window(bundle.train_end, start, end, warehouse))
        found = evaluate_distributions([scored], scored.rows, parameters, bundle.features, warehouse)
    if found is None:
        raise ConfigurationError(f"{bundle.folder} predicts no distribution of points; use a bundle of model=points.")
    return found


def _evaluate_settings(bundle: Bundle, overrides: tuple[str, ...]) -> Any:
    return compose("evaluate", [f"bundle={format_value(str(bundle.folder))}", *overrides])


def _with_asked_cutoff(bundle: Bundle, config: Any) -> tuple[Bundle, tuple[str, ...]]:
    """Return the bundle with the cutoff of injury reports that the settings ask for, and the contract differences.

    Each difference is a sentence about how the bundle's contract (the definition of features and label) differs from
    the contract of the installed version. The sentences are logged as warnings.
    """
    bundle = with_cutoff(bundle, config.availability)
    differences = check_contract(bundle, allow_mismatch=config.allow_contract_mismatch)
    for difference in differences:
        logger.warning("scored under another contract than the bundle's: %s", difference)
    return bundle, differences


def _score(bundle: Bundle, start: date | None, end: date | None, config: Any) -> ScoredRows:
    bundle, _ = _with_asked_cutoff(bundle, config)
    with open_for(config, "evaluate") as warehouse:
        return score_window(bundle, warehouse, later_window(bundle.train_end, start, end, warehouse))
