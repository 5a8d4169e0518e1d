"""BigQuery jobs for queries and dry runs, and requests for the metadata of tables.

- A query returns an Arrow table. A dry run returns the bytes that the query would scan.
- Every job has labels and a time limit. Every job except a dry run has the configured limit of bytes.
- A failed request is repeated for up to 30 seconds if a repeat can help, for example after overload. If the failure
  lasts longer, or a repeat cannot help, the failure becomes a DataError.
- This module chooses the id of each job, so that it can always cancel the job. `Client.query_and_wait` does not cancel
  a job after Ctrl-C, and does not reveal a job's id if the connection breaks while the job starts.
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
from breakout.warehouse.base import ClosedOnExit
from breakout.warehouse.bigquery.client import open_client
from breakout.warehouse.bigquery.errors import KNOWN, may_be_retried, reason_of, translated_errors
from breakout.warehouse.bigquery.types import conform, label, query_parameters, standard_type
from breakout.warehouse.cost import TIB, readable_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from breakout.settings.data_groups import BigQueryConfig

# A failed request is repeated for at most this time: longer than a short outage, but not so long that it seems to hang.
_RETRY_SECONDS = 30.0
_JOB_ATTEMPTS = 3
_PAUSE_SECONDS = 0.2  # the pause before the second attempt of a failed job; the next pause is four times as long
_CANCEL_SECONDS = 2.0


class BigQueryJobs(ClosedOnExit):
    """A connection to BigQuery that runs jobs.

    - `group`: the configuration group whose keys the error messages name.
    - `labels`: the labels of each job, such as command and run.
    - `price_per_tib`: the price in US dollars per TiB, for the message about a query above the limit of bytes. If it is
      None, the message names no price.

    ConfigurationError if project, location or endpoint is malformed. DataError if there are no usable credentials or no
    project. Methods raise DataError if BigQuery refuses a request or does not answer. The parameter `what` of a method
    is the name of the request in the error message.
    """

    def __init__(
        self,
        connection: BigQueryConfig,
        group: str,
        labels: Mapping[str, str],
        price_per_tib: float | None = None,
    ) -> None:
        self.connection, self.group, self._price = connection, group, price_per_tib
        self._labels = {"program": "breakout", **{key: label(value) for key, value in labels.items()}}
        self.client, self._session = open_client(connection, group)
        # If api_endpoint is set, rows are read by REST. The Storage Read API is faster, but it ignores api_endpoint
        # and calls the public service.
        self._has_storage_api = connection.api_endpoint is None

    def query(self, sql: str, parameters: Mapping[str, object], what: str = "the query") -> pa.Table:
        """Run one statement and return its rows; a statement that only writes returns an empty table.

        DataError if the statement fails, lasts too long or would bill more bytes than the configured limit. TypeError
        if a parameter has no BigQuery type.
        """
        with self._bounded(what):
            return conform(self._download(self._run(sql, parameters)))

    def dry_run(self, sql: str, parameters: Mapping[str, object]) -> int:
        """Return the bytes that a statement would scan, without running it; this costs nothing."""
        return int(self._dry_run(sql, parameters, "the dry run").total_bytes_processed or 0)

    def tables_behind(self, sql: str, parameters: Mapping[str, object], what: str) -> list[bigquery.Table]:
        """Return the metadata of the tables that a query reads, also through views.

        The list is empty if access to one of the tables is denied.
        """
        referenced = self._dry_run(sql, parameters, what).referenced_tables
        with self._bounded(what):
            try:
                return [self.client.get_table(one, retry=self._retry(), timeout=self._left()) for one in referenced]
            except Forbidden:  # not an error: a user may read a view, but not its tables
                return []

    def _dry_run(self, sql: str, parameters: Mapping[str, object], what: str) -> bigquery.QueryJob:
        with self._bounded(what):
            config = self._config(sql, parameters, is_dry_run=True)
            return self.client.query(sql, job_config=config, retry=self._retry(), timeout=self._left(), job_retry=None)

    def table(self, name: str, what: str) -> bigquery.Table:
        """Return the metadata of the table `name`, such as its schema and size; this costs nothing."""
        with self._bounded(what):
            return self.client.get_table(name, retry=self._retry(), timeout=self._left())

    def columns_if_there(self, name: str) -> dict[str, str] | None:
        """Return the type of each column of the table `name`; None if the table or its dataset does not exist."""
        with self._bounded(name):
            try:
                table = self.client.get_table(name, retry=self._retry(), timeout=self._left())
            except NotFound:
                return None
            return {field.name: standard_type(field) for field in table.schema}

    def create_dataset(self, name: str) -> None:
        """Create a dataset in the connection's location, unless it exists."""
        with self._bounded(f"the dataset {name}"):
            self.client.create_dataset(name, exists_ok=True, retry=self._retry(), timeout=self._left())

    def close(self) -> None:
        self.client.close()  # type: ignore[no-untyped-call]

    @contextlib.contextmanager
    def _bounded(self, what: str) -> Iterator[None]:
        """Give all requests inside the `with` block one deadline, `connection.timeout_seconds` from now.

        Failures of the requests become a DataError, whose message begins with `what`.
        """
        self._session.deadline = time.monotonic() + self.connection.timeout_seconds
        with translated_errors(what, self.group, self.connection.timeout_seconds):
            try:
                yield
            except GoogleAPICallError as error:
                if reason_of(error) == "bytesBilledLimitExceeded" or "limit for bytes billed" in str(error):
                    raise DataError(self._cap_message(str(error), what)) from error
                raise

    def _run(self, sql: str, parameters: Mapping[str, object]) -> Any:
        """Run a statement as a job, and return its rows.

        If the job fails and a repeat can help, run a new job, up to _JOB_ATTEMPTS jobs in all. If the job may still
        run after an error, such as a time-out, cancel the job.
        """
        for attempt in range(_JOB_ATTEMPTS):
            job = self._start(sql, parameters)
            try:
                return job.result(retry=self._retry(), timeout=self._left(), job_retry=None)
            except BaseException as error:
                if not job.error_result:  # cancel the job: it may still run, although nobody waits for it
                    self._cancel(job.job_id, job.location)
                if not job.error_result or attempt == _JOB_ATTEMPTS - 1 or not may_be_retried(error):
                    raise
            time.sleep(min(_PAUSE_SECONDS * 4**attempt, max(self._left(), 0)))
        raise AssertionError("unreachable")

    def _start(self, sql: str, parameters: Mapping[str, object]) -> bigquery.QueryJob:
        job_id, config = f"breakout-{uuid.uuid4()}", self._config(sql, parameters)
        try:
            return self.client.query(
                sql, job_id=job_id, job_config=config, retry=self._retry(), timeout=self._left(), job_retry=None
            )
        except Conflict:  # the id exists: an earlier attempt created the job, but the reply was lost
            return self.client.get_job(job_id, retry=self._retry(), timeout=self._left())  # type: ignore[return-value]
        except (GoogleAPICallError, GoogleAuthError):  # BigQuery refused the job, so there is none to cancel
            raise
        except BaseException:  # cancel the job: it may run after Ctrl-C or a lost reply
            self._cancel(job_id, self.connection.location)
            raise

    def _cancel(self, job_id: str, location: str | None) -> None:
        self._session.deadline = time.monotonic() + _CANCEL_SECONDS
        with contextlib.suppress(*KNOWN):
            self.client.cancel_job(job_id, location=location, retry=None)  # type: ignore[arg-type]

    def _download(self, rows: Any) -> pa.Table:
        try:
            return rows.to_arrow(create_bqstorage_client=self._has_storage_api, timeout=self._left())
        except GoogleAPICallError as error:
            # With code 403 the user lacks the permission for the Storage Read API. REST does not need it, and returns
            # the same rows more slowly.
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
        # A limit of None is not set, because the client would send it as the text "None". A dry run gets no limit,
        # because it must also report sizes above the limit.
        if self.connection.maximum_bytes_billed is not None and not is_dry_run:
            config.maximum_bytes_billed = self.connection.maximum_bytes_billed
        return config

    def _left(self) -> float:
        return self._session.deadline - time.monotonic()

    def _retry(self) -> Retry:
        seconds = min(_RETRY_SECONDS, max(self._left(), 0.001))
        return Retry(predicate=may_be_retried, initial=0.2, maximum=4.0, multiplier=2.0, timeout=seconds)

    def _cap_message(self, message: str, what: str) -> str:
        found = re.search(r"(\d+) or higher", message)
        needs = "more bytes"
        if found:
            count = int(found.group(1))
            price = ""
            if self._price is not None:
                price = f", at most ${count / TIB * self._price:,.4f} at ${self._price:g} per TiB"
            needs = f"{count:,} bytes ({readable_bytes(count)}{price})"
        limit = f"{self.group}.maximum_bytes_billed={self.connection.maximum_bytes_billed}"
        remedy = "Raise that limit, or ask for fewer days." if self.group == "warehouse" else "Raise that limit."
        return f"{what} would bill {needs}, more than {limit}; nothing was charged. {remedy}"
