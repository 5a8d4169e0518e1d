"""The experiments table in BigQuery: one row for each run, even if the run is registered several times."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from breakout.settings.identifiers import check_table_name
from breakout.tracking.experiments import experiment_row, read_ended_run
from breakout.warehouse.bigquery.jobs import BigQueryJobs
from breakout.warehouse.bigquery.types import Null
from breakout.warehouse.bigquery.writing import create_table, merge_statement

if TYPE_CHECKING:
    from pathlib import Path

    from breakout.settings import BigQueryTrackingConfig

EXPERIMENT_COLUMNS = {
    "experiment_id": "STRING",
    "experiment_name": "STRING",
    "hypothesis": "STRING",
    "experiment_type": "STRING",
    "tags": "ARRAY<STRING>",
    "config": "JSON",
    "train_start": "DATE",
    "train_end": "DATE",
    "train_samples": "INT64",
    "eval_start": "DATE",
    "eval_end": "DATE",
    "eval_samples": "INT64",
    "results": "JSON",
    "model_path": "STRING",
    "git_commit": "STRING",
    "parent_sweep": "STRING",
    "status": "STRING",
    "error": "STRING",
    "started_at": "TIMESTAMP",
    "finished_at": "TIMESTAMP",
}


class BigQueryTracker:
    """The tracker of `tracking=bigquery`: it writes one row for each run into the table `tracking.table`.

    A missing table is created.
    """

    def __init__(self, config: BigQueryTrackingConfig) -> None:
        check_table_name("tracking.table", config.table)
        self._config, self._table = config, config.table

    def register(self, run_folder: Path) -> None:
        """Write the row of a run, or replace it if the table has one.

        DataError if the run is still running, if its files are damaged or were changed, or if BigQuery fails.
        """
        run = experiment_row(read_ended_run(run_folder))
        record = asdict(run)
        with BigQueryJobs(self._config, "tracking", {"command": "track", "run": run.experiment_name}) as jobs:
            types = create_table(jobs, self._table, EXPERIMENT_COLUMNS)
            values = {name: _value(record[name], kind) for name, kind in EXPERIMENT_COLUMNS.items()}
            source = "SELECT " + ", ".join(f"{parameter(name, types[name])} AS {name}" for name in EXPERIMENT_COLUMNS)
            sql = merge_statement(self._table, source, ("experiment_id",), tuple(EXPERIMENT_COLUMNS))
            jobs.query(sql, values, f"the row of {run.experiment_id} in {self._table}")


def open_tracker(config: BigQueryTrackingConfig) -> BigQueryTracker:
    """Return the tracker of `tracking=bigquery`; ConfigurationError if `tracking.table` is not a valid name."""
    return BigQueryTracker(config)


def parameter(name: str, kind: str) -> str:
    """Return the SQL expression that reads the query parameter `name` for a column of type `kind`.

    For example `@tags`, or `PARSE_JSON(@config, wide_number_mode => 'round')` for a JSON column.
    """
    # By default, PARSE_JSON refuses a number with more digits than FLOAT64 can store; wide_number_mode rounds it.
    return f"PARSE_JSON(@{name}, wide_number_mode => 'round')" if kind == "JSON" else f"@{name}"


def _value(value: object, kind: str) -> object:
    if kind.startswith("ARRAY"):
        return list(value) if isinstance(value, tuple) else value
    return Null("STRING" if kind == "JSON" else kind) if value is None else value
