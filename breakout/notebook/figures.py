"""Tables and charts for notebooks. A table is a pandas frame; a chart is a `Picture`, which a notebook displays."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from breakout.errors import ConfigurationError, nearest_name
from breakout.models.ladder import LADDER_LENGTH
from breakout.report.html import run_charts
from breakout.report.html.rendering import render_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from breakout.evaluation.points_metrics import PointsMetrics
    from breakout.evaluation.summary import EvaluationResult
    from breakout.report.html.charts import Chart

_INTERVAL = ("estimate", "low", "high")
_CHARTS: dict[str, Callable[[EvaluationResult], Chart | None]] = {
    "verdict": lambda result: (
        None if result.metrics["auc"].estimate is None else run_charts.draw_verdict_scale(result.metrics["auc"])
    ),
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
    "reliability": lambda result: run_charts.draw_reliability(result.reliability),
    "histogram": lambda result: run_charts.draw_histogram(result.curves.score_histogram),
    "months": lambda result: run_charts.draw_months(result.slices["month"], result.metrics["auc"]),
    "lift": lambda result: run_charts.draw_lift(result.curves.lift, result.top_rows) if result.curves.lift else None,
}


@dataclass(frozen=True)
class Picture:
    """A chart as a web page; a notebook displays the chart if it is the last expression of a cell.

    `html` is the text of the page. `height` is the height of the chart in SVG units.
    """

    html: str
    height: float

    def _repr_html_(self) -> str:
        # The page is shown in a frame so that its style sheet does not change the notebook.
        size = f'width="100%" height="{1.3 * self.height:.0f}" style="border: 0"'
        return f'<iframe srcdoc="{escape(self.html)}" {size}></iframe>'

    def save(self, path: str | Path) -> None:
        """Write the page as an HTML file, which can be opened offline; DataError if this fails."""
        from breakout.artifacts import save_text

        save_text(self.html, Path(path))


def ladder_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the probabilities of at least k points, one column for each k, from predictions of points.

    Parameters
    ----------
    predictions
        From `predict_slate` or `predict_rows`, or from a Parquet file that `breakout predict out=FILE` wrote.

    Returns
    -------
    pandas.DataFrame
        One row for each prediction that has a ladder (P(points >= k) for k = 1, 2, ...), in the order of `predictions`.
        The index has game_date and player_lookup. The columns 1 to 60 hold the probabilities of at least 1 to 60 points
        if the player plays.

    Raises
    ------
    ConfigurationError
        If the predictions have no column `ladder`.
    """
    if "ladder" not in predictions:
        raise ConfigurationError("these predictions have no ladder; use a bundle of model=points.")
    ladders = predictions.loc[predictions["ladder"].notna()]
    steps = range(1, LADDER_LENGTH + 1)
    index = pd.MultiIndex.from_frame(ladders[["game_date", "player_lookup"]])
    return pd.DataFrame(ladders["ladder"].tolist(), index=index, columns=steps, dtype="float64")


def points_table(metrics: PointsMetrics) -> pd.DataFrame:
    """Return the metrics of predicted distributions of points, with their intervals.

    Parameters
    ----------
    metrics
        From `evaluate_ladders`.

    Returns
    -------
    pandas.DataFrame
        The columns estimate, low and high (the ends of the interval), and one row for each metric:

        - crps: the continuous ranked probability score, in points
        - skill_NAME: the skill against the baseline NAME
        - coverage_50, coverage_80, coverage_95: the fraction of games within the central 50, 80 or 95 % interval
        - median_error: the mean absolute error of the predicted median, in points
        - season_average_error: the mean absolute error of the season average, in points
        - over_LINE: the fraction of games with more points than LINE

        An undefined value is NaN, for example low and high if all games are on one date.
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
    """Return the metrics of a model and its baselines, with their intervals.

    Parameters
    ----------
    result
        From `evaluate_bundle`, or `fit_and_evaluate(config).evaluation` if it is not None.

    Returns
    -------
    pandas.DataFrame
        One row for each metric, with the metric's name as index. The columns estimate, low and high (the ends of the
        interval) are about the model. Each baseline has one more column with its estimate. An undefined value is NaN,
        for example the AUC if no game is a breakout.
    """
    columns = {part: [getattr(interval, part) for interval in result.metrics.values()] for part in _INTERVAL}
    baselines = {
        name: [baseline.metrics[metric].estimate for metric in result.metrics]
        for name, baseline in result.baselines.items()
    }
    return pd.DataFrame(columns | baselines, index=pd.Index(result.metrics, name="metric"), dtype="float64")


def draw_chart(result: EvaluationResult, name: str = "reliability") -> Picture:
    """Draw one chart of an evaluation, as report.html shows it.

    The chart "reliability" lacks the bins from before calibration.

    Parameters
    ----------
    result
        From `evaluate_bundle`, or `fit_and_evaluate(config).evaluation` if it is not None.
    name
        One of "verdict", "roc", "precision_recall", "reliability", "histogram", "months" and "lift".

    Returns
    -------
    Picture
        The chart; a notebook displays it, and `save(path)` writes it as a web page.

    Raises
    ------
    ConfigurationError
        If there is no chart of that name. Also if the chart is undefined, for example because no game is a breakout.
    """
    if name not in _CHARTS:
        near = nearest_name(name, _CHARTS)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(_CHARTS)}."
        raise ConfigurationError(f"there is no chart {name!r}; {hint}")
    chart = _CHARTS[name](result)
    if chart is None:
        raise ConfigurationError(f"the chart {name} is undefined for these rows, which are of one class only.")
    return Picture(render_page("picture.html.j2", chart=chart), chart.height)
