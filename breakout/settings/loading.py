"""The door: a plain mapping goes in, a typed, frozen, checked configuration comes out, or one clear sentence."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal, TypeVar

import msgspec

from breakout.errors import ConfigurationError
from breakout.settings.checks import check_across_fields
from breakout.settings.references import resolve_references
from breakout.settings.roots import ROOT_CLASSES
from breakout.settings.suggestions import (
    choice,
    dataclasses_of,
    kind_of,
    nearest,
    type_hints,
    unknown_key_sentence,
)
from breakout.settings.versions import migrate

Root = TypeVar("Root")
MISSING = "???"

# What to type for a value that has no default.
EXAMPLES = {
    "bundle": "bundle=outputs/runs/NAME/RUN/bundle",
    "candidate": "candidate=outputs/runs/NAME/RUN/bundle",
    "production": "production=outputs/runs/NAME/RUN/bundle",
    "date": "date=2026-02-06",
    "start": "start=2026-01-11",
    "end": "end=2026-02-05",
    "out": "out=games.parquet",
    "warehouse.player_game_summary": "warehouse.player_game_summary=games.parquet",
    "warehouse.team_offense_game_summary": "warehouse.team_offense_game_summary=teams.parquet",
}


def load(root: type[Root], mapping: Mapping[str, Any], *, is_lenient: bool = False) -> Root:
    """Return the typed configuration of one program, from a composed or saved mapping.

    ConfigurationError for a value that refers to an environment variable that is not set; with `is_lenient` the value
    is then the reference itself, for a reader of old settings that has no use for it.
    """
    current, references = resolve_references(migrate(dict(mapping)), is_lenient=is_lenient)
    check_keys_known(root, current)
    check_nothing_missing(current)
    make: Any = root
    config: Root = make(**group_values(root, current, ""), references=references)
    check_across_fields(config)
    return config


def check_keys_known(root: type, mapping: Mapping[str, Any]) -> None:
    """Refuse keys that nobody would read, of the root and of every group, before anything else is said."""
    for name, value in mapping.items():
        if name not in type_hints(root):
            raise ConfigurationError(unknown_key_sentence(root, first_leaf(str(name), value), command_of(root)))
        variants = dataclasses_of(type_hints(root)[name])
        if variants and isinstance(value, Mapping):
            known = type_hints(chosen_variant(variants, value, name))
            for key in value:
                if key not in known:
                    raise ConfigurationError(unknown_key_sentence(root, f"{name}.{key}", command_of(root)))


def first_leaf(key: str, value: Any) -> str:
    """`+modle.depth=6` arrives as {modle: {depth: 6}}; the user typed `modle.depth`."""
    while isinstance(value, Mapping) and len(value) == 1:
        inner, value = next(iter(value.items()))
        key = f"{key}.{inner}"
    return key


def check_nothing_missing(mapping: Mapping[str, Any]) -> None:
    """Name every value that has no default and was not given, with an example to copy."""
    keys = [key for key, value in mapping.items() if value == MISSING]
    keys += [
        f"{group}.{key}"
        for group, values in mapping.items()
        if isinstance(values, Mapping)
        for key, value in values.items()
        if value == MISSING
    ]
    if keys:
        examples = " ".join(EXAMPLES.get(key, f"{key}=VALUE") for key in keys)
        verb = "is" if len(keys) == 1 else "are"
        named = " and ".join(filter(None, (", ".join(keys[:-1]), keys[-1])))
        raise ConfigurationError(f"{named} {verb} required and not given; add for example {examples}")


def group_values(cls: type, mapping: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the typed values of a dataclass's fields from its mapping; `path` is the dotted place for messages."""
    values: dict[str, Any] = {}
    for name, hint in type_hints(cls).items():
        key = f"{path}.{name}" if path else name
        if name not in mapping:
            raise ConfigurationError(f"{key} is missing from the configuration.")
        variants = dataclasses_of(hint)
        values[name] = build_variant(variants, mapping[name], key) if variants else value_of(hint, mapping[name], key)
    return values


def build_variant(variants: tuple[type, ...], value: Any, key: str) -> Any:
    """A group of one or several kinds."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{key} is a group of keys, such as {key}.NAME=VALUE, got {show(value)}.")
    variant = chosen_variant(variants, value, key)
    return variant(**group_values(variant, value, key))


def chosen_variant(variants: tuple[type, ...], value: Mapping[str, Any], group: str) -> type:
    """The variant that the group's `kind` names."""
    if len(variants) == 1:
        return variants[0]
    by_kind = {kind_of(variant): variant for variant in variants}
    kind = value.get("kind")
    if kind not in by_kind:
        options = ", ".join(choice(group, name) for name in by_kind)
        raise ConfigurationError(f"{group}.kind is {show(kind)}, which no {group} has; choose one of {options}.")
    return by_kind[str(kind)]


def value_of(hint: Any, value: Any, key: str) -> Any:
    """A plain value, strictly of its type and within its bounds."""
    try:
        converted = msgspec.convert(value, hint, strict=True)
    except msgspec.ValidationError:
        raise ConfigurationError(refusal(hint, value, key)) from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ConfigurationError(refusal(hint, value, key))
    return converted


def refusal(hint: Any, value: Any, key: str) -> str:
    """`model.depth must be an integer from 1 to 16, got 0`, and what was probably meant."""
    sentence = f"{key} must be {expected(hint, value)}, got {show(value)}"
    if value is None and type(None) not in typing.get_args(hint):
        return f"{sentence}; it cannot be left empty."
    guess = meant_value(hint, value)
    if guess is not None:
        return f"{sentence}; did you mean {key}={guess}?"
    if isinstance(value, int | float) and base_of(hint) is str:
        return f"{sentence}; quote it to make it text: \"{key}='{value}'\"."
    return f"{sentence}."


def meant_value(hint: Any, value: Any) -> str | None:
    """Return the value to type instead, if one is near: the nearest option, or a list of what was given alone."""
    if typing.get_origin(base_of(hint)) is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        near = [_near_item(hint, item) for item in items]
        found = [item for item in near if item is not None]
        return f"[{','.join(found)}]" if items and len(found) == len(items) else None
    options = [str(option) for option in literal_options(hint)]
    return nearest(value, options) if isinstance(value, str) else None


def _near_item(hint: Any, item: Any) -> str | None:
    options = [str(option) for option in literal_options(hint)]
    if options:
        return nearest(str(item), options)
    try:
        msgspec.convert([item], base_of(hint), strict=True)
    except msgspec.ValidationError:
        return None
    return show(item).strip("'")


def base_of(hint: Any) -> Any:
    """The bare type under `Annotated` and `| None`."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return base_of(next(member for member in typing.get_args(hint) if member is not type(None)))
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def literal_options(hint: Any) -> tuple[Any, ...]:
    base = base_of(hint)
    if typing.get_origin(base) is tuple:
        return literal_options(typing.get_args(base)[0])
    return typing.get_args(base) if typing.get_origin(base) is Literal else ()


NOUNS: dict[Any, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    date: "a date such as 2026-01-31",
}


def expected(hint: Any, value: Any = None) -> str:
    """Describe what a type accepts; of a wide range only the bound that `value` misses."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return f"{expected(next(m for m in typing.get_args(hint) if m is not type(None)), value)} or null"
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        base, *metas = typing.get_args(hint)
        return expected(base) + "".join(bounds(meta, value) for meta in metas if isinstance(meta, msgspec.Meta))
    if origin is Literal:
        return "one of " + ", ".join(str(option) for option in typing.get_args(hint))
    if origin is dict:
        return f"a map {{NAME: VALUE}} with each value {expected(typing.get_args(hint)[1])}"
    if origin is tuple:
        return f"a list [a,b,...] with each item {expected(typing.get_args(hint)[0])}"
    return NOUNS[hint]


WIDE_RANGE = 50


def bounds(meta: msgspec.Meta, value: Any = None) -> str:
    """Describe the constraint of a type: `from 1 to 16`; of a wide range only the bound on the side of `value`."""
    if meta.pattern is not None:
        return " of letters, digits, '.', '_' and '-' (it names a folder), beginning with a letter or digit"
    if meta.min_length is not None:
        return " that is not empty"
    lower = [(sign, limit) for sign, limit in ((">=", meta.ge), (">", meta.gt)) if limit is not None]
    upper = [(sign, limit) for sign, limit in (("<=", meta.le), ("<", meta.lt)) if limit is not None]
    if lower and upper and upper[0][1] - lower[0][1] >= WIDE_RANGE:
        is_above = isinstance(value, int | float) and value >= upper[0][1]
        lower, upper = ([], upper) if is_above else (lower, [])
    if meta.ge is not None and meta.le is not None and lower and upper:
        return f" from {show_limit(meta.ge)} to {show_limit(meta.le)}"
    given = [f"{sign} {show_limit(limit)}" for sign, limit in (*lower, *upper)]
    return " " + " and ".join(given) if given else ""


def show_limit(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def show(value: Any) -> str:
    """A value as the user would have typed it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {show(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(show(item) for item in value) + "]"
    return repr(value) if isinstance(value, str) else str(value)


def command_of(root: type) -> str:
    return next((command for command, cls in ROOT_CLASSES.items() if cls is root), "")
