"""The compared ways to build features, each to be run in a process of its own.

Every way begins with the source tables loaded: queries in DuckDB's memory, pandas in DataFrames. It ends with keys,
label and features of every kept row in memory, as an Arrow table or a DataFrame.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import yaml

from breakout.conf_tree import conf_dir
from breakout.features import BREAKOUT_FEATURE_ORDER, BreakoutFeatureConfig, get_training_data_query
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.benchmarks.leagues import TABLES
from tests.benchmarks.pandas_features import build_features
from tests.builders import CUTOFF

HAND_WRITTEN = Path(__file__).with_name("ten_features.sql")
BEGINNING, END = date(1900, 1, 1), date(2100, 1, 1)

Build = Callable[[], pa.Table | pd.DataFrame]


def ours(warehouse: DuckDBWarehouse) -> Build:
    config = BreakoutFeatureConfig(BREAKOUT_FEATURE_ORDER, 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)
    parameters = config.parameters(BEGINNING, BEGINNING, END)
    return lambda: warehouse.query(get_training_data_query(), parameters)


def of_preset(preset: str, warehouse: DuckDBWarehouse) -> Build:
    names = yaml.safe_load((conf_dir() / "features" / f"{preset}.yaml").read_text())["names"]
    config = BreakoutFeatureConfig(tuple(names), 8.0, 16.0, 1.5, 5, ("regular",), CUTOFF)
    warehouse.check_availability(BEGINNING, END)
    parameters = config.parameters(BEGINNING, BEGINNING, END)
    return lambda: warehouse.query(get_training_data_query(names), parameters)


def hand_written(warehouse: DuckDBWarehouse) -> Build:
    sql = HAND_WRITTEN.read_text(encoding="utf-8")
    return lambda: warehouse.connection.execute(sql, {"start": BEGINNING, "end": END}).to_arrow_table()


def pandas(warehouse: DuckDBWarehouse) -> Build:
    players, teams = (warehouse.query(f"SELECT * FROM `nba_analytics.{table}`", {}).to_pandas() for table in TABLES)  # noqa: S608
    for frame in (players, teams):
        frame["game_date"] = pd.to_datetime(frame["game_date"])
    return lambda: build_features(players, teams)


WAYS: dict[str, Callable[[DuckDBWarehouse], Build]] = {
    "the query": ours,
    "hand-written": hand_written,
    "pandas": pandas,
}


PRESETS: dict[str, Callable[[DuckDBWarehouse], Build]] = {
    f"features={preset}": partial(of_preset, preset) for preset in ("all", "tonight")
}


class Worker(NamedTuple):
    """One way in this process after its tables were loaded and it built once.

    `memory_growth` is the MB by which the process grew while it did so.
    """

    build: Build
    memory_growth: float


_here: list[Worker] = []  # `begin` adds the worker of this process


def begin(way: str, files: dict[str, str]) -> None:
    """Make this process a worker: load the files and build the features once."""
    before = peak_memory()
    build = (WAYS | PRESETS)[way](DuckDBWarehouse(files))
    build()
    _here.append(Worker(build, peak_memory() - before))


def seconds() -> float:
    """Build the features once more and return the seconds it took."""
    before = time.perf_counter()
    _here[0].build()
    return time.perf_counter() - before


def memory_growth() -> float:
    """Return the MB by which the peak memory of this process grew from its imports to the end of its first build."""
    return _here[0].memory_growth


def peak_memory() -> float:
    """Return the peak resident memory of this process in MB; Linux only."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024
