"""Benchmarks of the time and memory of building features.

The ten shared features are built by the package's query, by a query written by hand for them alone, and by pandas. The
presets all and tonight are built by the package's query only.

Each way runs in a process of its own, so that none starts with memory that another one used. The ways take turns in
random order, so that a busy machine slows all alike. Their values are compared before they are timed. Run by `make
bench`.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from breakout.features import BREAKOUT_FEATURE_ORDER
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.benchmarks import ways
from tests.benchmarks.leagues import TABLES, write_leagues
from tests.benchmarks.measuring import check_bound
from tests.benchmarks.ways import WAYS

ROUNDS = {1: 40, 4: 15, 16: 5}  # by number of leagues: short times vary most, and are the cheapest to repeat
PRESET_ROUNDS = {1: 7, 4: 5, 16: 3}
GROWTH_BOUND = 1.3  # of seconds per league, 16 leagues to one; about 1 if the time grows linearly
RATIO_BOUND = 1.1  # of the median seconds, the package's query to the hand-written one
KEYS = ["game_date", "game_id", "player_lookup"]


class Measured(NamedTuple):
    """Median seconds of one build, and MB by which the process grew while it loaded and built."""

    seconds: float
    megabytes: float


def check_equal(found: pa.Table | pd.DataFrame, expected: pa.Table | pd.DataFrame) -> None:
    """Check that keys and labels are equal and features differ by at most 1e-9."""
    a, b = (rows if isinstance(rows, pd.DataFrame) else rows.to_pandas() for rows in (found, expected))
    a, b = (rows.assign(game_date=pd.to_datetime(rows["game_date"]).astype("datetime64[s]")) for rows in (a, b))
    assert (a[KEYS].to_numpy() == b[KEYS].to_numpy()).all()
    assert (a["is_breakout"].to_numpy() == b["is_breakout"].to_numpy()).all()
    names = list(BREAKOUT_FEATURE_ORDER)
    np.testing.assert_allclose(a[names].to_numpy("float64"), b[names].to_numpy("float64"), rtol=0, atol=1e-9)


def check_ways(files: dict[str, str]) -> int:
    """Check that all ways give the same rows; return the number of input rows."""
    warehouse = DuckDBWarehouse(files)
    first, *others = [way(warehouse)() for way in WAYS.values()]
    for other in others:
        check_equal(first, other)
    rows = sum(warehouse.connection.table(f"nba_analytics.{table}").count("*").fetchall()[0][0] for table in TABLES)
    warehouse.close()
    return int(rows)


def measure(files: dict[str, str], rounds: int, chosen: Iterable[str] = WAYS) -> dict[str, Measured]:
    """Measure each way in a process of its own; the ways take turns."""
    spawn = multiprocessing.get_context("spawn")
    order, shuffled = list(chosen), random.Random(0)  # noqa: S311  (no secret)
    seconds: dict[str, list[float]] = {name: [] for name in order}
    with ExitStack() as stack:
        pools = {name: stack.enter_context(ProcessPoolExecutor(1, spawn, ways.begin, (name, files))) for name in order}
        megabytes = {name: pool.submit(ways.memory_growth).result() for name, pool in pools.items()}
        for _ in range(rounds):
            shuffled.shuffle(order)
            for name in order:
                seconds[name].append(pools[name].submit(ways.seconds).result())
    return {name: Measured(statistics.median(seconds[name]), megabytes[name]) for name in seconds}


@pytest.mark.benchmark
@pytest.mark.timeout(900)
@pytest.mark.parametrize("times", ROUNDS)
def test_features(times: int, tmp_path: Path) -> None:
    files = write_leagues(times, tmp_path)
    rows = check_ways(files)
    measured = measure(files, ROUNDS[times])
    print(f"\nthe ten features of the sample {times}x, {rows:,} input rows:")
    for name, (seconds, megabytes) in measured.items():
        print(f"  {name:<14} {seconds:.3f} s, {rows / seconds:>9,.0f} rows/s, {megabytes:>6,.0f} MB")
    print(f"  pandas / the query {measured['pandas'].seconds / measured['the query'].seconds:.2f}")
    ratio = measured["the query"].seconds / measured["hand-written"].seconds
    if times == 1:
        check_bound("the query / hand-written, at 1x", ratio, RATIO_BOUND)
    else:
        print(f"  the query / hand-written {ratio:.2f}")


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_presets(tmp_path: Path) -> None:
    per_league: dict[int, float] = {}
    for times, rounds in PRESET_ROUNDS.items():
        files = write_leagues(times, tmp_path)
        measured = measure(files, rounds, ways.PRESETS)
        print(f"\npresets on the sample {times}x:")
        for name, (seconds, megabytes) in measured.items():
            print(f"  {name:<17} {seconds:.2f} s, {megabytes:>6,.0f} MB")
        per_league[times] = measured["features=tonight"].seconds / times
    check_bound("features=tonight, seconds a league at 16x / 1x", per_league[16] / per_league[1], GROWTH_BOUND)
