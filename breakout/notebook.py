"""The Python interface for notebooks: features, fits, predictions, metrics and charts.

Each function calls the same code as the command for that purpose. A parameter `overrides` takes the overrides of that
command, such as "warehouse=duckdb". The functions return pandas frames, typed results, or a `Picture`, which a notebook
displays. Only `run_experiment` and `Picture.save` write results to files.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from breakout.dataset import build_dataset
from breakout.errors import ConfigurationError, nearest_name
from breakout.evaluation.summary import EvaluationResult
from breakout.experiment.evaluating import evaluate_scored, evaluation_parameters, predictions_frame
from breakout.experiment.plan import open_plan
from breakout.experiment.points_baselines import evaluate_distributions
from breakout.experiment.windows import FittedRun, fit_windows
from breakout.features.config import BreakoutFeatureConfig
from breakout.models.ladder import LADDER_LENGTH
from breakout.production.bundle_gate import check_contract, find_bundle
from breakout.production.bundle_names import resolve_bundle
from breakout.production.scoring import later_window, score_window
from breakout.production.slate import build_slate
from breakout.report.html import run_charts
from breakout.report.html.rendering import render_page
from breakout.runs.record import RunRecord, read_run
from breakout.settings.composition import compose
from breakout.settings.values import format_value
from breakout.training import train
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from breakout.bundle import Bundle
    from breakout.dataset import Dataset
    from breakout.evaluation.points_metrics import PointsMetrics
    from breakout.experiment.evaluating import ScoredRows
    from breakout.report.html.charts import Chart
    from breakout.settings import ExperimentConfig

_CHARTS: dict[str, Callable[[EvaluationResult], Chart | None]] = {
    "verdict": lambda result: run_charts.draw_verdict_scale(result.metrics["auc"]),
    "roc": lambda result: run_charts.draw_roc(result.curves.roc, result.metrics["auc"]) if result.curves.roc else None,
    "precision_recall": lambda result: (
        run_charts.draw_precision_recall(
            result.curves.precision_recall,
            result.metrics["average_precision"],
            result.rows.breakout_rate.estimate or 0.0,
        )
        if result.curves.precision_recall
        else None
    ),
    "reliability": lambda result: run_charts.draw_reliability(result.reliability, None),
    "histogram": lambda result: run_charts.draw_histogram(result.curves.score_histogram),
    "months": lambda result: run_charts.draw_months(result.slices["month"], result.metrics["auc"]),
    "lift": lambda result: run_charts.draw_lift(result.curves.lift, result.top_rows) if result.curves.lift else None,
}


@dataclass(frozen=True)
class FittedExperiment:
    """An experiment that was fitted in memory.

    `run` holds the models and rows of the experiment's window, or of each fold of a walk forward. `evaluation` is None
    if the settings have no evaluation window.
    """

    config: ExperimentConfig
    run: FittedRun
    evaluation: EvaluationResult | None

    def predictions(self) -> pd.DataFrame:
        """Return the content of a run's predictions.parquet: validation and evaluation rows with probabilities."""
        return self.run.predictions()


@dataclass(frozen=True)
class Picture:
    """A chart as a separate web page; a notebook displays it if it is the last expression of a cell.

    `height` is the height of the chart in units of its SVG.
    """

    html: str
    height: float

    def _repr_html_(self) -> str:
        # The page is shown in a frame, so that its style sheet does not change the notebook around it.
        size = f'width="100%" height="{1.3 * self.height:.0f}" style="border: 0"'
        return f'<iframe srcdoc="{escape(self.html)}" {size}></iframe>'

    def save(self, path: str | Path) -> None:
        """Write the page as an HTML file, which needs no network."""
        from breakout.artifacts import save_text

        save_text(self.html, Path(path))


def build_features(config: Any, start: date, end: date) -> pd.DataFrame:
    """Return features of the played games of role players between two dates, as of each game's own date.

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
        rows = build_dataset(warehouse, BreakoutFeatureConfig.from_settings(config), start, end)
    return pd.concat([rows.keys, pd.DataFrame({"is_breakout": rows.label}), rows.X], axis=1)


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
            parts = [window.scored for window in run.windows if window.scored is not None]
            result = _evaluate(parts, run.rows, config)
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


def load_bundle(given: str | Path, *overrides: str) -> Bundle:
    """Load and verify a saved model.

    Parameters
    ----------
    given
        The folder of a bundle, a run or a registry. A text may also be one of the names that commands accept:
        "production", "latest", the name of a run, or "latest:NAME"; runs are searched below `paths.outputs`.
    *overrides
        Settings of `breakout evaluate`, such as "paths.outputs=DIR".

    Returns
    -------
    Bundle
        What `predict_slate`, `predict_rows` and `evaluate_bundle` take.

    Raises
    ------
    DataError
        If no bundle has the name, or a file of the bundle is missing, damaged, changed or from another run.
    ConfigurationError
        If a bundle and a file or folder have the name.
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
        A date after the bundle's training window.
    *overrides
        Settings of `breakout predict`, such as "warehouse=duckdb" or "max_days_since_game=14".

    Returns
    -------
    pandas.DataFrame
        One row for each candidate, with the columns of the file that `breakout predict out=FILE` writes.

    Raises
    ------
    GateError
        If the bundle's contract is not the installed one.
    ConfigurationError
        If `day` is not after the training window.
    """
    check_contract(bundle)
    config: Any = compose("predict", [f"bundle={format_value(str(bundle.folder))}", f"date={day}", *overrides])
    if day <= bundle.train_end:
        raise ConfigurationError(f"{day} lies in the bundle's training window, which ends on {bundle.train_end}.")
    with open_for(config, "predict") as warehouse:
        return build_slate(bundle, warehouse, day, config.max_days_since_game).ranked


def predict_rows(bundle: Bundle, start: date | None = None, end: date | None = None, *overrides: str) -> pd.DataFrame:
    """Return probabilities of played games after training, with their labels.

    Parameters
    ----------
    bundle
        A saved model, from `load_bundle`.
    start, end
        First and last game date, both inclusive. None is the day after the training window, and the newest game.
    *overrides
        Settings of `breakout evaluate`, such as "warehouse=duckdb".

    Returns
    -------
    pandas.DataFrame
        The columns of predictions.parquet: player_lookup, game_id, game_date, split, probability, is_breakout, and
        `ladder` for a model of points.
    """
    scored = _score(bundle, start, end, _evaluate_settings(bundle, overrides))
    return predictions_frame({"evaluation": (scored.rows, scored.probability)}, scored.ladder)


def evaluate_bundle(
    bundle: Bundle, start: date | None = None, end: date | None = None, *overrides: str
) -> EvaluationResult:
    """Evaluate a saved model on played games after its training, with the figures of `breakout evaluate`.

    Parameters
    ----------
    bundle, start, end, *overrides
        As in `predict_rows`.

    Returns
    -------
    EvaluationResult
        Metrics with intervals, baselines on the same rows, slices and curves. `metrics_table` shows the metrics, and
        `draw_chart` draws the curves.
    """
    config = _evaluate_settings(bundle, overrides)
    scored = _score(bundle, start, end, config)
    parameters = evaluation_parameters(config.evaluation, config.seed)
    return evaluate_scored([scored], scored.rows, parameters, bundle.settings.target)


def ladder_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the ladders of predictions by a model of points as one table.

    Parameters
    ----------
    predictions
        From `predict_slate` or `predict_rows`, or the content of a file that `breakout predict out=FILE` wrote.

    Returns
    -------
    pandas.DataFrame
        One row for each prediction, in the same order, by game_date and player_lookup. The column k, for k = 1 to 60,
        holds the probability of at least k points if the player plays.

    Raises
    ------
    ConfigurationError
        If the predictions have no ladders.
    """
    if "ladder" not in predictions:
        raise ConfigurationError("these predictions have no ladder; use a bundle of model=points.")
    ladders = predictions.loc[predictions["ladder"].notna()]
    steps = range(1, LADDER_LENGTH + 1)
    index = pd.MultiIndex.from_frame(ladders[["game_date", "player_lookup"]])
    return pd.DataFrame(ladders["ladder"].tolist(), index=index, columns=steps, dtype="float64")


def evaluate_ladders(
    bundle: Bundle, start: date | None = None, end: date | None = None, *overrides: str
) -> PointsMetrics:
    """Evaluate the distributions of a model of points on played games after its training, as `breakout evaluate` does.

    Parameters
    ----------
    bundle, start, end, *overrides
        As in `predict_rows`.

    Returns
    -------
    PointsMetrics
        CRPS and skill, PIT histogram and its test, coverage, and reliability at lines, with intervals that resample
        game dates. `points_table` lists them, except the PIT histogram, its test and the reliability bins.

    Raises
    ------
    ConfigurationError
        If the bundle's model predicts no distribution of points.
    """
    check_contract(bundle)
    config = _evaluate_settings(bundle, overrides)
    parameters = evaluation_parameters(config.evaluation, config.seed)
    with open_for(config, "evaluate") as warehouse:
        scored = score_window(bundle, warehouse, later_window(bundle.train_end, start, end, warehouse))
        found = evaluate_distributions([scored], scored.rows, parameters, bundle.features, warehouse)
    if found is None:
        raise ConfigurationError(f"{bundle.folder} predicts no distribution of points; use a bundle of model=points.")
    return found


def points_table(metrics: PointsMetrics) -> pd.DataFrame:
    """Return the figures of an evaluated distribution of points with their intervals.

    Parameters
    ----------
    metrics
        From `evaluate_ladders`.

    Returns
    -------
    pandas.DataFrame
        One row for each figure, by its name, with the columns estimate, low and high: crps (points), skill_NAME against
        each baseline, coverage_50, coverage_80 and coverage_95 (shares of games), median_error and
        season_average_error (points), and over_LINE (share of games with more points than the line).
    """
    figures = {
        "crps": metrics.crps,
        **{f"skill_{name}": baseline.skill for name, baseline in metrics.baselines.items()},
        **{f"coverage_{part.probability:.0%}".rstrip("%"): part.share for part in metrics.coverage},
        "median_error": metrics.median_error,
        "season_average_error": metrics.season_average_error,
        **{f"over_{part.line:g}": part.share for part in metrics.lines},
    }
    columns = {part: [getattr(interval, part) for interval in figures.values()] for part in _INTERVAL}
    return pd.DataFrame(columns, index=pd.Index(figures, name="metric"), dtype="float64")


def metrics_table(result: EvaluationResult) -> pd.DataFrame:
    """Return the metrics of a model and its baselines with their intervals.

    Parameters
    ----------
    result
        From `evaluate_bundle`, or `fit_and_evaluate(config).evaluation`.

    Returns
    -------
    pandas.DataFrame
        One row for each metric, by its name. The columns are estimate, low and high of the model, and the estimate of
        each baseline. NaN marks a figure that is undefined, such as the AUC of one class.
    """
    columns = {part: [getattr(interval, part) for interval in result.metrics.values()] for part in _INTERVAL}
    baselines = {
        name: [baseline.metrics[metric].estimate for metric in result.metrics]
        for name, baseline in result.baselines.items()
    }
    return pd.DataFrame(columns | baselines, index=pd.Index(result.metrics, name="metric"), dtype="float64")


_INTERVAL = ("estimate", "low", "high")


def draw_chart(result: EvaluationResult, name: str = "reliability") -> Picture:
    """Draw one chart of an evaluation as a run's page shows it.

    Parameters
    ----------
    result
        As in `metrics_table`.
    name
        verdict, roc, precision_recall, reliability, histogram, months or lift.

    Returns
    -------
    Picture
        A notebook shows it; `save(path)` writes it as a web page.

    Raises
    ------
    ConfigurationError
        If there is no chart of that name, or the figure is undefined for these rows.
    """
    if name not in _CHARTS:
        near = nearest_name(name, _CHARTS)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(_CHARTS)}."
        raise ConfigurationError(f"there is no chart {name!r}; {hint}")
    chart = _CHARTS[name](result)
    if chart is None:
        raise ConfigurationError(f"the chart {name} is undefined for these rows, which are of one class only.")
    return Picture(render_page("picture.html.j2", chart=chart), chart.height)


def _evaluate_settings(bundle: Bundle, overrides: tuple[str, ...]) -> Any:
    return compose("evaluate", [f"bundle={format_value(str(bundle.folder))}", *overrides])


def _score(bundle: Bundle, start: date | None, end: date | None, config: Any) -> ScoredRows:
    check_contract(bundle)
    with open_for(config, "evaluate") as warehouse:
        return score_window(bundle, warehouse, later_window(bundle.train_end, start, end, warehouse))


def _evaluate(parts: list[ScoredRows], rows: Dataset, config: ExperimentConfig) -> EvaluationResult:
    return evaluate_scored(parts, rows, evaluation_parameters(config.evaluation, config.seed), config.target)
