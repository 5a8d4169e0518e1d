"""Two mornings of `breakout daily` on a part of the sample, with one model in production and one shadow."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from breakout.bundle.folder import read_bundle
from breakout.ledger.shadows import Shadows
from breakout.ledger.store import FolderLedger
from breakout.production.registry import EventFacts, Registry
from breakout.programs import daily
from breakout.settings.composition import compose
from breakout.warehouse.sample import SAMPLE_FOLDER
from tests.commands import Trained

HISTORY = ("player_game_summary", "team_offense_game_summary")
HISTORY_FROM = date(2025, 11, 20)
FIRST = date(2026, 1, 20)
SECOND = FIRST + timedelta(days=1)


class KilledError(BaseException):
    """An exception that ends the program like a kill; no code of the program catches it."""


def at(day: date, hour: int = 15) -> datetime:
    """Return the time of a call; 15:00 UTC is 10:00 in New York in winter."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@dataclass(frozen=True)
class Mornings:
    """The settings for both mornings, and the outputs folder after the first morning."""

    config: Any
    outputs: Path

    @classmethod
    def at_folder(cls, folder: Path) -> Mornings:
        """Return the mornings whose outputs and source tables are below `folder`."""
        outputs, source = folder / "outputs", folder / "source"
        tables = (f"warehouse.{name}={source / f'{name}.parquet'}" for name in (*HISTORY, "schedule"))
        words = ("warehouse=duckdb", *tables, f"paths.outputs={outputs}", "evaluation.bootstrap_resamples=20")
        return cls(compose("daily", words), outputs)

    def run(self, outputs: Path, day: date) -> int:
        paths = replace(self.config.paths, outputs=str(outputs))
        return daily.run_at(replace(self.config, date=str(day), paths=paths), at(day))

    def copy(self, to: Path) -> Path:
        """Copy the outputs, so that the second morning can be run in the copy, and return its path."""
        return Path(shutil.copytree(self.outputs, to))


def write_source(folder: Path, until: date) -> None:
    """Write the source tables with the games up to `until`, and the whole schedule."""
    folder.mkdir(exist_ok=True)
    for table in (*HISTORY, "schedule"):
        last = until if table in HISTORY else date(2026, 4, 12)
        where = f"game_date BETWEEN DATE '{HISTORY_FROM}' AND DATE '{last}'"
        source = SAMPLE_FOLDER / f"{table}.parquet"
        duckdb.sql(f"FROM '{source}' WHERE {where}").write_parquet(str(folder / f"{table}.parquet"))


def first_morning(trained: Trained, folder: Path) -> Mornings:
    """Run the first morning, then write the source tables for the second morning."""
    outputs, source = folder / "outputs", folder / "source"
    registry = Registry.of(outputs)
    with registry.lock():
        registry.promote(read_bundle(trained["earlier"]), EventFacts(name="earlier"))
    Shadows.of(outputs).add(read_bundle(trained["earlier_base_rate"]))
    mornings = Mornings.at_folder(folder)
    write_source(source, FIRST - timedelta(days=1))
    assert mornings.run(outputs, FIRST) == 0
    write_source(source, FIRST)
    return mornings


def rows_of(outputs: Path) -> tuple[list[Any], list[Any]]:
    """Return all entries and all grades of the ledger, each sorted."""
    ledger = FolderLedger.of(outputs)
    parts = (ledger.read_entries(), ledger.read_grades())
    assert all(part.damaged == () for part in parts)
    entries, grades = (sorted(part.rows.to_pylist(), key=repr) for part in parts)
    return entries, grades
