"""The configuration of the feature query: the features, which rows are kept, and what a breakout is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from breakout.features.own import check_own, own_features
from breakout.features.registry import registry_with
from breakout.features.selection import select_features

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from breakout.features.feature import Feature
    from breakout.settings.groups import AvailabilityConfig, FeaturesConfig, ModeConfig, TargetConfig


def cutoff_instant(availability: AvailabilityConfig, day: date) -> datetime:
    """Return the cutoff of the game date `day`: the last instant at which a reported status counts.

    The cutoff is the time `availability.cutoff` in the time zone `availability.timezone`, `availability.days_before`
    days before `day`.
    """
    clock = time.fromisoformat(availability.cutoff)
    return datetime.combine(day - timedelta(days=availability.days_before), clock, ZoneInfo(availability.timezone))


class FeatureSettings(Protocol):
    """The part of a command's settings on which the values of features depend."""

    @property
    def mode(self) -> ModeConfig: ...
    @property
    def features(self) -> FeaturesConfig: ...
    @property
    def target(self) -> TargetConfig: ...
    @property
    def availability(self) -> AvailabilityConfig: ...


@dataclass(frozen=True)
class BreakoutFeatureConfig:
    """The configuration of the feature query.

    - `names`: the features in order.
    - `min_ppg`, `max_ppg`: the limits of a role player's season average of points.
    - `min_prior_games`: the number of games that a role player must have played this season before the row's game.
    - `breakout_multiplier`: a breakout is a game with at least this many times the season average of points.
    - `season_types`: only games of these types count.
    - `availability`: the cutoff; statuses that were reported later are not read.
    - `own`: the features that the user has defined.
    """

    names: tuple[str, ...]
    min_ppg: float
    max_ppg: float
    breakout_multiplier: float
    min_prior_games: int
    season_types: tuple[str, ...]
    availability: AvailabilityConfig
    own: tuple[Feature, ...] = ()

    @property
    def registry(self) -> Mapping[str, Feature]:
        """Return the package's features by name, followed by the user's features (`own`)."""
        return registry_with(self.own)

    @property
    def defaults(self) -> Mapping[str, float]:
        """Return the default that replaces missing values, for each feature of `names`.

        KeyError if a name is neither a feature of the package nor of the user (`own`).
        """
        registry = self.registry
        return {name: registry[name].default for name in self.names}

    @classmethod
    def from_settings(cls, settings: FeatureSettings) -> BreakoutFeatureConfig:
        """Return the feature configuration of a command's settings.

        ConfigurationError for one of these causes:

        - The list of features is empty, has an unknown feature, or has one feature twice.
        - The setting `mode` is `shared`, and the list is not BREAKOUT_FEATURE_ORDER.
        - A feature of the user has a taken name or an expression that is not allowed.
        """
        own = own_features(settings.features)
        check_own(own)
        names = select_features(settings.mode.name, settings.features.names, registry_with(own))
        return cls.from_target(names, settings.target, settings.availability, own)

    @classmethod
    def from_target(
        cls,
        names: Sequence[str],
        target: TargetConfig,
        availability: AvailabilityConfig,
        own: tuple[Feature, ...] = (),
    ) -> BreakoutFeatureConfig:
        """Return the configuration of the features `names`, without checking the names or the user's features `own`."""
        return cls(
            names=tuple(names),
            min_ppg=target.min_ppg,
            max_ppg=target.max_ppg,
            breakout_multiplier=target.breakout_multiplier,
            min_prior_games=target.min_prior_games,
            season_types=tuple(target.season_types),
            availability=availability,
            own=own,
        )

    def parameters(self, history_start: date, start: date, end: date) -> dict[str, object]:
        """Return the value of each @parameter of the feature query, except @season_type, which the warehouse sets.

        The query returns rows of the dates `start` to `end`, both inclusive, and reads games from `history_start` on.
        """
        return {
            "history_start": history_start,
            "start": start,
            "end": end,
            "min_ppg": float(self.min_ppg),
            "max_ppg": float(self.max_ppg),
            "breakout_multiplier": float(self.breakout_multiplier),
            "min_prior_games": self.min_prior_games,
            "season_types": list(self.season_types),
            "cutoff": self.availability.cutoff,
            "timezone": self.availability.timezone,
            "days_before": self.availability.days_before,
        }
