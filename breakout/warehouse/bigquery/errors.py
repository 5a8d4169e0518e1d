"""Error messages for the exceptions of the BigQuery client, and the choice of errors to retry."""

from __future__ import annotations

import concurrent.futures
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from breakout.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGIN = "gcloud auth application-default login"

_RETRIED_REASONS = {"rateLimitExceeded", "jobRateLimitExceeded", "backendError", "internalError", "badGateway"}
_RETRIED_CODES = {429, 500, 502, 503, 504}

# The role to grant for a missing permission. A key is the beginning of a permission's name; the first match is used.
_ROLES = {
    "bigquery.jobs": "roles/bigquery.jobUser",
    "bigquery.tables.getData": "roles/bigquery.dataViewer",
    "bigquery.tables.get": "roles/bigquery.dataViewer",
    "bigquery.datasets.get": "roles/bigquery.dataViewer",
    "bigquery.datasets.create": "roles/bigquery.user",
    "bigquery.readsessions": "roles/bigquery.readSessionUser",
    "bigquery.tables": "roles/bigquery.dataEditor",
}
KNOWN = (
    api.GoogleAPIError,
    auth.GoogleAuthError,
    requests.exceptions.RequestException,
    concurrent.futures.TimeoutError,
)


def may_be_retried(error: BaseException) -> bool:
    """Return whether it can help to repeat the request or job that raised the error.

    A repeat can help after overload, a fault of the service, a concurrent write or a broken connection. A repeat cannot
    help after a time-out, a failure of TLS, or a connection that was never established.
    """
    if isinstance(error, api.GoogleAPICallError):
        if "due to concurrent update" in str(error):  # another program wrote first; this statement wrote nothing
            return True
        reason = reason_of(error)
        return reason in _RETRIED_REASONS if reason else error.code in _RETRIED_CODES
    if isinstance(error, requests.exceptions.Timeout | requests.exceptions.SSLError):
        return False
    if isinstance(error, requests.exceptions.ConnectionError):
        return not _is_refused(error)
    return isinstance(error, requests.exceptions.ChunkedEncodingError)


def reason_of(error: api.GoogleAPICallError) -> str | None:
    """Return BigQuery's code for the first reason of an error, such as rateLimitExceeded; None if there is none."""
    first = error.errors[0] if error.errors else None
    return first.get("reason") if isinstance(first, dict) else None


@contextmanager
def translated_errors(what: str, group: str = "warehouse", seconds: float | None = None) -> Iterator[None]:
    """Raise DataError for exceptions of the BigQuery client, its credentials or its requests in the `with` block.

    - `what`: the name of the request; the message begins with it.
    - `group`: the configuration group whose keys the message names.
    - `seconds`: the time limit, for the message about a time-out. If it is None, the message names no limit.

    Other exceptions pass unchanged.
    """
    try:
        yield
    except KNOWN as error:
        raise DataError(message_of(error, what, group, seconds)) from error


def message_of(error: BaseException, what: str, group: str = "warehouse", seconds: float | None = None) -> str:
    """Return the message about an exception of the BigQuery client: what failed, the reason, and a remedy.

    `translated_errors` explains the arguments.
    """
    if isinstance(error, api.RetryError) and error.cause is not None:
        error = error.cause
    if isinstance(error, api.GoogleAPICallError):
        return _service_message(error, what, group)
    if isinstance(error, auth.RefreshError | auth.InvalidOperation) and not error.retryable:
        return f"{what}: the credentials for BigQuery have expired or were withdrawn; run: {LOGIN}"
    if isinstance(error, auth.GoogleAuthError):
        reason = f"the credentials for BigQuery were not renewed ({_why_not_renewed(error)})"
        return f"{what}: {reason}; check the network, or run: {LOGIN}"
    if isinstance(error, requests.exceptions.Timeout | concurrent.futures.TimeoutError):
        limit = f" within {seconds:g} s" if seconds else " in time"
        return f"{what}: BigQuery did not answer{limit}; raise {group}.timeout_seconds, or ask for fewer days."
    if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return _connection_message(error, what, group)
    return f"{what}: BigQuery's answer cannot be read ({type(error).__name__}); check {group}.api_endpoint."


def _service_message(error: api.GoogleAPICallError, what: str, group: str) -> str:
    message, code = _short(error.message), error.code
    if code == 401:
        return f"{what}: BigQuery does not accept the credentials (401: they have expired or are none); run: {LOGIN}"
    if reason_of(error) in {"quotaExceeded", "rateLimitExceeded"} or code == 429:
        return f"{what}: BigQuery's quota is used up ({message}); wait a while, or ask for a higher quota."
    if code == 403 and reason_of(error) in {None, "accessDenied", "forbidden", "accessNotConfigured"}:
        return _permission_message(message, what, group)
    remedy = f"BigQuery refuses it ({code}: {message})."
    if code == 404:
        keys = f"the name of the table, {group}.project and {group}.location"
        remedy = f"BigQuery does not find it ({message}); check {keys}."
    elif code is not None and code >= 500:
        remedy = f"BigQuery failed by its own account ({code}: {message}); try again later."
    return f"{what}: {remedy}"


def _permission_message(message: str, what: str, group: str) -> str:
    if "has not been used in project" in message or "it is disabled" in message:
        return f"{what}: the project has BigQuery switched off; run: gcloud services enable bigquery.googleapis.com"
    found = re.search(r"bigquery\.[a-z]+\.[A-Za-z]+", message)
    permission = found.group() if found else "bigquery.tables.getData"
    role = next((role for prefix, role in _ROLES.items() if permission.startswith(prefix)), "roles/bigquery.user")
    return (
        f"{what}: permission {permission} is missing ({message}); choose another {group}.project, or run: "
        f"gcloud projects add-iam-policy-binding PROJECT --member=user:YOU --role={role}"
    )


def _connection_message(error: Exception, what: str, group: str) -> str:
    if _is_refused(error):
        return f"{what}: nobody answers at BigQuery's address; check the network and {group}.api_endpoint."
    return f"{what}: the connection to BigQuery broke off; run again."


def _why_not_renewed(error: auth.GoogleAuthError) -> str:
    if isinstance(error.__cause__, requests.exceptions.Timeout):
        return "no answer came in time"
    return "nobody answers where that is done" if _is_refused(error) else _short(error)


def _is_refused(error: BaseException) -> bool:
    """Return whether the connection was never established; False if it broke later."""
    return "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error)


def _short(error: object) -> str:
    """Return the first line of an error's message without method and URL, at most 300 characters."""
    text = str(error).strip() or type(error).__name__
    text = re.sub(r"^(?:\d{3} )?[A-Z]+ https?://\S+: ", "", text.splitlines()[0])
    return text.rstrip(".")[:300]
