"""The conversion of settings to mappings and YAML text and back, and the fingerprint of settings."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from breakout.errors import ConfigurationError, DataError
from breakout.safe_text import mask_secrets
from breakout.settings.loading import load
from breakout.settings.references import write_references
from breakout.settings.roots import ComposedConfig
from breakout.settings.versions import fingerprinted

Root = TypeVar("Root")

# Settings whose value is an address (URL). In saved files, passwords and tokens in these addresses are masked.
ADDRESSES = (
    ("tracking", "uri"),
    ("tracking", "api_endpoint"),
    ("warehouse", "api_endpoint"),
    ("ledger", "api_endpoint"),
)

# Keys that change neither the model of a run nor its predictions, such as the name of the run.
NOT_IN_FINGERPRINT = {
    "name",
    "hypothesis",
    "tags",
    "dry_run",
    "optimized_metric",
    "window.fold_jobs",
    "tracking",
    "paths",
    "prices",
    "mode.description",
    "warehouse.api_endpoint",
    "warehouse.maximum_bytes_billed",
    "warehouse.price_per_tib",
    "warehouse.timeout_seconds",
    "warehouse.refresh",
}


def to_mapping(config: Any) -> dict[str, Any]:
    """Return a configuration as nested dicts, lists, text, numbers and null; dates as ISO text.

    A value that comes from an environment variable is returned as a reference, such as `${oc.env:TOKEN}`. `load`
    converts the mapping back to a configuration.
    """
    values = to_values(config)
    return write_references(values, config.references) if isinstance(config, ComposedConfig) else values


def to_values(config: Any) -> dict[str, Any]:
    """Return a configuration as nested dicts that contain the values of environment variables instead of references.

    The result must not be saved, because such values may be secrets.
    """
    values = cast("dict[str, Any]", msgspec.to_builtins(config))
    if isinstance(config, ComposedConfig):
        del values["references"]
    return values


def to_saved(config: Any) -> dict[str, Any]:
    """Return a configuration as nested dicts, as it is saved to files.

    A value that comes from an environment variable is saved as a reference, such as `${oc.env:TOKEN}`. Passwords and
    tokens in addresses (ADDRESSES) are masked.
    """
    mapping = to_mapping(config)
    for group, key in ADDRESSES:
        values = mapping.get(group)
        if isinstance(values, dict) and isinstance(values.get(key), str):
            mapping[group] = values | {key: mask_secrets(values[key])}
    return mapping


def to_yaml(config: Any) -> str:
    """Return a configuration as the text of `settings.yaml`.

    `load_file` reads an equal configuration from this text, except that passwords and tokens in addresses are masked.
    """
    import yaml

    # PyYAML has the faster CSafeDumper only if it was built with libyaml.
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return cast("str", yaml.dump(to_saved(config), Dumper=dumper, sort_keys=False, allow_unicode=True))


def fingerprint(config: Any) -> str:
    """Return 16 hex digits of a SHA-256 over the settings that decide a run's model and its metrics.

    The groups `run` and `sweep` and the keys in NOT_IN_FINGERPRINT, such as the name of the run, are left out.
    """
    kept = {
        name: {k: v for k, v in value.items() if f"{name}.{k}" not in NOT_IN_FINGERPRINT}
        if isinstance(value, dict)
        else value
        for name, value in fingerprinted(to_values(config)).items()
        if name not in NOT_IN_FINGERPRINT
    }
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load_file(path: str | Path, root: type[Root], *, is_lenient: bool = False) -> Root:
    """Return the configuration that a run saved in its `settings.yaml`.

    If `is_lenient` is true, a reference to an environment variable that is not set stays as text. DataError if the file
    is missing or unreadable. ConfigurationError if its settings are invalid.
    """
    mapping = read_mapping(Path(path))
    try:
        return load(root, mapping, is_lenient=is_lenient)
    except ConfigurationError as error:
        raise ConfigurationError(f"in {path}: {error}") from None


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping in a saved YAML file; DataError if the file is missing, unreadable, empty or no mapping."""
    import yaml

    try:
        # The libyaml loader is ten times faster than PyYAML's own, and a leaderboard reads many files.
        quickest = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=quickest)  # noqa: S506  (both are safe loaders)
    except FileNotFoundError:
        raise DataError(f"no settings at {path}: give the folder of a finished run.") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        message = f"{path} cannot be read as YAML ({type(error).__name__}): restore it or train again."
        raise DataError(message) from error
    if not isinstance(content, dict) or not content:
        raise DataError(f"{path} does not hold settings: expected keys and values.")
    return {str(key): value for key, value in content.items()}
