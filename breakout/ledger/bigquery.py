"""The ledger (the record of served predictions) in two BigQuery tables, for several machines that write at once.

    ledger.entries    one row for each prediction; key: game_date, bundle, game_id, player_lookup, revision
    ledger.grades     one row for each outcome; key: game_date, bundle, game_id, player_lookup, number

Rows are inserted and never changed. A slate is the predictions of one day by one model. `revision` numbers the slates
of a model for a day, from 1. `number` numbers the outcomes of a prediction, from 1. Source rows are not stored in
BigQuery.

One MERGE statement inserts a slate, or nothing if the table has the revision already. So a retried statement adds no
row twice. But BigQuery enforces no keys, and can run two such statements at the same time. Two writers can therefore
insert the same revision or number. The column `call` of the entries, a random id for each call of `add_entries`,
distinguishes their rows.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from breakout.errors import DataError
from breakout.ledger.entries import ENTRY_SCHEMA, KEY
from breakout.ledger.files import LedgerPart
from breakout.ledger.grading import GRADE_SCHEMA, new_grades
from breakout.ledger.store import GradeUpdate, is_same
from breakout.warehouse.bigquery.jobs import BigQueryJobs
from breakout.warehouse.bigquery.types import Null
from breakout.warehouse.bigquery.writing import create_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    import pandas as pd

    from breakout.settings import BigQueryLedgerConfig

_TYPES = {
    pa.date32(): "DATE",
    pa.string(): "STRING",
    pa.bool_(): "BOOL",
    pa.float64(): "FLOAT64",
    pa.int64(): "INT64",
}
_AS_JSON = ("ladder", "features")  # These columns are stored as JSON text, which preserves every number exactly.
# The largest number of grades that one statement inserts. A request is limited to 10 MB; a grade takes about 0.5 kB.
ROWS_A_STATEMENT = 2000
# The largest number of attempts to insert a slate. Each attempt uses the next revision number of the slate's model and
# day, and fails if another writer takes that number first.
ATTEMPTS = 10
# A condition that is true for every row. A partitioned table can require a condition on the date in every query.
_EVER = "game_date >= '1900-01-01'"


def _column_types(schema: pa.Schema) -> dict[str, str]:
    return {field.name: "STRING" if field.name in _AS_JSON else _TYPES.get(field.type, "TIMESTAMP") for field in schema}


ENTRY_COLUMNS = _column_types(ENTRY_SCHEMA) | {"revision": "INT64", "call": "STRING"}
GRADE_COLUMNS = _column_types(GRADE_SCHEMA) | {"number": "INT64"}


@dataclass(frozen=True)
class BigQueryLedger:
    """A ledger in two BigQuery tables: one of predictions, and one of grades (their outcomes).

    `opening.Ledger` describes the methods. The first call that adds rows to a table creates the table. Every method
    raises DataError if BigQuery refuses a request.
    """

    config: BigQueryLedgerConfig

    source_log = None

    def read_entries(self, columns: Sequence[str] = tuple(ENTRY_SCHEMA.names)) -> LedgerPart:
        """Return all predictions, with the columns `columns`, sorted by game date, bundle and revision."""
        order = "ORDER BY game_date, bundle, revision, probability DESC, game_id, player_lookup"
        sql = f"SELECT {', '.join(columns)} FROM `{self.config.entries}` WHERE {_EVER} {order}"  # noqa: S608
        with self._jobs() as jobs:
            found = _select(jobs, self.config.entries, sql, {})
        return LedgerPart(_decoded(found, [ENTRY_SCHEMA.field(name) for name in columns]), ())

    def read_slate(self, day: date, bundle: str) -> pa.Table | None:
        with self._jobs() as jobs:
            slate = self._read_slate(jobs, day, bundle)
        return slate.select(ENTRY_SCHEMA.names) if slate.num_rows else None

    def add_entries(self, entries: pa.Table) -> str | None:
        """Add the predictions of one day by one model, as the next revision for this day and model.

        Return a text such as `ledger.entries revision 2`. Add nothing and return None if `entries` has no rows, or if
        the newest revision has the same predictions. DataError if BigQuery refuses a request, or if other writers were
        faster in each of ATTEMPTS attempts.
        """
        if not entries.num_rows:
            return None
        day, bundle = entries["game_date"][0].as_py(), entries["bundle"][0].as_py()
        call = uuid.uuid4().hex
        with self._jobs() as jobs:
            create_table(jobs, self.config.entries, ENTRY_COLUMNS, partitioned_by="game_date")
            for _ in range(ATTEMPTS):
                before = self._read_slate(jobs, day, bundle)
                if before.num_rows and is_same(before, entries):
                    return None
                revision = before["revision"][0].as_py() + 1 if before.num_rows else 1
                self._insert_slate(jobs, entries, revision, call)
                if self._read_slate(jobs, day, bundle, call).num_rows:
                    return f"{self.config.entries} revision {revision}"
        raise DataError(f"other writers keep adding slates of {day} by {bundle} to {self.config.entries}; run again.")

    def _read_slate(self, jobs: BigQueryJobs, day: date, bundle: str, call: str | None = None) -> pa.Table:
        """Return the newest revision of a model's predictions for a day, with ENTRY_COLUMNS.

        If `call` is the random id of a call of `add_entries`, return the rows that this call inserted.
        """
        condition = "game_date = @day AND bundle = @bundle"
        newest = f"(SELECT MAX(revision) FROM `{self.config.entries}` WHERE {condition})"  # noqa: S608
        chosen = f"revision = {newest}" if call is None else "`call` = @call_id"
        names = ", ".join(f"`{name}`" for name in ENTRY_COLUMNS)
        sql = f"SELECT {names} FROM `{self.config.entries}` WHERE {condition} AND {chosen}"  # noqa: S608
        found = _select(jobs, self.config.entries, sql, {"day": day, "bundle": bundle, "call_id": call or ""})
        further = [pa.field("revision", pa.int64()), pa.field("call", pa.string())]
        return _decoded(found, [*ENTRY_SCHEMA, *further])

    def _insert_slate(self, jobs: BigQueryJobs, entries: pa.Table, revision: int, call: str) -> None:
        """Insert the predictions of one day by one model as one revision.

        Nothing is inserted if the table has that revision or a later one when the statement starts. `call` is the
        random id of the call of `add_entries`.

        Two statements that run at the same time can both insert the revision, which then has the rows of both. The next
        call of `add_entries` finds that these rows differ from its own predictions, and adds a further revision.
        """
        table = self.config.entries
        rows = [row | {"revision": revision, "call": call} for row in entries.to_pylist()]
        day, bundle = rows[0]["game_date"], rows[0]["bundle"]
        taken = f"SELECT 1 FROM `{table}` AS other WHERE other.game_date = @day AND other.bundle = @bundle"  # noqa: S608
        free = f"NOT EXISTS ({taken} AND other.revision >= @revision)"
        values = {"rows": _parameters(rows, ENTRY_COLUMNS), "day": day, "bundle": bundle, "revision": revision}
        sql = _insert_statement(table, ENTRY_COLUMNS, (*KEY, "revision"), free)
        jobs.query(sql, values, f"the entries of {day} in {table}")

    def read_grades(self) -> LedgerPart:
        with self._jobs() as jobs:
            return LedgerPart(self._read_grades(jobs), ())

    def _read_grades(self, jobs: BigQueryJobs) -> pa.Table:
        names = ", ".join(GRADE_SCHEMA.names)
        order = "ORDER BY graded_at, number, game_date, game_id, player_lookup, bundle"
        sql = f"SELECT {names} FROM `{self.config.grades}` WHERE {_EVER} {order}"  # noqa: S608
        return _decoded(_select(jobs, self.config.grades, sql, {}), list(GRADE_SCHEMA))

    def update_grades(self, graded: pd.DataFrame, graded_at: datetime) -> GradeUpdate:
        """Add new and changed outcomes to the history of grades.

        `graded` has the present outcome of each prediction. Return the history before the call, and the added outcomes.
        If two calls overlap, both may return the same outcome as added, and in rare cases both add it. DataError if
        BigQuery refuses a request.
        """
        with self._jobs() as jobs:
            before = self._read_grades(jobs)
            changes = new_grades(graded, before.to_pandas(), graded_at)
            if changes.num_rows:
                create_table(jobs, self.config.grades, GRADE_COLUMNS, partitioned_by="game_date")
                counts = before.to_pandas().groupby(KEY).size().to_dict()
                rows = [
                    row | {"number": counts.get(tuple(row[name] for name in KEY), 0) + 1} for row in changes.to_pylist()
                ]
                sql = _insert_statement(self.config.grades, GRADE_COLUMNS, (*KEY, "number"), "TRUE")
                for start in range(0, len(rows), ROWS_A_STATEMENT):
                    part = _parameters(rows[start : start + ROWS_A_STATEMENT], GRADE_COLUMNS)
                    jobs.query(sql, {"rows": part}, f"the grades in {self.config.grades}")
        return GradeUpdate(LedgerPart(before, ()), changes)

    def _jobs(self) -> AbstractContextManager[BigQueryJobs]:
        return BigQueryJobs(self.config, "ledger", {"command": "ledger", "run": "ledger"})


def _insert_statement(table: str, columns: Mapping[str, str], key: Sequence[str], condition: str) -> str:
    """Return a MERGE statement that inserts the rows of @rows, except rows with a `key` that `table` already has.

    `columns` maps the inserted columns to their types. No row is inserted if the SQL `condition` is false. The
    statement is a MERGE, because a retried INSERT would insert the rows again.
    """
    match = " AND ".join(f"kept.{column} = incoming.{column}" for column in key)
    listed = ", ".join(f"`{column}`" for column in columns)
    items = ", ".join(f"item.`{column}`" for column in columns)
    values = ", ".join(f"incoming.`{column}`" for column in columns)
    return f"""MERGE `{table}` AS kept
USING (SELECT {items} FROM UNNEST(@rows) AS item WHERE {condition}) AS incoming
ON {match}
WHEN NOT MATCHED THEN INSERT ({listed}) VALUES ({values})"""  # noqa: S608 - names are checked or declared


def _parameters(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> list[dict[str, object]]:
    return [{name: _parameter(name, row[name], kind) for name, kind in columns.items()} for row in rows]


def _parameter(name: str, value: Any, kind: str) -> object:
    if value is None:
        return Null(kind)
    if name == "features":
        value = dict(value)
    return json.dumps(value) if name in _AS_JSON else value


def _select(jobs: BigQueryJobs, table: str, sql: str, parameters: Mapping[str, object]) -> pa.Table | None:
    if jobs.columns_if_there(table) is None:
        return None
    return jobs.query(sql, parameters, f"the ledger in {table}")


def _decoded(found: pa.Table | None, fields: Sequence[pa.Field]) -> pa.Table:
    """Return the table `found` with the columns and types of `fields`; no rows if `found` is None.

    JSON text in the columns ladder and features is parsed.
    """
    schema = pa.schema(fields)
    if found is None:
        return schema.empty_table()
    columns = []
    for field in fields:
        values = found[field.name]
        if field.name in _AS_JSON:
            read = [None if text is None else json.loads(text) for text in values.to_pylist()]
            items = [list(value.items()) if isinstance(value, dict) else value for value in read]
            columns.append(pa.array(items, field.type))
        else:
            columns.append(values.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)
