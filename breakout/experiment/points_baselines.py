"""The evaluation of predicted distributions of points, and two baselines computed from each player's earlier games."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation.points_metrics import FAN_QUANTILES, Fan, PointsMetrics, evaluate_points, quantiles_of
from breakout.features.sources import player_games

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from breakout.dataset import Dataset
    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.experiment.evaluating import ScoredRows
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.warehouse.base import Warehouse

LAST_GAMES = 20
SEASONS_BEFORE = 2  # the baseline `last_games` reads this many earlier seasons, and so do career features
FANS = 8  # the report draws the predicted distributions of at most this many players


def evaluate_distributions(
    parts: Sequence[ScoredRows],
    rows: Dataset,
    parameters: EvaluationParameters,
    features: BreakoutFeatureConfig,
    warehouse: Warehouse,
) -> PointsMetrics | None:
    """Evaluate the predicted distributions of points of all parts together, and two baselines on the same rows.

    The baselines are computed from each player's earlier games in `warehouse`. `parts` has one element for each fold
    (window) of a walk forward, or one for any other run. `rows` are the rows of all parts in order. Return None if the
    model predicts no distribution of points, or if `rows` lacks points. DataError if the games cannot be read.
    """
    ladders = [part.ladder for part in parts if part.ladder is not None]
    if not ladders or rows.points is None or rows.season_average is None:
        return None
    ladder = np.concatenate(ladders)
    history = read_history(features, warehouse, rows)
    return evaluate_points(
        ladder,
        rows.points.astype("float64"),
        rows.season_average,
        build_baselines(history, rows, ladder.shape[1]),
        parameters.draw(rows.dates),
        bins=parameters.ece_bins,
        fans=_fans(ladder, rows),
    )


def read_history(features: BreakoutFeatureConfig, warehouse: Warehouse, rows: Dataset) -> pd.DataFrame:
    """Return player_lookup, season_year, day and points of the games that `build_baselines` needs for these rows.

    The games go back at least two seasons before the season of the earliest row, and end on the latest date of the
    rows. They are sorted by player and date. Only games of the enabled season types are read. `day` is in days since
    1970-01-01. `rows` must not be empty. DataError if the games cannot be read.
    """
    start, end = rows.dates.min().item(), rows.dates.max().item()
    played = player_games(warehouse.sources, {"points"})
    sql = f"SELECT player_lookup, season_year, day, points FROM ({played})\nORDER BY player_lookup, day, game_id"  # noqa: S608
    found: pd.DataFrame = warehouse.query(
        sql, features.parameters(warehouse.history_start(start, SEASONS_BEFORE), start, end)
    ).to_pandas()
    return found


def build_baselines(history: pd.DataFrame, rows: Dataset, length: int) -> dict[str, np.ndarray]:
    """Return the ladders (n, length) of two baselines, computed for each row from the player's earlier games.

    A ladder is P(points >= k) for k = 1, ..., length.

    - `negative_binomial`: the negative binomial distribution with the mean and the sample variance of the player's
      points this season. It is a Poisson distribution if the variance is not above the mean, or if there is only one
      game. NaN if the player has no earlier game this season.
    - `last_games`: the observed distribution of points in the player's last 20 games of this season and the two before.
      NaN if there is no such game.

    `history` is the result of `read_history`. KeyError if a player is missing in `history`.
    """
    columns = ["day", "season_year", "points"]
    games = {name: part[columns].to_numpy().T for name, part in history.groupby("player_lookup")}
    seasons, days = rows.context["season_year"].to_numpy(), rows.dates.astype("int64")
    means, variances, recent = np.empty(len(rows)), np.empty(len(rows)), np.empty((len(rows), length))
    steps = np.arange(1, length + 1)
    for row, name in enumerate(rows.keys["player_lookup"]):
        played, played_in, scored = games[name]
        before = scored[: np.searchsorted(played, days[row])]
        played_in = played_in[: len(before)]
        season = before[played_in == seasons[row]]
        means[row], variances[row] = season.mean(), season.var(ddof=1) if len(season) > 1 else season.mean()
        recent[row] = (before[played_in >= seasons[row] - SEASONS_BEFORE][-LAST_GAMES:, None] >= steps).mean(axis=0)
    return {"negative_binomial": negative_binomial_ladder(means, variances, length), "last_games": recent}


def negative_binomial_ladder(means: np.ndarray, variances: np.ndarray, length: int) -> np.ndarray:
    """Return P(points >= k) for k = 1, ..., length, shape (n, length), from means and variances (n,).

    The distribution is negative binomial if the variance is above the mean, otherwise Poisson.
    """
    from scipy.special import betainc, gammainc

    steps = np.arange(1, length + 1)
    mean, excess = means[:, None], (variances - means)[:, None]
    size = mean**2 / np.maximum(excess, 1e-9)
    return np.asarray(np.where(excess > 1e-9, betainc(steps, size, mean / (mean + size)), gammainc(steps, mean)))


def _fans(ladder: np.ndarray, rows: Dataset) -> tuple[Fan, ...]:
    """Return quantiles of predicted points for a chart of the report, for at most FANS players of the last date.

    The players with the highest predicted medians are chosen, the highest first.
    """
    if rows.points is None or rows.season_average is None:
        return ()
    medians = np.where(rows.dates == rows.dates.max(), quantiles_of(ladder, 0.5), -1)
    chosen = [row for row in np.argsort(-medians, kind="stable")[:FANS] if medians[row] >= 0]
    quantiles = np.stack([quantiles_of(ladder[chosen], level) for level in FAN_QUANTILES], axis=1).astype(int)
    return tuple(
        Fan(
            str(rows.keys["player_lookup"].iloc[row]),
            str(rows.dates[row]),
            float(rows.season_average[row]),
            tuple(quantiles[place].tolist()),
            int(rows.points[row]),
        )
        for place, row in enumerate(chosen)
    )
