"""The versions of the configuration's layout: renamed keys, and the migration of older mappings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from breakout.errors import ConfigurationError

CONFIG_VERSION = 2

# Keys of version 1 and their names since version 2. The old names still work in overrides, in users' configuration
# files and in saved settings.
RENAMED_KEYS = {
    "write_report": "run.write_report",
    "resume": "sweep.resume",
    "fail_fast": "sweep.fail_fast",
    "workers": "sweep.workers",
    "job_defaults": "sweep.job_defaults",
}
_EXAMPLE = "in a checkout of this project, run python -m examples.two_definitions."
# Keys of version 1 that were removed, each with the value that is still accepted and the remedy for other values.
REMOVED_KEYS = {"demonstration": ("none", _EXAMPLE)}
# Options of groups (GROUP/OPTION) that were removed, each with what to use instead.
REMOVED_OPTIONS = {"experiment/incident/two_definitions": _EXAMPLE}
# Defaults for the keys of RENAMED_KEYS, by the new names of group and key. Saved settings of version 1 may lack such
# keys.
_MOVED_DEFAULTS: dict[str, dict[str, Any]] = {
    "run": {"write_report": True},
    "sweep": {"resume": None, "fail_fast": False, "workers": None, "job_defaults": []},
}

# Keys that were added without a new version, by group and kind (None for a group without kinds). Older settings get the
# values in this table, which do not change what the settings mean.
ADDED_KEYS: dict[tuple[str, str | None], dict[str, Any]] = {
    ("model", "logistic"): {"clip": None},
    ("model", "blend"): {"clip": None},
    ("validation", None): {"days": None, "start": None, "refit": False},
    ("warehouse", "duckdb"): {
        "folder": None,
        "database": None,
        "columns": None,
        "availability": None,
        "team_codes": None,
        "season_types": None,
        "date_format": None,
        "hive_partitioning": False,
    },
    ("warehouse", "bigquery"): {"availability": None, "columns": None, "team_codes": None, "season_types": None},
    ("features", None): {"definitions": ()},
}

_PRICES: dict[str, Any] = {
    "file": None,
    "table": None,
    "odds": "decimal",
    "margin": "multiplicative",
    "kelly": 0.25,
    "max_stake": 0.02,
    "min_edge": 0.0,
}
# Groups that were added without a new CONFIG_VERSION, with the values that older saved settings get. Settings with
# `features` get the group `availability`, settings with `window` get `prices`, and settings with `bundle` get both.
ADDED_GROUPS: dict[str, dict[str, dict[str, Any]]] = {
    "features": {"availability": {"cutoff": "17:30", "timezone": "America/New_York", "days_before": 0}},
    "window": {"prices": _PRICES},
    "bundle": {"availability": {"cutoff": None, "timezone": None, "days_before": None}, "prices": _PRICES},
}


def rename_overrides(overrides: Sequence[str]) -> list[str]:
    """Return overrides with the present names of renamed keys, and with `prices.file=FILE` for `prices=FILE`.

    A value of `prices` with a dot or a slash is taken for the path of a file. An override of a removed key
    (REMOVED_KEYS) is left out if its value changes nothing; ConfigurationError for any other value.
    """
    renamed = []
    for override in overrides:
        signed, equals, value = override.partition("=")
        key = signed.lstrip("+~")
        if key in REMOVED_KEYS:
            check_removed(key, value)
            continue
        sign = signed[: len(signed) - len(key)]
        if key == "prices" and {".", "/"} & set(value):
            key = "prices.file"
        renamed.append(f"{sign}{RENAMED_KEYS.get(key, key)}{equals}{value}")
    return renamed


def rename_keys(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping of settings with the present names of renamed keys.

    If the mapping has both names of a key, the value of the present name is kept. A removed key (REMOVED_KEYS) is left
    out if its value changes nothing; ConfigurationError for any other value.
    """
    renamed = {key: value for key, value in mapping.items() if key not in RENAMED_KEYS and key not in REMOVED_KEYS}
    for key in REMOVED_KEYS.keys() & mapping.keys():
        check_removed(key, str(mapping[key]))
    for old, new in RENAMED_KEYS.items():
        if old in mapping:
            group, _, key = new.partition(".")
            given = renamed.get(group)
            renamed[group] = {key: mapping[old]} | (given if isinstance(given, dict) else {})
    return renamed


def check_removed(key: str, value: str) -> None:
    """Raise ConfigurationError for a removed key unless it has the accepted value in REMOVED_KEYS."""
    harmless, remedy = REMOVED_KEYS[key]
    if value != harmless:
        raise ConfigurationError(f"{key}={value} is gone: {remedy}")


def group_keys_of_runs_and_sweeps(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return saved settings of version 1 in the layout of version 2.

    In version 2, the keys of RENAMED_KEYS are in the groups `run` and `sweep`. Settings of train that lack such a
    key get the value in _MOVED_DEFAULTS. The keys of REMOVED_KEYS are left out.
    """
    is_train = bool(RENAMED_KEYS.keys() & mapping.keys())
    migrated = rename_keys({key: value for key, value in mapping.items() if key not in REMOVED_KEYS})
    if is_train:
        for group, defaults in _MOVED_DEFAULTS.items():
            migrated[group] = defaults | migrated.get(group, {})
    return migrated


# The function that converts saved settings of a version (the key) to the next version.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: group_keys_of_runs_and_sweeps}


def fingerprinted(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return settings in the layout from which fingerprints are computed, so that old fingerprints stay valid.

    The layout is version 1 without the keys of the groups `run` and `sweep`. A key or group that was added
    later (ADDED_KEYS, ADDED_GROUPS) is left out if it has the value that migration gives to older settings.
    """
    layout = {key: value for key, value in mapping.items() if key not in {*_MOVED_DEFAULTS, *RENAMED_KEYS}}
    if "sweep" in mapping or RENAMED_KEYS.keys() & mapping.keys():
        layout |= {key: harmless for key, (harmless, _) in REMOVED_KEYS.items()}
    if "config_version" in mapping:
        layout["config_version"] = 1
    for (group, kind), added in ADDED_KEYS.items():
        values = layout.get(group)
        if isinstance(values, dict) and values.get("kind") == kind:
            layout[group] = {k: v for k, v in values.items() if k not in added or v != added[k]}
    added_groups = _added_groups(mapping)
    return {name: values for name, values in layout.items() if name not in added_groups or values != added_groups[name]}


def migrate(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return settings migrated to CONFIG_VERSION, with values for keys that were added later.

    ConfigurationError if `config_version` is missing, unknown or not an integer.
    """
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
    complete = _added_groups(mapping) | mapping
    for (group, kind), added in ADDED_KEYS.items():
        values = mapping.get(group)
        if isinstance(values, dict) and values.get("kind") == kind:
            complete[group] = added | values
    return complete


def _added_groups(mapping: dict[str, Any]) -> dict[str, Any]:
    added = [groups for key, groups in ADDED_GROUPS.items() if key in mapping]
    return {name: values for groups in added for name, values in groups.items()}
