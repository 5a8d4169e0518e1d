"""Terminal output of `breakout import`: what an import changed, and how two folders of tables differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.evaluation.formatting import format_count
from breakout.report.terminal.lines import print_line
from breakout.warehouse.files.table_folder import FOLDER_TABLES

if TYPE_CHECKING:
    from breakout.box_scores.differences import FolderDifferences
    from breakout.box_scores.importing import ImportResult
    from breakout.warehouse.files.table_folder import TableManifest

LISTED_ITEMS = 20  # the largest number of items in a list


def print_import(result: ImportResult, folder: Path, manifest: TableManifest) -> None:
    """Print the number of rows of each table in `folder`, and what an import changed, left out and could not match."""
    changes = result.changes
    print_line(f"tables in {folder}" + (" (nothing changed)" if changes.is_empty else ""))
    for table in FOLDER_TABLES:
        if rows := manifest.rows(table):
            counts = ((changes.added, "new"), (changes.replaced, "corrected"), (changes.removed, "removed"))
            parts = [f"{number:,} {word}" for by_table, word in counts if (number := by_table.get(table, 0))]
            print_line(f"  {table:<26}{rows:>9,} rows" + (f"  ({', '.join(parts)})" if parts else ""))
    _print_list("corrected cells (all are in the table corrections)", _corrections(result))
    games = {game for left_out in result.left_out for game in left_out.games}
    _print_list("games with rows left out", [left_out.describe() for left_out in result.left_out], len(games))
    _print_list(
        "players of one name, told apart by the source's id",
        [f"{shared.name}, {shared.season_year}: {', '.join(shared.lookups)}" for shared in result.shared_names],
    )
    _print_list("names of the reports without a row in the player table of their season", list(result.unknown_names))
    if result.estimated_games:
        print_line(
            f"possessions of {format_count(result.estimated_games, 'game')} are estimates: the mean of both teams' FGA "
            "+ 0.44 FTA - OREB + TOV"
        )
    if result.summed_games:
        print_line(f"team totals of {result.summed_games:,} games are sums of players' rows (no teams' file was given)")
    print_line(f"check them: breakout doctor warehouse=duckdb warehouse.folder={folder}")


def _corrections(result: ImportResult) -> list[str]:
    rows = result.changes.corrections.astype("string").fillna("missing")
    return [f"{row.game_id} {row.who} {row.column}: {row.old} -> {row.new}" for row in rows.itertuples()]


def print_differences(found: FolderDifferences, folder: Path, other: Path) -> None:
    """Print how the tables of two folders differ.

    For each table, print how many rows are in one folder only. For each column that differs in the shared rows, print
    how many cells differ, and a few examples.
    """
    seasons = ", ".join(f"{year}-{(year + 1) % 100:02}" for year in found.seasons)
    print_line(f"{folder} against {other}, {seasons}:")
    for table, only_here in found.only_here.items():
        only_there = found.only_there[table]
        print_line(f"  {table}: {only_here:,} rows only in {folder}, {only_there:,} only in {other}")
    for column in found.columns:
        print_line(f"  {column.table}.{column.column}: {column.differing:,} of {column.cells:,} cells differ")
        for example in column.examples:
            print_line(f"    {example}")
    if not found.columns:
        print_line("  every cell of the shared rows is equal")


def _print_list(title: str, items: list[str], count: int | None = None) -> None:
    """Print a title with a number, and the first LISTED_ITEMS items; print nothing if there are no items.

    The number is `count`, or the number of items if `count` is None.
    """
    if not items:
        return
    print_line(f"{title}: {len(items) if count is None else count:,}")
    for item in items[:LISTED_ITEMS]:
        print_line(f"  {item}")
    if len(items) > LISTED_ITEMS:
        print_line(f"  and {len(items) - LISTED_ITEMS:,} more")
