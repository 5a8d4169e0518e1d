"""The parameters of an evaluation; their defaults are in conf/."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from breakout.evaluation.resamples import DateResamples, draw_date_resamples


@dataclass(frozen=True)
class EvaluationParameters:
    """The parameters of an evaluation.

    `bootstrap_resamples` and `seed` determine the draws of game dates. `confidence` is the share of resamples within an
    interval. `ece_bins` is the number of equal-mass bins. `thresholds` and `top_fractions` are the rows of their
    tables.
    """

    bootstrap_resamples: int
    seed: int
    confidence: float
    ece_bins: int
    thresholds: tuple[float, ...]
    top_fractions: tuple[float, ...]

    def draw(self, game_dates: ArrayLike) -> DateResamples:
        """Return the resamples of these game dates (n,)."""
        return draw_date_resamples(
            game_dates,
            bootstrap_resamples=self.bootstrap_resamples,
            seed=self.seed,
            confidence=self.confidence,
        )
