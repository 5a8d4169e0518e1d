"""`breakout dataset`: keys, label and features of a range of dates, written to one Parquet file for notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.dataset import build_dataset, save_dataset
from breakout.errors import ConfigurationError
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.selection import select_features
from breakout.report.terminal.lines import print_line
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import DatasetConfig


def run(config: DatasetConfig) -> int:
    """Build the rows from `start` to `end` and write them to `out`; return the exit code."""
    if not config.out.endswith(".parquet"):
        raise ConfigurationError(f"out must name a .parquet file, got {config.out}.")
    names = select_features(config.mode.name, config.features.names)
    features = BreakoutFeatureConfig.from_target(names, config.target)
    warehouse = open_for(config, "dataset")
    try:
        dataset = build_dataset(warehouse, features, config.start, config.end)
    finally:
        warehouse.close()
    save_dataset(dataset, Path(config.out))
    rate = f", breakout rate {dataset.breakout_rate:.4f}" if len(dataset) else ""
    print_line(f"{len(dataset):,} rows of {config.start}..{config.end}, {len(names)} features{rate}: {config.out}")
    return 0
