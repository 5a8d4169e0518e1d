"""Queries as BigQuery jobs: SQL with @parameters in, an Arrow table or the bytes of a dry run out.

Every job carries typed parameters, labels, a limit of bytes and a time limit on both sides. What may be retried is
retried a few times; everything else is one DataError. Nothing of a configuration is ever pasted into a text.
"""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import Conflict, Forbidden, GoogleAPICallError, NotFound
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from breakout.errors import DataError
from breakout.warehouse.bigquery_client import open_client
from breakout.warehouse.bigquery_errors import KNOWN, may_be_retried, reason_of, told_as_data_errors
from breakout.warehouse.bigquery_types import label, query_parameters, standard_type
from breakout.warehouse.conform import conform
from breakout.warehouse.cost import TIB, readable_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from breakout.settings.identifiers import Connection

_RETRY_SECONDS = 30.0  # at most, of transient failures; enough for a hiccup, too little to look like a hang
_JOB_ATTEMPTS = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two looks at a running job
_CANCEL_SECONDS = 2.0


class BigQueryJobs:
    """One connection. `group` names the configuration group in sentences; `labels` (command, run) mark every job.

    `price_per_tib` is in US dollars, for the sentence about a query above the limit of bytes.
    """

    def __init__(
        self,
        connection: Connection,
        group: str,
        labels: Mapping[str, str],
        price_per_tib: float | None = None,
    ) -> None:
        self.connection, self.group, self._price = connection, group, price_per_tib
        self._labels = {"program": "breakout", **{key: label(value) for key, value in labels.items()}}
        self.client, self._session = open_client(connection, group)
        # With an endpoint of one's own the fast Storage Read API would still go to the public service: plain REST then.
        self._has_storage_api = connection.api_endpoint is None

    def query(self, sql: str, parameters: Mapping[str, object], what: str = "the query") -> pa.Table:
        """Run one statement and return its rows (none for DML) in the warehouse's types; `what` names it in errors."""
        with self._bounded(what):
            job = self._run(sql, parameters)
            rows = job.result(retry=self._retry(), timeout=self._left())
            return conform(self._download(rows))

    def dry_run(self, sql: str, parameters: Mapping[str, object], what: str = "the dry run") -> int:
        """Bytes that the service says it would scan; costs nothing."""
        return int(self._dry_run(sql, parameters, what).total_bytes_processed or 0)

    def tables_behind(self, sql: str, parameters: Mapping[str, object], what: str) -> list[bigquery.Table]:
        """The tables that a query reads in the end, views resolved, as a dry run says; empty if it does not say."""
        referenced = self._dry_run(sql, parameters, what).referenced_tables
        with self._bounded(what):
            try:
                return [self.client.get_table(one, retry=self._retry(), timeout=self._left()) for one in referenced]
            except Forbidden:  # a view may show what its reader may not look at
                return []

    def _dry_run(self, sql: str, parameters: Mapping[str, object], what: str) -> bigquery.QueryJob:
        with self._bounded(what):
            config = self._config(sql, parameters, is_dry_run=True)
            return self.client.query(sql, job_config=config, retry=self._retry(), timeout=self._left(), job_retry=None)

    def table(self, name: str, what: str) -> bigquery.Table:
        """A table's schema and metadata; costs nothing."""
        with self._bounded(what):
            return self.client.get_table(name, retry=self._retry(), timeout=self._left())

    def columns_if_there(self, name: str) -> dict[str, str] | None:
        """Name and type of each column of a table, None if there is no such table or dataset."""
        with self._bounded(name):
            try:
                table = self.client.get_table(name, retry=self._retry(), timeout=self._left())
            except NotFound:
                return None
            return {field.name: standard_type(field) for field in table.schema}

    def create_dataset(self, name: str) -> None:
        """Make a dataset if it is absent, in the connection's location."""
        with self._bounded(f"the dataset {name}"):
            self.client.create_dataset(name, exists_ok=True, retry=self._retry(), timeout=self._left())

    def close(self) -> None:
        """Close the connections."""
        self.client.close()  # type: ignore[no-untyped-call]

    @contextlib.contextmanager
    def _bounded(self, what: str) -> Iterator[None]:
        """One deadline for all the requests inside, and one sentence for whatever goes wrong in them."""
        self._session.deadline = time.monotonic() + self.connection.timeout_seconds
        with told_as_data_errors(what, self.group, self.connection.timeout_seconds):
            try:
                yield
            except GoogleAPICallError as error:
                if reason_of(error) == "bytesBilledLimitExceeded" or "limit for bytes billed" in str(error):
                    raise DataError(self._cap_sentence(str(error), what)) from error
                raise

    def _run(self, sql: str, parameters: Mapping[str, object]) -> bigquery.QueryJob:
        """A job that is done; one that failed by the service's fault is run again under a new id."""
        for attempt in range(1, _JOB_ATTEMPTS + 1):
            job = self._finish(f"breakout-{uuid.uuid4()}", sql, self._config(sql, parameters))
            if not job.error_result:
                return job
            error = job.exception()  # type: ignore[no-untyped-call]
            if attempt == _JOB_ATTEMPTS or not may_be_retried(error):
                raise error
            time.sleep(min(_FIRST_PAUSE * 4**attempt, max(self._left(), 0)))
        raise AssertionError("unreachable")

    def _finish(self, job_id: str, sql: str, config: bigquery.QueryJobConfig) -> bigquery.QueryJob:
        """Start a job and look at it until it is done; one that nobody waits for any more costs no more."""
        pause = _FIRST_PAUSE
        job = None
        try:
            job = self._start(job_id, sql, config)
            while job.state != "DONE":
                time.sleep(min(pause, max(self._left(), 0)))
                job.reload(retry=self._retry(), timeout=self._left())
                pause = min(pause * 1.6, _LONGEST_PAUSE)
        except BaseException as error:
            # A refusal to start leaves nothing behind; after anything else, Ctrl-C too, the job may be running.
            if job is not None or not isinstance(error, GoogleAPICallError | GoogleAuthError):
                self._cancel(job_id, job.location if job is not None else self.connection.location)
            raise
        return job

    def _start(self, job_id: str, sql: str, config: bigquery.QueryJobConfig) -> bigquery.QueryJob:
        try:
            return self.client.query(
                sql, job_id=job_id, job_config=config, retry=self._retry(), timeout=self._left(), job_retry=None
            )
        except Conflict:  # asked a second time because the answer to the first was lost
            return self.client.get_job(job_id, retry=self._retry(), timeout=self._left())  # type: ignore[return-value]

    def _cancel(self, job_id: str, location: str | None) -> None:
        self._session.deadline = time.monotonic() + _CANCEL_SECONDS
        with contextlib.suppress(*KNOWN):
            self.client.cancel_job(job_id, location=location, retry=None)  # type: ignore[arg-type]

    def _download(self, rows: Any) -> pa.Table:
        try:
            return rows.to_arrow(create_bqstorage_client=self._has_storage_api, timeout=self._left())
        except GoogleAPICallError as error:
            # Reading sessions are a permission of their own; without it plain REST gives the same rows, slower.
            if not self._has_storage_api or error.code != 403:
                raise
            self._has_storage_api = False
            return rows.to_arrow(create_bqstorage_client=False, timeout=self._left())

    def _config(
        self, sql: str, parameters: Mapping[str, object], *, is_dry_run: bool = False
    ) -> bigquery.QueryJobConfig:
        config = bigquery.QueryJobConfig(
            query_parameters=query_parameters(sql, parameters),
            labels=self._labels,
            job_timeout_ms=int(self.connection.timeout_seconds * 1000),
            use_legacy_sql=False,
            use_query_cache=not is_dry_run,
            dry_run=is_dry_run,
        )
        # The client would send a limit of None as the text "None"; a dry run is to answer above the limit too.
        if self.connection.maximum_bytes_billed is not None and not is_dry_run:
            config.maximum_bytes_billed = self.connection.maximum_bytes_billed
        return config

    def _left(self) -> float:
        return self._session.deadline - time.monotonic()

    def _retry(self) -> Retry:
        seconds = min(_RETRY_SECONDS, max(self._left(), 0.001))
        return Retry(predicate=may_be_retried, initial=0.2, maximum=4.0, multiplier=2.0, timeout=seconds)

    def _cap_sentence(self, message: str, what: str) -> str:
        """The service's refusal, with what the query would bill and the knob that allows it."""
        found = re.search(r"(\d+) or higher", message)
        needs = "more bytes"
        if found:
            count = int(found.group(1))
            needs = f"{count:,} bytes ({readable_bytes(count)}{self._priced(count)})"
        limit = f"{self.group}.maximum_bytes_billed={self.connection.maximum_bytes_billed}"
        remedy = "Raise that limit, or ask for fewer days." if self.group == "warehouse" else "Raise that limit."
        return f"{what} would bill {needs}, more than {limit}; nothing was charged. {remedy}"

    def _priced(self, count: int) -> str:
        if self._price is None:
            return ""
        return f", at most ${count / TIB * self._price:,.4f} at ${self._price:g} per TiB"
