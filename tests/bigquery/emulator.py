"""The BigQuery emulator in a process of its own, and the sample in it with the column types of production."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from breakout.warehouse.sample import SAMPLE_FOLDER

ROOT = Path(__file__).parents[2]
PROJECT = "breakout-emulator"
TABLES = ("player_game_summary", "team_offense_game_summary", "schedule", "availability")
# `make emulator` builds this environment; CI builds one elsewhere and names it in EMULATOR.
PYTHON = Path(os.environ.get("EMULATOR", ROOT / ".venv-emulator")).absolute() / "bin" / "python"

_TYPES = {"string": "STRING", "int64": "INT64", "double": "FLOAT64", "date32[day]": "DATE", "bool": "BOOL"}
_TYPES |= {"large_string": "STRING", "timestamp[us, tz=UTC]": "TIMESTAMP"}


@contextmanager
def running_emulator() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start an emulator without tables; yield its address and its process.

    The process ends with the block, or with this program.
    """
    server = subprocess.Popen(
        [PYTHON, ROOT / "tests" / "emulator" / "serve.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    try:
        yield server.stdout.readline().strip(), server
    finally:
        server.stdin.close()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()


def open_emulator(url: str) -> bigquery.Client:
    """Return a client of BigQuery's own library, without any code of this package."""
    return bigquery.Client(PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": url})  # type: ignore[no-untyped-call]


def load_sample(client: bigquery.Client, dataset: str = "nba_analytics", since: str = "1900-01-01") -> None:
    """Load the sample's games since a date, as production stores them.

    Minutes and usage are NUMERIC, and queries must filter by game_date.
    """
    client.create_dataset(dataset, exists_ok=True)
    for name in TABLES:
        incoming = f"{client.project}.{dataset}.incoming_{name}"
        path = SAMPLE_FOLDER / f"{name}.parquet"
        fields = [bigquery.SchemaField(field.name, _TYPES[str(field.type)]) for field in pq.read_schema(path)]
        client.create_table(bigquery.Table(incoming, schema=fields), exists_ok=True)
        config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_TRUNCATE")
        with path.open("rb") as file:
            client.load_table_from_file(file, incoming, job_config=config).result()
        numeric = [column for column in ("minutes_played", "usage_rate") if column in {field.name for field in fields}]
        casts = ", ".join(f"CAST({column} AS NUMERIC) AS {column}" for column in numeric)
        columns = f"* REPLACE ({casts})" if casts else "*"
        copy = f"SELECT {columns} FROM {dataset}.incoming_{name} WHERE game_date >= '{since}'"
        run(client, f"CREATE OR REPLACE TABLE {dataset}.{name} {_PARTITIONED} AS {copy}")


_PARTITIONED = "PARTITION BY game_date OPTIONS (require_partition_filter = TRUE)"


def run(client: bigquery.Client, sql: str) -> list[dict[str, Any]]:
    """Run a statement and return its rows."""
    return [dict(row) for row in client.query(sql).result()]
