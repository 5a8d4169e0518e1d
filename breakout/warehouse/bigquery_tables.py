"""Tables that this program writes: names and columns in, a table that is there and rows that stand once out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from breakout.warehouse.bigquery_jobs import BigQueryJobs


def create_table(
    jobs: BigQueryJobs, name: str, columns: Mapping[str, str], partitioned_by: str | None = None
) -> dict[str, str]:
    """Make the table, and its dataset, if they are absent; the types of its columns, where JSON may be text (STRING).

    DataError if a table is there that lacks a column, or has one of another type.
    """
    present = jobs.columns_if_there(name)
    if present is None:
        jobs.create_dataset(name.rpartition(".")[0])
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        partition = f" PARTITION BY {partitioned_by}" if partitioned_by else ""
        jobs.query(f"CREATE TABLE IF NOT EXISTS `{name}` ({listed}){partition}", {}, f"the table {name}")
        present = jobs.columns_if_there(name) or dict(columns)
    check_columns(name, columns, present)
    return present


def check_columns(name: str, columns: Mapping[str, str], present: Mapping[str, str]) -> None:
    """Raise DataError unless the table has these columns in these types; JSON may be text (STRING)."""
    missing = [column for column in columns if column not in present]
    if missing:
        added = ", ".join(f"ADD COLUMN {column} {columns[column]}" for column in missing)
        raise DataError(
            f"the table {name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"choose another table, or run: ALTER TABLE `{name}` {added}"
        )
    for column, kind in columns.items():
        if present[column] != kind and (kind, present[column]) != ("JSON", "STRING"):
            raise DataError(
                f"the table {name}: column {column} must be {kind}, but it is {present[column]}; choose another table."
            )


def merge_statement(table: str, source: str, key: Sequence[str], columns: Sequence[str], scope: str = "") -> str:
    """A MERGE that leaves the source's rows in the table once each, by key.

    `scope` is a condition on the table (as `kept`) that all of the source's rows meet: the table's rows in it that the
    source does not have are removed.
    """
    match = " AND ".join([scope] * bool(scope) + [f"kept.{column} = incoming.{column}" for column in key])
    changed = ", ".join(f"{column} = incoming.{column}" for column in columns if column not in key)
    removed = f"\nWHEN NOT MATCHED BY SOURCE AND {scope} THEN DELETE" if scope else ""
    return f"""MERGE `{table}` AS kept
USING ({source}) AS incoming
ON {match}
WHEN MATCHED THEN UPDATE SET {changed}
WHEN NOT MATCHED THEN INSERT ({", ".join(columns)})
  VALUES ({", ".join(f"incoming.{column}" for column in columns)}){removed}"""
