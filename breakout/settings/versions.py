"""The configuration's layout: a mapping of any known version goes in, one of today's version comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from breakout.errors import ConfigurationError

CONFIG_VERSION = 1

# An entry turns a mapping of its version into one of the next; the function's name says what it does.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}

# Keys that were added to a kind of a group without a new version; a mapping written before then gets these values.
ADDED_KEYS: dict[tuple[str, str], dict[str, Any]] = {
    ("warehouse", "duckdb"): {
        "team_codes": None,
        "season_types": None,
        "date_format": None,
        "hive_partitioning": False,
    },
    ("warehouse", "bigquery"): {"team_codes": None, "season_types": None},
}


def migrate(mapping: dict[str, Any]) -> dict[str, Any]:
    """Bring a saved configuration up to today's version, step by step, or refuse it."""
    version = mapping.get("config_version")
    if version is None:
        raise ConfigurationError(
            f"config_version is missing: a configuration begins with config_version: {CONFIG_VERSION}."
        )
    if not isinstance(version, int) or isinstance(version, bool):
        raise ConfigurationError(f"config_version must be an integer such as {CONFIG_VERSION}, got {version!r}.")
    while version in MIGRATIONS:
        mapping = MIGRATIONS[version](mapping)
        version += 1
        mapping["config_version"] = version
    if version != CONFIG_VERSION:
        age = "newer than" if version > CONFIG_VERSION else "not known to"
        raise ConfigurationError(
            f"config_version {version} is {age} this program, which reads version {CONFIG_VERSION}:"
            " install the release that wrote the file."
        )
    return _with_added_keys(mapping)


def _with_added_keys(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping with the keys of ADDED_KEYS that it lacks."""
    complete = dict(mapping)
    for (group, kind), added in ADDED_KEYS.items():
        values = mapping.get(group)
        if isinstance(values, dict) and values.get("kind") == kind:
            complete[group] = added | values
    return complete
