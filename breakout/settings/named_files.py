"""The reading of the user's files that settings name: `features.definitions` (YAML) and `model.build` (Python).

The typed settings contain the content of these files, so that a saved run can be reproduced without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from breakout.errors import ConfigurationError, nearest_name
from breakout.settings.conversion import convert_value
from breakout.settings.groups import FeatureDefinitionConfig
from breakout.settings.schema import type_hints

_KEYS = tuple(field.name for field in fields(FeatureDefinitionConfig))


def expand_home(path: str | Path, setting: str) -> Path:
    """Return a path with the home folder in place of `~` or `~USER` at the beginning.

    ConfigurationError, which names `setting`, if the home folder is unknown.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        home = Path(path).parts[0]
        raise ConfigurationError(
            f"{setting} names {path}, but the home folder {home} is unknown: write the full path."
        ) from None


def with_definitions(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which `features.definitions` contains definitions instead of paths of files.

    If `features.names` has none of the defined features, the names of all of them are appended.
    ConfigurationError if `features.definitions` is no list, a file cannot be read, or a definition is invalid.
    """
    features = mapping.get("features")
    listed = features.get("definitions") if isinstance(features, Mapping) else None
    if not listed or not isinstance(features, Mapping):
        return mapping
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise ConfigurationError(f"features.definitions is a list of files: write features.definitions=[{listed}].")
    found: list[dict[str, Any]] = []
    for item in listed:
        found += _read(item) if isinstance(item, str) else [_checked(item, f"features.definitions: {item}")]
    own, names = [str(entry["name"]) for entry in found], list(features.get("names") or ())
    if not set(own) & set(names):
        names += own
    return mapping | {"features": {**features, "names": names, "definitions": found}}


def _read(path: str) -> list[dict[str, Any]]:
    from breakout.settings.yaml_files import parse_yaml, read_text

    file = expand_home(path, "features.definitions")
    if not file.is_file():
        raise ConfigurationError(f"features.definitions names {path}, but there is no such file in {Path.cwd()}.")
    content = parse_yaml(read_text(file), file)
    if not isinstance(content, list) or not content:
        raise ConfigurationError(f"{file} holds no list of features: each begins with a line `- name: NAME`.")
    return [_checked(entry, f"{file}, feature {place}") for place, entry in enumerate(content, 1)]


def _checked(entry: Any, place: str) -> dict[str, Any]:
    """Return a feature's definition with the keys of `FeatureDefinitionConfig` and typed values.

    ConfigurationError for a missing or unknown key or an invalid value. The message begins with `place`, the file
    and number of the definition.
    """
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"{place}: a feature has the keys {', '.join(_KEYS)}.")
    for key in entry:
        if key not in _KEYS:
            near = nearest_name(str(key), _KEYS)
            raise ConfigurationError(
                f"{place} has an unknown key {key!r}; {f'did you mean {near}?' if near else f'it has {_KEYS}.'}"
            )
    missing = [key for key in _KEYS if key not in entry]
    if missing:
        raise ConfigurationError(f"{place} lacks {', '.join(missing)}; a feature has {', '.join(_KEYS)}.")
    hints = type_hints(FeatureDefinitionConfig)
    return {key: convert_value(hints[key], entry[key], f"{place}: {key}") for key in _KEYS}


def with_build_text(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which `model.build_text` is the text of the file that `model.build` names.

    Settings are returned unchanged if the model is not sklearn or `model.build_text` is given. ConfigurationError if
    the file cannot be read.
    """
    from breakout.settings.yaml_files import read_text

    model = mapping.get("model")
    if not isinstance(model, Mapping) or model.get("kind") != "sklearn" or model.get("build_text") is not None:
        return mapping
    path, has_function, _ = str(model.get("build")).rpartition(":")
    if not has_function:  # `group_values` refuses such a `model.build` later
        return mapping
    file = expand_home(path, "model.build")
    if not file.is_file():
        raise ConfigurationError(f"model.build names {path}, but there is no such file in {Path.cwd()}.")
    return mapping | {"model": {**model, "build_text": read_text(file)}}
