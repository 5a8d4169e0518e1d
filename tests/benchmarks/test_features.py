"""How fast the ten features are built: the query beside pandas and a hand-written query, in time and memory.

Each way runs in a process of its own, as a program that uses one of them would: nobody pays for another's garbage, and
none finds memory warmed by another. They take turns in one run, in an order that changes, so that a busy machine slows
all alike; values are compared before anything is timed. Run by `make bench`.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from breakout.features import BREAKOUT_FEATURE_ORDER
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.benchmarks import ways
from tests.benchmarks.leagues import TABLES, write_leagues
from tests.benchmarks.ways import WAYS

ROUNDS = {1: 40, 4: 15, 16: 5}  # by size: short times scatter most, and cost least to take often
KEYS = ["game_date", "game_id", "player_lookup"]
RATIOS = {
    "query/hand-written": ("the query", "hand-written"),
    "pandas/query": ("pandas", "the query"),
    "tuned pandas/query": ("tuned pandas", "the query"),
}


@contextmanager
def workers(files: dict[str, str], names: list[str]) -> Iterator[dict[str, ProcessPoolExecutor]]:
    """A process for each way."""
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        yield {name: stack.enter_context(ProcessPoolExecutor(1, spawn, ways.begin, (name, files))) for name in names}


def check_equal(found: pa.Table | pd.DataFrame, expected: pa.Table | pd.DataFrame) -> None:
    """The same rows, labels and, to 1e-9, features."""
    a, b = (rows if isinstance(rows, pd.DataFrame) else rows.to_pandas() for rows in (found, expected))
    a, b = (rows.assign(game_date=pd.to_datetime(rows["game_date"]).astype("datetime64[s]")) for rows in (a, b))
    assert (a[KEYS].to_numpy() == b[KEYS].to_numpy()).all()
    assert (a["is_breakout"].to_numpy() == b["is_breakout"].to_numpy()).all()
    names = list(BREAKOUT_FEATURE_ORDER)
    np.testing.assert_allclose(a[names].to_numpy("float64"), b[names].to_numpy("float64"), rtol=0, atol=1e-9)


def check_ways(files: dict[str, str]) -> int:
    """All ways give the same; how many input rows they read."""
    warehouse = DuckDBWarehouse(files)
    first, *others = [way(warehouse)() for way in WAYS.values()]
    for other in others:
        check_equal(first, other)
    rows = sum(warehouse.connection.table(f"nba_analytics.{table}").count("*").fetchall()[0][0] for table in TABLES)
    warehouse.close()
    return int(rows)


def measure(files: dict[str, str], rounds: int) -> dict[str, float]:
    """Median seconds of each way."""
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    order, shuffled = list(WAYS), random.Random(0)  # noqa: S311  (no secret)
    with workers(files, order) as processes:
        for _ in range(rounds):
            shuffled.shuffle(order)
            for name in order:
                taken[name].append(processes[name].submit(ways.seconds).result())
    return {name: statistics.median(values) for name, values in taken.items()}


@pytest.mark.benchmark
def test_time(tmp_path: Path) -> None:
    print(f"\n{'sample':>6} {'input rows':>10}", *(f"{name:>26}" for name in WAYS), *(f"{name:>20}" for name in RATIOS))
    for times, rounds in ROUNDS.items():
        files = write_leagues(times, tmp_path)
        rows = check_ways(files)
        told = measure(files, rounds)
        cells = (f"{seconds:>8.3f} s {rows / seconds:>9,.0f} rows/s" for seconds in told.values())
        ratios = (f"{told[above] / told[below]:>20.2f}" for above, below in RATIOS.values())
        print(f"{times:>5}x {rows:>10,}", *cells, *ratios)


@pytest.mark.benchmark
def test_memory(tmp_path: Path) -> None:
    print(f"\n{'sample':>6}", *(f"{way:>32}" for way in WAYS))
    for times in ROUNDS:
        files = write_leagues(times, tmp_path)
        growths = []
        for name in WAYS:
            with workers(files, [name]) as processes:
                growths.append(processes[name].submit(ways.memory_growth).result())
        print(f"{times:>5}x", *(f"{growth:>9,.0f} MB {growth / times:>5,.0f} MB a sample" for growth in growths))
