"""The comparison of two bundles (saved models) on the same games, all of them after the training of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from breakout.artifacts import json_ready
from breakout.errors import ConfigurationError
from breakout.evaluation.comparison import Comparison, compare_probabilities
from breakout.experiment.evaluating import ScoredRows, build_slices
from breakout.production.scoring import later_window, score_window

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from breakout.bundle.folder import Bundle
    from breakout.evaluation.resamples import EvaluationParameters
    from breakout.split import DateRange
    from breakout.warehouse.base import Warehouse

SLICES = ("month", "points_band")


class IncomparableError(ConfigurationError):
    """The error that two saved models cannot be compared.

    The models are the same, give equal probabilities, differ in the label, or are for different players and games.
    """


@dataclass(frozen=True)
class HeadToHead:
    """The predictions of two saved models, candidate and production, on the same rows, and their comparison.

    A row is one player in one game on the dates of `window`. `comparison` holds the metrics of both models, and the
    differences candidate minus production with their intervals.
    """

    candidate: Bundle
    production: Bundle
    window: DateRange
    candidate_scored: ScoredRows
    production_scored: ScoredRows
    comparison: Comparison

    def predictions(self) -> pd.DataFrame:
        """Return the probabilities of both models, one row for each player and game.

        The columns are game_date, game_id, player_lookup, probability_candidate, probability_production and is_breakout
        (0 or 1).
        """
        rows = self.candidate_scored.rows
        return rows.keys.assign(
            probability_candidate=self.candidate_scored.probability,
            probability_production=self.production_scored.probability,
            is_breakout=rows.label.astype("int64"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the window, the names of the two models and the comparison as JSON types, without the predictions."""
        return {
            "window": [str(self.window.start), str(self.window.end)],
            "bundles": {
                role: {
                    "fingerprint": bundle.fingerprint,
                    "name": bundle.manifest.name,
                    "run": bundle.manifest.run_id,
                }
                for role, bundle in (("candidate", self.candidate), ("production", self.production))
            },
            **json_ready(self.comparison),
        }


def check_comparable(candidate: Bundle, production: Bundle) -> None:
    """Raise IncomparableError if two saved models are the same, or differ in label or population.

    The population is the set of players and games that a model is for.
    """
    if candidate.fingerprint == production.fingerprint:
        raise IncomparableError(
            f"candidate and production are the same model ({candidate.fingerprint}); give two different bundles."
        )
    differing = label_differences(candidate, production)
    if differing:
        raise IncomparableError(
            f"candidate and production answer different questions and cannot be ranked: {'; '.join(differing)}."
        )


def label_differences(candidate: Bundle, production: Bundle) -> list[str]:
    """Return a phrase for each setting of label or population in which two saved models differ.

    The population is the set of players and games that a model is for.
    """
    ours, theirs = candidate.contract.label, production.contract.label
    keys = sorted({*ours, *theirs})
    return [
        f"{key} is {ours.get(key)} for the candidate and {theirs.get(key)} for production"
        for key in keys
        if ours.get(key) != theirs.get(key)
    ]


def compare_bundles(
    candidate: Bundle,
    production: Bundle,
    warehouse: Warehouse,
    dates: tuple[date | None, date | None],
    parameters: EvaluationParameters,
) -> HeadToHead:
    """Score two saved models on the games of a window, and compare their metrics.

    `dates` are the first and the last date of the window. None for the first date means the day after both training
    windows. None for the last date means the date of the newest game.

    IncomparableError if the models are the same, differ in the label or in the players they are for, or give equal
    probabilities. ConfigurationError if the window overlaps a training window or ends before it begins, or if a feature
    needs injury reports and no table of them is configured. NoGamesError if the window contains no game. DataError if
    the warehouse cannot be read.
    """
    check_comparable(candidate, production)
    window = later_window(max(candidate.train_end, production.train_end), *dates, warehouse)
    ours, theirs = (score_window(bundle, warehouse, window) for bundle in (candidate, production))
    if not ours.rows.keys.equals(theirs.rows.keys):
        raise RuntimeError("two bundles of one population were given different rows")
    if np.array_equal(ours.probability, theirs.probability):
        raise IncomparableError(
            f"candidate and production are the same model: they give the same probabilities, bit for bit, to all "
            f"{len(ours.rows)} games of {window}."
        )
    slices = build_slices(ours.rows, candidate.settings.target)
    comparison = compare_probabilities(
        ours.rows.label,
        ours.probability,
        theirs.probability,
        ours.rows.dates,
        parameters=parameters,
        slices={name: slices[name] for name in SLICES},
    )
    return HeadToHead(candidate, production, window, ours, theirs, comparison)
