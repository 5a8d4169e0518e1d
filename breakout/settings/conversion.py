"""The conversion of a plain value to the type of its field, and the message for a value that has another type."""

from __future__ import annotations

import math
import types
import typing
from datetime import date
from typing import Any, Literal

import msgspec

from breakout.errors import ConfigurationError, nearest_name
from breakout.settings.schema import base_of, literal_options
from breakout.settings.values import describe_value, format_value

NOUNS: dict[Any, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    date: "a date such as 2026-01-31",
}
WIDE_RANGE = 50  # a message names only one bound of a range that is at least this wide


def convert_value(hint: Any, value: Any, key: str) -> Any:
    """Convert a plain value to the type `hint`, but never text to numbers or numbers to text.

    ConfigurationError, which names the setting `key`, if the value has another type or is out of bounds. A NaN or
    infinite number is refused too, but not inside a map.
    """
    try:
        converted = msgspec.convert(value, hint, strict=True)
    except msgspec.ValidationError:
        raise ConfigurationError(describe_wrong_value(hint, value, key)) from None
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ConfigurationError(describe_wrong_value(hint, value, key))
    return converted


def describe_wrong_value(hint: Any, value: Any, key: str) -> str:
    """Return a message such as `model.depth must be an integer from 1 to 16, got 0.`, with a remedy if there is one."""
    message = f"{key} must be {describe_type(hint, value)}, got {describe_value(value)}"
    if value is None and type(None) not in typing.get_args(hint):
        return f"{message}; it cannot be left empty."
    guess = nearest_value(hint, value)
    if guess is not None:
        return f"{message}; did you mean {key}={guess}?"
    if isinstance(value, int | float) and base_of(hint) is str:
        return f"{message}; quote it to make it text: \"{key}='{value}'\"."
    return f"{message}."


def nearest_value(hint: Any, value: Any) -> str | None:
    """Return the value that the user probably meant, as text for an override; None if there is no such value.

    For a type with options, return the option that is most similar to the text `value`. For a list type, return the
    items in brackets, such as `[auc,brier]`, each replaced by the most similar option if the items have options. A
    value that is no list becomes the only item.
    """
    options = [str(option) for option in literal_options(hint)]
    if typing.get_origin(base_of(hint)) is not tuple:
        return nearest_name(value, options) if isinstance(value, str) else None
    items = value if isinstance(value, list | tuple) else [value]
    near = [nearest_name(str(item), options) if options else _list_item(hint, item) for item in items]
    return f"[{','.join(map(str, near))}]" if near and None not in near else None


def _list_item(hint: Any, item: Any) -> str | None:
    try:
        msgspec.convert([item], base_of(hint), strict=True)
    except msgspec.ValidationError:
        return None
    return format_value(item)


def describe_type(hint: Any, value: Any = None) -> str:
    """Describe the values that a type accepts, such as `an integer from 1 to 16`.

    `value` is the value that was refused; the bounds in the text depend on it (see `describe_bounds`).
    """
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return f"{describe_type(next(m for m in typing.get_args(hint) if m is not type(None)), value)} or null"
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        bounds = "".join(describe_bounds(meta, value) for meta in arguments[1:] if isinstance(meta, msgspec.Meta))
        return describe_type(arguments[0]) + bounds
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if origin is dict:
        return f"a map {{NAME: VALUE}} with each value {describe_type(arguments[1])}"
    if origin is tuple:
        return f"a list [a,b,...] with each item {describe_type(arguments[0])}"
    return NOUNS[hint]


def describe_bounds(meta: msgspec.Meta, value: Any) -> str:
    """Describe the limits in `meta` after a leading space, such as ` from 1 to 16` or ` that is not empty`.

    Return "" if there are no limits. A range of WIDE_RANGE or more is described by one bound only: the upper bound if
    the refused value `value` reaches it, else the lower bound. If `meta.description` is given, it is used instead.
    """
    if meta.description is not None:
        return f" {meta.description}"
    if meta.min_length is not None:
        return " that is not empty"
    lower = [(sign, limit) for sign, limit in ((">=", meta.ge), (">", meta.gt)) if limit is not None]
    upper = [(sign, limit) for sign, limit in (("<=", meta.le), ("<", meta.lt)) if limit is not None]
    if lower and upper and upper[0][1] - lower[0][1] >= WIDE_RANGE:
        is_above = isinstance(value, int | float) and value >= upper[0][1]
        lower, upper = ([], upper) if is_above else (lower, [])
    if meta.ge is not None and meta.le is not None and lower and upper:
        return f" from {_format_limit(meta.ge)} to {_format_limit(meta.le)}"
    bounds = [f"{sign} {_format_limit(limit)}" for sign, limit in (*lower, *upper)]
    return " " + " and ".join(bounds) if bounds else ""


def _format_limit(limit: float) -> str:
    return str(int(limit)) if limit == int(limit) else f"{limit:g}"
