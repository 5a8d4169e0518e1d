"""The plan of a run, made before any fit: settings, features, dates and warehouse.

`RunPlan` also builds the rows of the run, and estimates the cost of reading them.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from breakout import settings
from breakout.coverage import FlawedGame, find_flawed_games, flawed_game_warnings, flawed_games_query
from breakout.dataset import SLICE_FEATURES, Dataset, build_dataset, select_role_players
from breakout.errors import DataError
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.contract import Contract, build_contract
from breakout.features.query import get_training_data_query, seasons_before
from breakout.features.query_plan import plan_query
from breakout.runs.names import RUNS
from breakout.split import DateRange, Fold, Split, resolve_folds, resolve_window
from breakout.warehouse.cost import CostEstimate, Priced
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from breakout.settings import ExperimentConfig
    from breakout.settings.model_groups import ModelConfig
    from breakout.warehouse.base import Warehouse

MIN_TRAINING_ROWS = 500


@dataclass(frozen=True)
class RunPlan:
    """One experiment before its fit: the settings, its features, contract and dates, and an open warehouse.

    - `contract`: the definition of features and label, with a fingerprint.
    - `split`: the dates of the run; in a walk forward, the dates of the last fold.
    - `folds`: the windows of a walk forward; () for other kinds of window.
    """

    config: ExperimentConfig
    features: BreakoutFeatureConfig
    contract: Contract
    split: Split
    warehouse: Warehouse
    folds: tuple[Fold, ...] = ()

    @property
    def run_parent(self) -> Path:
        """The folder in which the run creates its own folder."""
        return Path(self.config.paths.outputs) / RUNS / self.config.name

    def ranges(self) -> dict[str, DateRange]:
        """Return the dates of the rows that the run reads, by name.

        The keys are `train` and, unless the run only trains, `evaluation`. A walk forward has one key, `folds`: the
        dates from its first training date to its last evaluation date.
        """
        if self.folds:
            return {"folds": DateRange(min(fold.train.start for fold in self.folds), self.folds[-1].evaluation.end)}
        evaluation = {} if self.split.evaluation is None else {"evaluation": self.split.evaluation}
        return {"train": self.split.train, **evaluation}

    def estimate(self, window: DateRange) -> CostEstimate | None:
        """Return the cost of reading the rows of the dates `window`; None if reading the warehouse is free.

        DataError if the warehouse cannot estimate the cost.
        """
        return estimate_rows(self.warehouse, self.features, window.start, window.end, SLICE_FEATURES)

    def source_warnings(self) -> tuple[str, ...]:
        """Return the warnings about flawed games that the features of the run can read.

        A game is flawed if its rows in the player table and in the team table contradict each other. DataError if the
        games cannot be queried.
        """
        flawed = {game for days in self.ranges().values() for game in self.find_flawed_games(days)}
        return flawed_game_warnings(flawed)

    def find_flawed_games(self, days: DateRange) -> list[FlawedGame]:
        """Return the flawed games that the features of games in `days` can read.

        A game is flawed if its rows in the player table and in the team table contradict each other. DataError if the
        games cannot be queried.
        """
        return find_flawed_games(self.warehouse, self.features, days.start, days.end)

    def build_span(self) -> Dataset:
        """Build the rows of all folds of a walk forward, from the first training date to the last evaluation date.

        DataError if the source tables are missing or damaged. ConfigurationError if a feature needs a table that is not
        configured. KeyError if the run is no walk forward.
        """
        return self._build_learned(self.ranges()["folds"], SLICE_FEATURES)

    def build_train(self) -> Dataset:
        """Build the training rows; in a walk forward, only the rows of the last fold.

        DataError if the source tables are missing or damaged. ConfigurationError if a feature needs a table that is not
        configured.
        """
        return self._build_learned(self.split.train)

    def _build_learned(self, days: DateRange, slice_features: Sequence[str] = ()) -> Dataset:
        """Build the rows of `days` for role players (players with a season average from `min_ppg` to `max_ppg`).

        If the model also learns from other players, the field `wider` contains all rows that it learns from.
        """
        learned = widen_population(self.features, self.config.model)
        rows = build_dataset(self.warehouse, learned, days.start, days.end, slice_features=slice_features)
        return rows if learned == self.features else select_role_players(rows, self.features)

    def build_evaluation(self) -> Dataset | None:
        """Build the evaluation rows; None if the run only trains.

        In a walk forward, only the rows of the last fold are built. The rows also have the columns that the evaluation
        by slices (groups of games) needs. DataError if the source tables are missing or damaged. ConfigurationError if
        a feature needs a table that is not configured.
        """
        window = self.split.evaluation
        if window is None:
            return None
        return build_dataset(self.warehouse, self.features, window.start, window.end, slice_features=SLICE_FEATURES)


def widen_population(features: BreakoutFeatureConfig, model: ModelConfig) -> BreakoutFeatureConfig:
    """Return `features` with the limits of the season average (`min_ppg`, `max_ppg`) for training rows.

    For a model of points, the settings `train_min_ppg` and `train_max_ppg` can widen the limits.
    """
    if not isinstance(model, settings.PointsConfig):
        return features
    low = features.min_ppg if model.train_min_ppg is None else min(model.train_min_ppg, features.min_ppg)
    high = features.max_ppg if model.train_max_ppg is None else max(model.train_max_ppg, features.max_ppg)
    return replace(features, min_ppg=low, max_ppg=high)


@contextmanager
def open_plan(config: ExperimentConfig) -> Iterator[RunPlan]:
    """Open the warehouse of `config` and yield the plan of its run; close the warehouse on exit.

    ConfigurationError if the features or the dates of the window are invalid. DataError or ConfigurationError if the
    warehouse cannot be opened. DataError if the window ends with the newest game and the warehouse has no game.
    """
    features = BreakoutFeatureConfig.from_settings(config)
    contract = build_contract(features)
    with open_for(config, "train") as warehouse:
        split, folds = resolve_window(config.window, warehouse), folds_of(config)
        yield RunPlan(config, features, contract, split, warehouse, folds)


def folds_of(config: ExperimentConfig) -> tuple[Fold, ...]:
    """Return the folds of a walk forward, one for each month or week; () for other kinds of window.

    A month or week without games has a fold too.
    """
    return resolve_folds(config.window) if isinstance(config.window, settings.WalkForwardWindowConfig) else ()


def estimate_rows(
    warehouse: Warehouse,
    config: BreakoutFeatureConfig,
    start: date,
    end: date,
    slice_features: Sequence[str] = (),
) -> CostEstimate | None:
    """Return the cost of building the rows of the dates start..end with `build_dataset`; None if reading is free.

    The cost includes the checks of the source tables and the search for games whose rows contradict each other.
    `slice_features` are further features to build, in addition to `config.names`. DataError if the warehouse cannot
    estimate the cost. ConfigurationError if a feature needs injury reports, but no table of them is configured.
    """
    if not isinstance(warehouse, Priced):
        return None
    sql = get_training_data_query(
        (*config.names, *slice_features), sources=warehouse.sources, registry=config.registry, has_points=True
    )
    reach = seasons_before(config.names, config.registry)
    parameters = config.parameters(warehouse.history_start(start, reach), start, end)
    cost = warehouse.estimate_checks(start, end, reach)
    if plan_query(config.registry, config.names).uses_availability:
        cost += warehouse.estimate_report_checks(start, end)
    return (
        cost
        + warehouse.estimate(sql, parameters)
        + warehouse.estimate(flawed_games_query(warehouse.sources), parameters)
    )


def check_training_count(rows: int, describe_history: Callable[[], str] | None = None) -> None:
    """Raise DataError if there are fewer than 500 training rows.

    `describe_history` returns a description of the games in the warehouse. The message includes the description if
    there are no rows.
    """
    if rows < MIN_TRAINING_ROWS:
        held = f" ({describe_history()})" if describe_history and not rows else ""
        raise DataError(
            f"the training window holds {rows} rows{held}, at least {MIN_TRAINING_ROWS} are needed; "
            "lengthen window.train_start..train_end or check that the warehouse holds those dates."
        )


def check_evaluation_count(rows: int, describe_history: Callable[[], str] | None = None) -> None:
    """Raise DataError if the evaluation window has no rows.

    `describe_history` returns a description of the games in the warehouse, which the message includes.
    """
    if not rows:
        held = f" ({describe_history()})" if describe_history else ""
        raise DataError(
            f"the evaluation window holds no rows{held}; move it to dates with games, "
            "or set window.eval_start and window.eval_end to null to train only."
        )
