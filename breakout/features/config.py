"""What the feature query is told: the features, the population and the label; its parameters out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from breakout.settings.groups import TargetConfig


@dataclass(frozen=True)
class BreakoutFeatureConfig:
    """Features in order, whose rows are kept (points band in points a game, games before), and what a breakout is."""

    names: tuple[str, ...]
    min_ppg: float
    max_ppg: float
    breakout_multiplier: float
    min_prior_games: int
    season_types: tuple[str, ...]

    @classmethod
    def from_target(cls, names: Sequence[str], target: TargetConfig) -> BreakoutFeatureConfig:
        """The features of a run with its target."""
        return cls(
            names=tuple(names),
            min_ppg=target.min_ppg,
            max_ppg=target.max_ppg,
            breakout_multiplier=target.breakout_multiplier,
            min_prior_games=target.min_prior_games,
            season_types=tuple(target.season_types),
        )

    def parameters(self, history_start: date, start: date, end: date) -> dict[str, object]:
        """The values of the feature query's @parameters for rows of start..end, both ends inclusive."""
        return {
            "history_start": history_start,
            "start": start,
            "end": end,
            "min_ppg": float(self.min_ppg),
            "max_ppg": float(self.max_ppg),
            "breakout_multiplier": float(self.breakout_multiplier),
            "min_prior_games": self.min_prior_games,
            "season_types": list(self.season_types),
        }
