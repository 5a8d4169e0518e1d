"""Checks of the names of BigQuery projects, locations, tables and endpoints.

These names become part of SQL texts and addresses, where no query parameter can be used. So only letters, digits and a
few signs are accepted.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from breakout.errors import ConfigurationError
from breakout.settings.data_groups import BigQueryConfig

# The pattern of a project id, with or without a domain: my-project-1, example.com:my-project-1.
_PROJECT = r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
# The pattern of dataset.table and project.dataset.table. A table name may contain single hyphens between its letters,
# digits and underscores; a dataset name may not.
_TABLE_NAME = re.compile(rf"(?:{_PROJECT}\.)?\w{{1,1024}}\.\w+(?:-\w+)*", re.ASCII)
_LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}")
_LONGEST_TABLE = 1024


def check_table_name(key: str, name: str) -> None:
    """Raise ConfigurationError unless a name has the form dataset.table or project.dataset.table."""
    if not _TABLE_NAME.fullmatch(name) or len(name.rpartition(".")[2]) > _LONGEST_TABLE:
        raise ConfigurationError(f"{key} must be dataset.table or project.dataset.table, got {name!r}.")


def check_connection(connection: BigQueryConfig, group: str) -> None:
    """Raise ConfigurationError for a malformed `project`, `location` or `api_endpoint`; None is valid."""
    project, location, endpoint = connection.project, connection.location, connection.api_endpoint
    if project is not None and not re.fullmatch(_PROJECT, project):
        raise ConfigurationError(
            f"{group}.project must be a Google Cloud project id such as my-project-1, got {project!r}."
        )
    if location is not None and not _LOCATION.fullmatch(location):
        raise ConfigurationError(
            f"{group}.location must be a BigQuery location such as US or europe-west1, got {location!r}."
        )
    if endpoint is not None and not _is_plain_url(endpoint):
        raise ConfigurationError(f"{group}.api_endpoint must be a URL such as http://127.0.0.1:9050, got {endpoint!r}.")


def _is_plain_url(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and is_port
