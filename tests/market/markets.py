"""Simulated seasons of lines: true probabilities, a model and a market with random errors, and prices with a margin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from breakout.evaluation.resamples import EvaluationParameters
from breakout.market.lines import REASONS, MatchedLines
from breakout.market.stakes import StakeLimits

LIMITS = StakeLimits(kelly=0.25, max_stake=0.02, min_edge=0.0)
FIRST = date(2025, 11, 1)


def parameters(resamples: int = 200, confidence: float = 0.95) -> EvaluationParameters:
    return EvaluationParameters(resamples, 42, confidence, 10, (), ())


@dataclass(frozen=True)
class Season:
    """The lines of one season, and the true probability of over of each."""

    lines: pd.DataFrame
    truth: np.ndarray

    def matched(self) -> MatchedLines:
        return MatchedLines(self.lines, dict.fromkeys(REASONS, 0), len(self.lines), 0, 0, 0, ())

    def true_values(self, bets: pd.DataFrame) -> np.ndarray:
        """Return the expected profit per unit of each bet at the true probabilities."""
        truth = pd.Series(self.truth, index=self.lines["player_lookup"]).loc[bets["player_lookup"]].to_numpy()
        chance = np.where(bets["side"] == "over", truth, 1.0 - truth)
        return np.asarray(chance * bets["price"] - 1.0)


def simulate_season(
    seed: int, *, noise_model: float, noise_market: float, margin: float = 0.05, dates: int = 150, games: int = 40
) -> Season:
    """Simulate a season; the noises are standard deviations in log odds. Each line has a player of its own."""
    rng = np.random.default_rng(seed)
    count = dates * games
    odds = 0.3 * rng.standard_normal(count)
    truth, ours, market = (
        1.0 / (1.0 + np.exp(-(odds + noise * rng.standard_normal(count)))) for noise in (0.0, noise_model, noise_market)
    )
    is_over = rng.random(count) < truth
    days = [FIRST + timedelta(days=day) for day in range(dates)]
    names = [f"p{number}" for number in range(count)]
    lines = pd.DataFrame(
        {
            "game_date": np.repeat(np.array(days, dtype=object), games),
            "game_id": np.repeat([f"{day:%Y%m%d}_NYK_BOS" for day in days], games),
            "player_lookup": names,
            "player_full_name": names,
            "line": 14.5,
            "ours": ours,
            "push": 0.0,
            "market": market,
            "over_price": 1.0 / (market * (1.0 + margin)),
            "under_price": 1.0 / ((1.0 - market) * (1.0 + margin)),
            "over_book": "book",
            "under_book": "book",
            "over_is_closing": False,
            "under_is_closing": False,
            "closing": np.nan,
            "is_main": True,
            "points": np.where(is_over, 15.0, 14.0),
        }
    )
    return Season(lines, truth)
