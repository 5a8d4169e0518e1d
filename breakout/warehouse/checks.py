"""Checks of one source table: its columns, its keys and its values. Each raises DataError naming table and problem."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import Table

# No amount of a game comes near it; sums of billionths stay whole numbers that a FLOAT64 can hold.
_MOST = 10_000


def check_columns(table: Table, where: str, present: Collection[str], folders: Collection[str] = ()) -> None:
    """Raise DataError naming the columns that the table lacks; `where` is its path or full name.

    `folders` are columns that the path names, as in `season_year=2025/`, and that were not asked for.
    """
    missing = [column.name for column in table.columns if not column.is_optional and column.name not in present]
    if missing:
        raise DataError(
            f"{table.name} ({where}) lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            f"{_what_may_be_meant(missing, present, folders)}; "
            f"it must hold {', '.join(column.name for column in table.columns if not column.is_optional)}."
        )


def _what_may_be_meant(missing: Sequence[str], present: Collection[str], folders: Collection[str]) -> str:
    if set(missing) <= set(folders):
        return ", which its folder names (read it with warehouse.hive_partitioning=true)"
    near = dict.fromkeys(name for column in missing for name in difflib.get_close_matches(column, present, n=1))
    return f" (is {' or '.join(near)} meant?)" if near else ""


def problem_query(table: Table, full_name: str, *, is_filtered: bool) -> str:
    """A query for rows that cannot be: a key twice or NULL, an impossible amount. One scan, five rows a problem.

    With `is_filtered` the text reads @history_start to @end only (a partition filter).
    """
    needed = [column.name for column in table.columns if not column.is_nullable]
    whens = [f"WHEN {name} IS NULL THEN '{name} is NULL'" for name in needed]
    whens += [f"WHEN {name} < 0 THEN '{name} is negative'" for name in table.numbers]
    whens += [f"WHEN {name} > {_MOST} THEN '{name} is infinite or above {_MOST}'" for name in table.numbers]
    first, second = table.key
    whens.append(f"WHEN COUNT(*) OVER (PARTITION BY {first}, {second}) > 1 THEN 'the key stands more than once'")
    where = "\n  WHERE game_date BETWEEN @history_start AND @end" if is_filtered else ""
    cases = "\n      ".join(whens)
    return f"""SELECT problem, {first}, {second}, total
FROM (
  SELECT problem, {first}, {second}, COUNT(*) OVER (PARTITION BY problem) AS total,
    ROW_NUMBER() OVER (PARTITION BY problem ORDER BY {first}, {second}) AS number
  FROM (
    SELECT {first}, {second}, CASE
      {cases}
      END AS problem
    FROM `{full_name}`{where}
  )
  WHERE problem IS NOT NULL
)
WHERE number <= 5
ORDER BY problem, {first}, {second}"""


def check_rows(warehouse: Warehouse, table: Table, full_name: str, parameters: dict[str, object]) -> None:
    """Raise DataError naming the table, the problem and a few keys; without `parameters` over the whole table."""
    found = warehouse.query(problem_query(table, full_name, is_filtered=bool(parameters)), parameters).to_pylist()
    if not found:
        return
    problem = found[0]["problem"]
    rows = [row for row in found if row["problem"] == problem]
    keys = dict.fromkeys(f"({', '.join(str(row[part]) for part in table.key)})" for row in rows)
    raise DataError(
        f"{table.name}: {problem} in {rows[0]['total']} row{'s' if rows[0]['total'] > 1 else ''}, for example "
        f"({', '.join(table.key)}) = {', '.join(keys)}; correct the source and run again."
    )
