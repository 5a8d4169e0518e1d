"""The file backtest.json, which holds a backtest and its origin; only this module writes and reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from breakout.artifacts import json_ready, load_typed, save_json
from breakout.errors import DataError
from breakout.market.backtest import Backtest

BACKTEST_FILE = "backtest.json"
BETS_FILE = "bets.parquet"
# Increased whenever a key is renamed, removed or changes its meaning.
BACKTEST_SCHEMA_VERSION = 1


@dataclass(frozen=True)
class BacktestRecord:
    """A backtest and its origin.

    `source` names the run or ledger of the predictions, `prices` the file or table of prices. `contracts` are the
    fingerprints of the models' contracts; the weight that the backtest fitted (see `market.stacking`) holds only for
    models with these. `start` and `end` are the first and the last game date of the predictions, as ISO 8601. `margin`,
    `kelly`, `max_stake` and `min_edge` are settings of the group `prices`.
    """

    source: str
    prices: str
    contracts: tuple[str, ...]
    start: str
    end: str
    n_predictions: int
    margin: str
    kelly: float
    max_stake: float
    min_edge: float
    backtest: Backtest
    schema_version: int = BACKTEST_SCHEMA_VERSION


def save_record(record: BacktestRecord, folder: Path) -> None:
    """Write backtest.json into a folder."""
    save_json(json_ready(record), folder / BACKTEST_FILE)


def load_record(folder: Path) -> BacktestRecord:
    """Read the backtest.json of a folder; DataError if it is missing, damaged or of a newer version."""
    record = load_typed(folder / BACKTEST_FILE, BacktestRecord)
    if record.schema_version > BACKTEST_SCHEMA_VERSION:
        raise DataError(f"{folder / BACKTEST_FILE} was written by a newer version; install that one.")
    return record
