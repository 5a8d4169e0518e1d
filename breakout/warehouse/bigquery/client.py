"""The authenticated BigQuery client for the configured project, location and endpoint.

Only application default credentials are used. An endpoint with plain http is an emulator and gets no credentials. Every
request ends by its deadline, independent of the time-outs of the client library.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import google.auth
import requests
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud import bigquery

from breakout import __version__
from breakout.errors import DataError
from breakout.settings.identifiers import check_connection
from breakout.warehouse.bigquery.errors import LOGIN, translated_errors

if TYPE_CHECKING:
    from breakout.settings.data_groups import BigQueryConfig

_SCOPES = ("https://www.googleapis.com/auth/bigquery",)


class BoundedSession(AuthorizedSession):
    """An HTTP session whose requests, renewals of credentials included, end by `deadline`, a time.monotonic() value."""

    def __init__(self, credentials: Any) -> None:
        self.deadline = float("inf")
        super().__init__(credentials, auth_request=Request(_Renewal(self)))  # type: ignore[no-untyped-call]

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        return super().send(request, **kwargs | {"timeout": self.seconds_left(kwargs.get("timeout"))})

    def seconds_left(self, asked: object) -> float:
        """Return the time-out of one request in seconds: `asked`, or the time left until the deadline if that is less.

        requests.exceptions.Timeout if no time is left.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise requests.exceptions.Timeout("no time is left")
        return min(asked, left) if isinstance(asked, int | float) else left


class _Renewal(requests.Session):
    """The session of the requests that renew the credentials of a BoundedSession, with the deadline of that session."""

    def __init__(self, session: BoundedSession) -> None:
        super().__init__()
        self._session = session

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        return super().send(request, **kwargs | {"timeout": self._session.seconds_left(kwargs.get("timeout"))})


def open_client(connection: BigQueryConfig, group: str) -> tuple[bigquery.Client, BoundedSession]:
    """Return a client and its HTTP session.

    `group` is the configuration group (`warehouse`, `tracking`) whose keys the error messages name. DataError if there
    are no usable credentials or no project; ConfigurationError if project, location or endpoint is malformed.
    """
    check_connection(connection, group)
    found: str | None
    if is_emulator(connection.api_endpoint):
        credentials, found = AnonymousCredentials(), None  # type: ignore[no-untyped-call]
    else:
        credentials, found = default_credentials(group)
    session = BoundedSession(credentials)
    session.deadline = time.monotonic() + connection.timeout_seconds
    project = connection.project or os.environ.get("GOOGLE_CLOUD_PROJECT") or found
    if project is None and connection.api_endpoint and is_emulator(connection.api_endpoint):
        project = _only_project(session, connection.api_endpoint)
    if project is None:
        raise DataError(
            f"the credentials name no Google Cloud project; add {group}.project=PROJECT, "
            "or run: gcloud auth application-default set-quota-project PROJECT"
        )
    client = bigquery.Client(
        project=project,
        credentials=credentials,
        location=connection.location,
        client_info=_client_info(),
        client_options={"api_endpoint": connection.api_endpoint} if connection.api_endpoint else None,
        _http=session,
    )
    return client, session


def is_emulator(api_endpoint: str | None) -> bool:
    """Return whether an endpoint is an emulator, which gets no credentials because plain http would expose them."""
    return api_endpoint is not None and urlsplit(api_endpoint).scheme == "http"


def default_credentials(group: str) -> tuple[Any, str | None]:
    """Return application default credentials and their project, None if they name no project.

    DataError, without waiting for a metadata server, if there are none or they cannot be used.
    """
    explicit = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if explicit and not Path(explicit).is_file():
        raise DataError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {explicit}, which is no file; correct it, or run: {LOGIN}"
        )
    # Only Google's machines have a metadata server; elsewhere google.auth would wait many seconds for it.
    if not (explicit or _user_file().is_file() or _is_on_google()):
        raise DataError(f"there are no credentials for BigQuery ({group}=bigquery); run: {LOGIN}")
    try:
        credentials, project = google.auth.default(scopes=_SCOPES)
    except DefaultCredentialsError as error:
        raise DataError(f"the credentials for BigQuery cannot be used ({_first_line(error)}); run: {LOGIN}") from error
    return credentials, project


def _user_file() -> Path:
    """Return the path where gcloud keeps a user's application default credentials."""
    folder = os.environ.get("CLOUDSDK_CONFIG")
    if folder:
        return Path(folder) / "application_default_credentials.json"
    home = Path(os.environ["APPDATA"]) / "gcloud" if os.environ.get("APPDATA") else Path.home() / ".config" / "gcloud"
    return home / "application_default_credentials.json"


def _is_on_google() -> bool:
    """Return whether this is a Google machine or container platform, which has a metadata server."""
    if any(os.environ.get(name) for name in ("GCE_METADATA_HOST", "K_SERVICE", "GAE_ENV", "CLOUD_RUN_JOB")):
        return True
    try:
        return "Google" in Path("/sys/class/dmi/id/product_name").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _only_project(session: BoundedSession, endpoint: str) -> str | None:
    """Return the project of an emulator; None unless it has exactly one."""
    with translated_errors("the list of projects"):
        answer = session.get(f"{endpoint.rstrip('/')}/bigquery/v2/projects").json()
    projects = answer.get("projects", []) if isinstance(answer, dict) else []
    return str(projects[0]["id"]) if len(projects) == 1 else None


def _client_info() -> Any:
    from google.api_core.client_info import ClientInfo

    return ClientInfo(user_agent=f"breakout/{__version__}")  # type: ignore[no-untyped-call]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
