"""The structure of the settings classes: their fields, the kinds of a group, and every dotted key.

A group such as `model` can have several kinds, each with its own settings class; the field `kind` selects the class.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal


@cache
def type_hints(cls: type) -> dict[str, Any]:
    """Return the types of the fields of a settings class by name, without the field `references`."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return {name: hint for name, hint in hints.items() if name != "references"}


def dataclasses_of(hint: Any) -> tuple[type, ...]:
    """Return the settings classes in a field's type: all classes of a group, () for a plain value."""
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return tuple(member for member in members if isinstance(member, type) and dataclasses.is_dataclass(member))


def kind_of(cls: type) -> str:
    """Return the value of `kind` that selects this class in its group, or "" for a group of one class."""
    options = typing.get_args(type_hints(cls).get("kind"))
    return str(options[0]) if len(options) == 1 else ""


def known_keys(root: type) -> Mapping[str, tuple[str, ...]]:
    """Map every dotted key of a root settings class to the kinds of its group that have the key.

    For example, `model.depth` maps to ("catboost", "blend", "points"). Keys of the root and of groups with a single
    class map to an empty tuple.
    """
    keys: dict[str, tuple[str, ...]] = {}
    for name, hint in type_hints(root).items():
        keys[name] = ()
        for cls in dataclasses_of(hint):
            kind = kind_of(cls)
            for field in type_hints(cls):
                key = f"{name}.{field}"
                keys[key] = (*keys.get(key, ()), *((kind,) if kind else ()))
    return keys


def hints_of(root: type, key: str) -> list[Any]:
    """Return the types of the dotted key `key` of the settings class `root`; [] for an unknown key.

    A group such as `model` may have one of several classes. Each class with the key contributes a type.
    """
    group, _, name = key.partition(".")
    hint = type_hints(root).get(group)
    if not name:
        return [] if hint is None else [hint]
    return [type_hints(cls)[name] for cls in dataclasses_of(hint) if name in type_hints(cls)]


def base_of(hint: Any) -> Any:
    """Return a type without `Annotated` and `| None`: int for `Annotated[int, ...] | None`."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return base_of(next(member for member in typing.get_args(hint) if member is not type(None)))
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def literal_options(hint: Any) -> tuple[Any, ...]:
    """Return the values that `Literal[...]` or the items of `tuple[Literal[...], ...]` may have.

    `Annotated` and `| None` around the type are ignored. The result is empty for any other type.
    """
    base = base_of(hint)
    if typing.get_origin(base) is tuple:
        return literal_options(typing.get_args(base)[0])
    return typing.get_args(base) if typing.get_origin(base) is Literal else ()
