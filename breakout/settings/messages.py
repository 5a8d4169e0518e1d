"""Messages about refused settings: what is wrong, and the key or value that was probably meant."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from breakout.errors import nearest_name
from breakout.settings.schema import base_of, known_keys, literal_options
from breakout.settings.values import describe_value, format_value
from breakout.settings.versions import RENAMED_KEYS

# Groups whose YAML files set keys of other groups and of the root.
COMPOSING_GROUPS = ("experiment", "sweep", "debug", "local")
# The override that chooses a kind, where it is not GROUP=KIND.
CHOICES = {
    ("window", "dates"): "window=january (or another window of dates)",
    ("window", "trailing"): "window=trailing",
    ("window", "walk_forward"): "window=walk_forward",
}
# Groups whose values a bundle holds, so that a command that reads a bundle cannot set them.
GROUPS_OF_A_BUNDLE = ("mode", "features", "target", "window", "model", "validation", "calibration")
NOUNS: dict[Any, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "text",
    date: "a date such as 2026-01-31",
}
WIDE_RANGE = 50  # for a wider range of numbers a message names one bound, the upper one if the value reaches it


def describe_choice(group: str, kind: str) -> str:
    """Return the override that chooses a kind: `window=trailing`."""
    return CHOICES.get((group, kind), f"{group}={kind}")


def describe_wrong_value(hint: Any, value: Any, key: str) -> str:
    """Return a message such as `model.depth must be an integer from 1 to 16, got 0.`, with what was probably meant."""
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
    """Return the value that was probably meant, as it is typed; None if no allowed value is similar.

    It is the most similar option. For a list it is the given items in brackets; if only some options are allowed, each
    item is replaced by the most similar option.
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

    A wide range is described by one bound: the upper one if `value` reaches it, otherwise the lower one.
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


def describe_bounds(meta: msgspec.Meta, value: Any = None) -> str:
    """Describe the constraint of a type, such as ` from 1 to 16`."""
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


def describe_unknown_key(root: type, key: str, command: str = "", also: Sequence[str] = ()) -> str:
    """Describe why a key cannot be set, and what to type instead.

    `also` are further names, beside the keys of `root`, that the user may have meant.
    """
    known = known_keys(root)
    if RENAMED_KEYS.get(key) in known:
        return f"{key} is called {RENAMED_KEYS[key]} now: write that."
    group, _, name = key.partition(".")
    if group in COMPOSING_GROUPS and (group not in known or name.partition(".")[0] in {*known, "hydra"}):
        return f"{key} is no key: the file that {group}= chose must begin with the line `# @package _global_`."
    if known.get(key):
        owners = " or ".join(describe_choice(group, kind) for kind in known[key])
        return f"{key} belongs to {owners}, not to the {group} chosen here: choose that, or leave it out."
    where = f" of `breakout {command}`" if command else ""
    if {"bundle", "candidate"} & known.keys() and group in GROUPS_OF_A_BUNDLE:
        dates = "start= and end=" if "start" in known else "date="
        remedy = f"choose games with {dates}" if group == "window" else "train another to change it"
        return f"unknown key {key}{where}: a bundle brings its own {group}; {remedy}."
    guess = nearest_key(key, [*(k for k in known if not k.endswith(".kind")), *also])
    if guess:
        return f"unknown key {key}{where}: did you mean {guess}?"
    groups = ", ".join(name for name in known if "." not in name)
    return f"unknown key {key}{where}; it knows {groups}."


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """Return the known dotted key most similar to this one, or to its last part: `depth` finds `model.depth`.

    None if no known key is similar.
    """
    wanted = key.replace("-", "_").replace("/", ".").lower()

    def likeness(candidate: str) -> float:
        whole = _likeness(wanted, candidate.lower())
        last = _likeness(wanted.rpartition(".")[2], candidate.lower().rpartition(".")[2])
        # The right name in another group is a better guess than a similar one in the same group.
        return max(whole, 0.95 * last)

    best = max(known, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.7 else None


def _likeness(name: str, other: str) -> float:
    """Return the similarity of two names: 1 if they are equal, 0.95 if their letters are in another order.

    For other names it is `SequenceMatcher.ratio`, from 0 to 1.
    """
    if name != other and sorted(name) == sorted(other):
        return 0.95
    return difflib.SequenceMatcher(None, name, other).ratio()
