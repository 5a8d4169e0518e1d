"""How fast the ten features are built: the query beside pandas and a hand-written query, in time and memory.

Pandas comes twice: plain, as most people write it, and tuned. All begin with both tables loaded (the queries in
DuckDB's memory, pandas in DataFrames) and end with keys, label and features of every kept row in memory (an Arrow
table, a DataFrame). They take turns in one process, so that a busy machine slows all alike; values are compared before
anything is timed. Run by `make bench`.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from breakout.features import BREAKOUT_FEATURE_ORDER, BreakoutFeatureConfig, get_training_data_query
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.benchmarks import pandas_plain, pandas_tuned
from tests.benchmarks.leagues import TABLES, write_leagues

HAND_WRITTEN = Path(__file__).with_name("ten_features.sql")
ROUNDS = {1: 40, 4: 15, 16: 5}  # by size: short times scatter most, and cost least to take often
KEYS = ["game_date", "game_id", "player_lookup"]
BEGINNING, END = date(1900, 1, 1), date(2100, 1, 1)

Build = Callable[[], pa.Table | pd.DataFrame]
Features = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]


def ours(warehouse: DuckDBWarehouse) -> Build:
    config = BreakoutFeatureConfig(BREAKOUT_FEATURE_ORDER, 8.0, 16.0, 1.5, 5, ("regular",))
    parameters = config.parameters(BEGINNING, BEGINNING, END)
    return lambda: warehouse.query(get_training_data_query(), parameters)


def hand_written(warehouse: DuckDBWarehouse) -> Build:
    sql = HAND_WRITTEN.read_text(encoding="utf-8")
    return lambda: warehouse.connection.execute(sql, {"start": BEGINNING, "end": END}).to_arrow_table()


def pandas(warehouse: DuckDBWarehouse, build_features: Features = pandas_plain.build_features) -> Build:
    players, teams = (warehouse.query(f"SELECT * FROM `nba_analytics.{table}`", {}).to_pandas() for table in TABLES)  # noqa: S608
    for frame in (players, teams):
        frame["game_date"] = pd.to_datetime(frame["game_date"])
    return lambda: build_features(players, teams)


WAYS: dict[str, Callable[[DuckDBWarehouse], Build]] = {
    "the query": ours,
    "hand-written": hand_written,
    "pandas": pandas,
    "tuned pandas": partial(pandas, build_features=pandas_tuned.build_features),
}
RATIOS = {
    "query/hand-written": ("the query", "hand-written"),
    "pandas/query": ("pandas", "the query"),
    "tuned pandas/query": ("tuned pandas", "the query"),
}


def check_equal(found: pa.Table | pd.DataFrame, expected: pa.Table | pd.DataFrame) -> None:
    """The same rows, labels and, to 1e-9, features."""
    a, b = (rows if isinstance(rows, pd.DataFrame) else rows.to_pandas() for rows in (found, expected))
    a, b = (rows.assign(game_date=pd.to_datetime(rows["game_date"]).astype("datetime64[s]")) for rows in (a, b))
    assert (a[KEYS].to_numpy() == b[KEYS].to_numpy()).all()
    assert (a["is_breakout"].to_numpy() == b["is_breakout"].to_numpy()).all()
    names = list(BREAKOUT_FEATURE_ORDER)
    np.testing.assert_allclose(a[names].to_numpy("float64"), b[names].to_numpy("float64"), rtol=0, atol=1e-9)


def measure(builds: dict[str, Build], rounds: int) -> dict[str, float]:
    """Median seconds of each, taking turns in an order that changes, so that none always follows the same other.

    Python collects garbage as it does in any program; with it switched off, pandas is a tenth to a fifth quicker at 1x.
    """
    seconds: dict[str, list[float]] = {name: [] for name in builds}
    order, shuffled = list(builds), random.Random(0)  # noqa: S311  (no secret)
    for _ in range(rounds):
        shuffled.shuffle(order)
        for name in order:
            build = builds[name]
            before = time.perf_counter()
            build()
            seconds[name].append(time.perf_counter() - before)
    return {name: statistics.median(values) for name, values in seconds.items()}


@pytest.mark.benchmark
def test_time(tmp_path: Path) -> None:
    print(f"\n{'sample':>6} {'input rows':>10}", *(f"{name:>26}" for name in WAYS), *(f"{name:>20}" for name in RATIOS))
    for times, rounds in ROUNDS.items():
        warehouse = DuckDBWarehouse(write_leagues(times, tmp_path))
        rows = sum(warehouse.connection.table(f"nba_analytics.{table}").count("*").fetchall()[0][0] for table in TABLES)
        builds = {name: way(warehouse) for name, way in WAYS.items()}
        answers = [build() for build in builds.values()]
        for other in answers[1:]:
            check_equal(answers[0], other)
        del answers, other
        told = measure(builds, rounds)
        cells = (f"{seconds:>8.3f} s {rows / seconds:>9,.0f} rows/s" for seconds in told.values())
        ratios = (f"{told[above] / told[below]:>20.2f}" for above, below in RATIOS.values())
        print(f"{times:>5}x {rows:>10,}", *cells, *ratios)
        warehouse.close()


PEAK = """
import re, sys
from pathlib import Path
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.benchmarks.leagues import TABLES
from tests.benchmarks.test_features import WAYS

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

before = peak()
warehouse = DuckDBWarehouse(dict(zip(TABLES, sys.argv[2:])))
WAYS[sys.argv[1]](warehouse)()
print(peak() - before)
"""


def peak_growth(way: str, files: dict[str, str]) -> float:
    """MB by which a process grows at its highest, on Linux: after its imports, the files loaded, the features built."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, way, *files.values()], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.benchmark
def test_memory(tmp_path: Path) -> None:
    print(f"\n{'sample':>6}", *(f"{way:>32}" for way in WAYS))
    for times in ROUNDS:
        files = write_leagues(times, tmp_path)
        growths = [peak_growth(way, files) for way in WAYS]
        print(f"{times:>5}x", *(f"{growth:>9,.0f} MB {growth / times:>5,.0f} MB a sample" for growth in growths))
