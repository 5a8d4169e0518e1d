"""The authenticated BigQuery client for the configured project, location and endpoint.

The client uses only application default credentials. An endpoint with plain http is an emulator (a local server that
imitates BigQuery) and gets no credentials. The HTTP session ends each request by a deadline, even if the client library
allows more time.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import google.auth
import requests
from google.api_core.client_info import ClientInfo
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
    """An HTTP session whose requests time out at `deadline`, a value of time.monotonic().

    The deadline also limits the requests that renew the credentials.
    """

    def __init__(self, credentials: Any) -> None:
        self.deadline = float("inf")
        super().__init__(credentials, auth_request=Request(_Renewal(self)))  # type: ignore[no-untyped-call]

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        return super().send(request, **kwargs | {"timeout": self.seconds_left(kwargs.get("timeout"))})

    def seconds_left(self, asked: object) -> float:
        """Return the time-out of the next request in seconds: `asked`, but not more than the time until the deadline.

        `asked` is ignored if it is no number. requests.exceptions.Timeout if the deadline has passed.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise requests.exceptions.Timeout("no time is left")
        return min(asked, left) if isinstance(asked, int | float) else left


class _Renewal(requests.Session):
    """The HTTP session through which `session` renews its credentials; requests time out at `session.deadline`."""

    def __init__(self, session: BoundedSession) -> None:
        super().__init__()
        self._session = session

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        return super().send(request, **kwargs | {"timeout": self._session.seconds_left(kwargs.get("timeout"))})


def open_client(connection: BigQueryConfig, group: str) -> tuple[bigquery.Client, BoundedSession]:
    """Return a client and its HTTP session, whose first deadline is `connection.timeout_seconds` from now.

    `group` is the configuration group (`warehouse` or `tracking`) that error messages name. DataError if there are no
    usable credentials or no project, or if an emulator does not answer. ConfigurationError if project, location or
    endpoint is malformed.
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
        client_info=ClientInfo(user_agent=f"breakout/{__version__}"),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": connection.api_endpoint} if connection.api_endpoint else None,
        _http=session,
    )
    return client, session


def is_emulator(api_endpoint: str | None) -> bool:
    """Return whether an endpoint is an emulator, a local server that imitates BigQuery.

    An endpoint is an emulator if its URL begins with http: instead of https:. An emulator gets no credentials, because
    plain http would expose them. None stands for the real service.
    """
    return api_endpoint is not None and urlsplit(api_endpoint).scheme == "http"


def default_credentials(group: str) -> tuple[Any, str | None]:
    """Return the application default credentials, and the project that they name or None.

    `group` is the configuration group that error messages name. DataError if there are no usable credentials.
    """
    explicit = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
    if explicit and not Path(explicit).is_file():
        raise DataError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {explicit}, which is no file; correct it, or run: {LOGIN}"
        )
    # Raise here, because without credentials google.auth waits many seconds for a metadata server, which only Google's
    # machines have.
    if not (explicit or _user_file().is_file() or _is_on_google()):
        raise DataError(f"there are no credentials for BigQuery ({group}=bigquery); run: {LOGIN}")
    try:
        credentials, project = google.auth.default(scopes=_SCOPES)
    except DefaultCredentialsError as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise DataError(f"the credentials for BigQuery cannot be used ({reason}); run: {LOGIN}") from error
    return credentials, project


def _user_file() -> Path:
    """Return the path where gcloud keeps a user's application default credentials."""
    folder = os.environ.get("CLOUDSDK_CONFIG")
    if folder:
        return Path(folder) / "application_default_credentials.json"
    home = Path(os.environ["APPDATA"]) / "gcloud" if os.environ.get("APPDATA") else Path.home() / ".config" / "gcloud"
    return home / "application_default_credentials.json"


def _is_on_google() -> bool:
    if any(os.environ.get(name) for name in ("GCE_METADATA_HOST", "K_SERVICE", "GAE_ENV", "CLOUD_RUN_JOB")):
        return True
    try:
        return "Google" in Path("/sys/class/dmi/id/product_name").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _only_project(session: BoundedSession, endpoint: str) -> str | None:
    with translated_errors("the list of projects"):
        answer = session.get(f"{endpoint.rstrip('/')}/bigquery/v2/projects").json()
    projects = answer.get("projects", []) if isinstance(answer, dict) else []
    return str(projects[0]["id"]) if len(projects) == 1 else None
