"""What a run is going to do, decided before anything is fitted: features, contract, dates, source."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from breakout import settings
from breakout.dataset import SLICE_FEATURES, Dataset, build_dataset
from breakout.experiment.reading_cost import estimate_rows
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.contract import Contract, build_contract
from breakout.features.selection import select_features
from breakout.split import DateRange, Fold, Split, resolve_folds, resolve_window
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from breakout.settings import ExperimentConfig
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.cost import CostEstimate


@dataclass(frozen=True)
class Plan:
    """One experiment, resolved: what it learns from, under which contract, on which dates, from which warehouse."""

    config: ExperimentConfig
    features: BreakoutFeatureConfig
    contract: Contract
    split: Split
    warehouse: Warehouse
    folds: tuple[Fold, ...] = ()  # of a walk forward; `split` is then the last one's

    @property
    def run_parent(self) -> Path:
        """The folder in which the run's own folder will be made."""
        return Path(self.config.paths.outputs) / "runs" / self.config.name

    def ranges(self) -> dict[str, DateRange]:
        """The dates that the run reads, by the part they play."""
        if self.folds:
            return {"folds": DateRange(min(fold.train.start for fold in self.folds), self.folds[-1].evaluation.end)}
        evaluation = {} if self.split.evaluation is None else {"evaluation": self.split.evaluation}
        return {"train": self.split.train, **evaluation}

    def estimate(self, window: DateRange) -> CostEstimate | None:
        """What reading the rows of a window would cost, slices included; None where reading is free."""
        return estimate_rows(self.warehouse, self.features, window.start, window.end, SLICE_FEATURES)

    def build_span(self) -> Dataset:
        """All rows of a walk forward, from the first training date to the last one evaluated."""
        span = self.ranges()["folds"]
        return build_dataset(self.warehouse, self.features, span.start, span.end, slice_features=SLICE_FEATURES)

    def build_train(self) -> Dataset:
        """The training rows."""
        return build_dataset(self.warehouse, self.features, self.split.train.start, self.split.train.end)

    def build_evaluation(self) -> Dataset | None:
        """The evaluation rows, with what slices need beside them; None if the run only trains."""
        window = self.split.evaluation
        if window is None:
            return None
        return build_dataset(self.warehouse, self.features, window.start, window.end, slice_features=SLICE_FEATURES)


@contextmanager
def open_plan(config: ExperimentConfig) -> Iterator[Plan]:
    """Resolve a configuration against its warehouse, which is closed on leaving."""
    features = BreakoutFeatureConfig.from_target(
        select_features(config.mode.name, config.features.names), config.target
    )
    contract = build_contract(features)
    warehouse = open_for(config, "train")
    try:
        split, folds = resolve_window(config.window, warehouse), folds_of(config)
        yield Plan(config, features, contract, split, warehouse, folds)
    finally:
        warehouse.close()


def folds_of(config: ExperimentConfig) -> tuple[Fold, ...]:
    """The calendar's folds of a window that walks forward; none of any other."""
    return resolve_folds(config.window) if isinstance(config.window, settings.WalkForwardWindowConfig) else ()
