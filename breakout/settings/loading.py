"""The conversion of a mapping of plain values to the typed configuration of a command.

msgspec converts single values and checks their bounds. This module builds the groups itself, because msgspec's
tagged unions accept only msgspec's own classes and hide the tag `kind`, which other modules read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from breakout.errors import ConfigurationError
from breakout.settings.checks import HISTORY_EXAMPLES, check_across_fields
from breakout.settings.conversion import convert_value
from breakout.settings.named_files import with_build_text, with_definitions
from breakout.settings.references import resolve_references
from breakout.settings.roots import ROOT_CLASSES
from breakout.settings.schema import dataclasses_of, kind_of, type_hints
from breakout.settings.unknown_keys import describe_choice, describe_unknown_key
from breakout.settings.values import describe_value
from breakout.settings.versions import migrate

Root = TypeVar("Root")
MISSING = "???"

# Examples of overrides for keys without a default. The error for a missing value shows them.
EXAMPLES = {
    "bundle": "bundle=latest",
    "candidate": "candidate=latest",
    "date": "date=today",
    "start": "start=2026-01-11",
    "end": "end=2026-02-05",
    "out": "out=games.parquet",
    "model.build": "model.build=my_model.py:build",
    **HISTORY_EXAMPLES,
    "kind": "kind=nba_api",
    "to": "to=tables",
}


def load(root: type[Root], mapping: Mapping[str, Any], *, is_lenient: bool = False) -> Root:
    """Return the typed configuration of one command from a mapping that Hydra composed or that a run saved.

    A mapping of an older `config_version` is migrated first. If `is_lenient` is true, a reference to an environment
    variable that is not set stays as text, for callers that do not use the value.

    ConfigurationError for:

    - an unknown or missing key, or an unknown `config_version`.
    - a value of another type or out of bounds, or values that contradict each other.
    - an unreadable file that the settings name.
    - an environment variable that is not set, unless `is_lenient` is true.
    """
    current, references = resolve_references(migrate(dict(mapping)), is_lenient=is_lenient)
    current = with_build_text(with_definitions(current))
    # `features.definitions` now contains definitions instead of paths, so the `${...}` references in paths are dropped.
    references = tuple(found for found in references if found[0][:2] != ("features", "definitions"))
    check_keys_known(root, current)
    check_nothing_missing(current)
    make: Any = root
    config: Root = make(**group_values(root, current, ""), references=references)
    check_across_fields(config)
    return config


def check_keys_known(root: type, mapping: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for an unknown key of the root or of a group, or for a missing or unknown `kind`.

    Other values are checked later, so that a misspelt key is reported before an invalid value.
    """
    command = next((command for command, cls in ROOT_CLASSES.items() if cls is root), "")
    for name, value in mapping.items():
        if name not in type_hints(root):
            raise ConfigurationError(describe_unknown_key(root, _first_leaf(str(name), value), command))
        classes = dataclasses_of(type_hints(root)[name])
        if classes and isinstance(value, Mapping):
            known = type_hints(choose_class(classes, value, name))
            for key in value:
                if key not in known:
                    raise ConfigurationError(describe_unknown_key(root, f"{name}.{key}", command))


def _first_leaf(key: str, value: Any) -> str:
    """Return a key extended by the keys of nested one-item mappings: `modle.depth` for `modle` and {depth: 6}."""
    while isinstance(value, Mapping) and len(value) == 1:
        inner, value = next(iter(value.items()))
        key = f"{key}.{inner}"
    return key


def check_nothing_missing(mapping: Mapping[str, Any]) -> None:
    """Raise ConfigurationError, which lists overrides to add, if any value is `???` (required and not given)."""
    keys = [key for key, value in mapping.items() if value == MISSING]
    for group, values in mapping.items():
        if isinstance(values, Mapping):
            keys += [f"{group}.{key}" for key, value in values.items() if value == MISSING]
    if keys:
        examples = " ".join(EXAMPLES.get(key, f"{key}=VALUE") for key in keys)
        verb = "is" if len(keys) == 1 else "are"
        named = " and ".join(filter(None, (", ".join(keys[:-1]), keys[-1])))
        raise ConfigurationError(f"{named} {verb} required and not given; add for example {examples}")


def group_values(cls: type, mapping: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Convert the values in `mapping` to the field types of a settings class; return the values by field name.

    `path` is the dotted key of the group for messages, "" for the root. Unknown keys are ignored. ConfigurationError
    for a missing key, a value of another type or out of bounds, or an unknown `kind` of a group.
    """
    values: dict[str, Any] = {}
    for name, hint in type_hints(cls).items():
        key = f"{path}.{name}" if path else name
        if name not in mapping:
            raise ConfigurationError(f"{key} is missing from the configuration.")
        value, classes = mapping[name], dataclasses_of(hint)
        if not classes:
            values[name] = convert_value(hint, value, key)
        elif isinstance(value, Mapping):
            chosen = choose_class(classes, value, key)
            values[name] = chosen(**group_values(chosen, value, key))
        else:
            raise ConfigurationError(
                f"{key} is a group of keys, such as {key}.NAME=VALUE, got {describe_value(value)}."
            )
    return values


def choose_class(classes: tuple[type, ...], value: Mapping[str, Any], group: str) -> type:
    """Return the class that the key `kind` in a group's values selects; a group with one class needs no `kind`.

    ConfigurationError if `kind` is missing or selects no class.
    """
    if len(classes) == 1:
        return classes[0]
    by_kind = {kind_of(cls): cls for cls in classes}
    kind = value.get("kind")
    if kind is None:
        kinds = ", ".join(f"`kind: {name}`" for name in by_kind)
        raise ConfigurationError(f"{group}.kind is missing: write into the file that {group}= chose one of {kinds}.")
    if not isinstance(kind, str) or kind not in by_kind:
        options = ", ".join(describe_choice(group, name) for name in by_kind)
        given = describe_value(kind)
        raise ConfigurationError(f"{group}.kind is {given}, which no {group} has; choose one of {options}.")
    return by_kind[kind]
