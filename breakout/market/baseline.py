"""The comparison of a model with the betting market: metrics of model, market and stack on the same lines.

A line is a number of points on which bookmakers offer bets. The stack is the model's and the market's probability,
averaged in log odds with a weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from breakout.evaluation.intervals import differences_of, replicate_paired_metrics
from breakout.evaluation.market_metrics import COIN, MARKET, OURS, STACKED, MarketMetrics
from breakout.evaluation.reliability import reliability_table
from breakout.evaluation.resamples import EvaluationParameters
from breakout.evaluation.rows import FloatArray
from breakout.market.bets import line_dates
from breakout.market.stacking import stack, walk_weights, weight_of_all
from breakout.threads import one_blas_thread

if TYPE_CHECKING:
    import pandas as pd


def scored_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the main line of each player and game, if the line has a market probability and a result.

    The main line is the line with a market probability nearest to 1/2. A line has no result if the player did not play,
    or not yet, or if he scored exactly the line. `lines` is the table `MatchedLines.lines`.
    """
    is_decided = lines["points"].notna() & (lines["points"] != lines["line"])
    return lines[lines["is_main"] & lines["market"].notna() & is_decided]


@one_blas_thread()
def evaluate_market(lines: pd.DataFrame, parameters: EvaluationParameters) -> MarketMetrics | None:
    """Compare the model with the market on the rows of `lines` that `scored_lines` keeps; None if it keeps none.

    `lines` is the table `MatchedLines.lines`.
    """
    scored = scored_lines(lines)
    if scored.empty:
        return None
    is_over: FloatArray = np.asarray(scored["points"] > scored["line"], dtype="float64")
    ours, market = (scored[name].to_numpy("float64") for name in ("ours", "market"))
    dates = line_dates(scored)
    weights = walk_weights(is_over, ours, market, dates, parameters)
    probabilities: dict[str, FloatArray] = {
        OURS: ours,
        MARKET: market,
        STACKED: stack(ours, market, dates, weights),
        COIN: np.full(len(scored), 0.5),
    }
    resamples = parameters.draw(dates)
    found = {name: replicate_paired_metrics(is_over, p, resamples) for name, p in probabilities.items()}
    pushes = lines["is_main"] & lines["market"].notna() & (lines["points"] == lines["line"])
    return MarketMetrics(
        n_lines=len(scored),
        n_dates=resamples.n_dates,
        n_pushes=int(pushes.sum()),
        over_rate=resamples.mean_interval(is_over),
        metrics={name: one.intervals(resamples) for name, one in found.items()},
        differences={name: differences_of(found[name], found[MARKET], resamples) for name in (OURS, STACKED)},
        reliability={
            name: reliability_table(is_over, probabilities[name], resamples, parameters.ece_bins)
            for name in (OURS, MARKET)
        },
        weight=weight_of_all(is_over, ours, market, dates, parameters),
        weights=weights,
    )
