"""The command `breakout dataset`, which writes the rows of a date range to a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import save_parquet
from breakout.coverage import coverage_warnings, describe_history, find_flawed_games, flawed_game_warnings
from breakout.dataset import build_dataset, labelled_features
from breakout.errors import ConfigurationError, DataError
from breakout.features.config import BreakoutFeatureConfig
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.lines import print_line
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import DatasetConfig


def run(config: DatasetConfig) -> int:
    """Build the rows of the game dates from `start` to `end` and write them to `out`; return the exit code.

    A row is one game of one player, with its keys, label and features.

    - ConfigurationError if `out` does not end with .parquet, or if the features are invalid or need a table that is not
      configured.
    - DataError if there are no rows between the dates, if the source tables cannot be used, or if the file cannot be
      written.
    """
    if not config.out.endswith(".parquet"):
        raise ConfigurationError(f"out must name a .parquet file, got {config.out}.")
    features = BreakoutFeatureConfig.from_settings(config)
    with progress_line("dataset"), open_for(config, "dataset") as warehouse:
        dataset = build_dataset(warehouse, features, config.start, config.end)
        if not len(dataset):
            held = describe_history(warehouse, features, config.start, config.end)
            raise DataError(f"there are no rows of {config.start}..{config.end} ({held}); nothing is written.")
        warnings = flawed_game_warnings(find_flawed_games(warehouse, features, config.start, config.end))
    save_parquet(labelled_features(dataset), Path(config.out))
    content = f"{len(features.names)} features, breakout rate {dataset.breakout_rate:.4f}"
    print_line(f"{len(dataset):,} rows of {config.start}..{config.end}, {content}: {config.out}")
    for warning in warnings + coverage_warnings({"written": dataset}):
        print_line(f"warning: {warning}")
    return 0
