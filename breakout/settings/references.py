"""References to environment variables in settings, such as `${oc.env:TOKEN}`; no value of a variable is saved.

A mapping of settings contains a reference as text. `resolve_references` replaces the text by the value of the variable.
The typed configuration keeps the text in its field `references`, and `write_references` puts the text back for saving.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from breakout.errors import ConfigurationError

if TYPE_CHECKING:
    from omegaconf import DictConfig

KeyPath = tuple[str | int, ...]
References = tuple[tuple[KeyPath, str], ...]  # (path, text) of each value that refers to an environment variable
RESOLVER = "oc.env"


def resolve_all_but_references(composed: DictConfig) -> dict[str, Any]:
    """Return a composed configuration as dicts and lists, with interpolations resolved, except references.

    A reference is a value that depends on an environment variable, such as `${oc.env:TOKEN}`, and stays as text. If a
    resolved text still contains `${`, it is escaped, so that it is not taken for an interpolation later. A required
    value that is not given stays `???`. OmegaConf's InterpolationResolutionError if an environment variable is not set
    or another interpolation has no value.
    """
    from omegaconf import OmegaConf

    with _environment() as seen:
        resolved = OmegaConf.to_container(composed, resolve=True, throw_on_missing=False)
        references = tuple(_references(composed, seen)) if seen else ()
    return write_references(cast("dict[str, Any]", resolved), references)


def resolve_references(mapping: Mapping[str, Any], *, is_lenient: bool = False) -> tuple[dict[str, Any], References]:
    """Return the mapping with all interpolations resolved, and the path and text of each reference.

    A reference is a value that depends on an environment variable, such as `${oc.env:TOKEN}`. ConfigurationError if a
    variable is not set or another interpolation has no value. If `is_lenient` is true, a reference to a variable that
    is not set stays as text instead.
    """
    if "${" not in json.dumps(mapping, default=str):
        return dict(mapping), ()
    from omegaconf import OmegaConf
    from omegaconf.errors import InterpolationResolutionError

    plain = json.loads(json.dumps(mapping, default=str))  # turns dates, which OmegaConf refuses, into text
    try:
        with _environment(is_lenient=is_lenient) as seen:
            config = OmegaConf.create(plain)
            resolved = OmegaConf.to_container(config, resolve=True, throw_on_missing=False)
            references = tuple(_references(config, seen)) if seen else ()
    except InterpolationResolutionError as error:
        from breakout.settings.composition_errors import describe_interpolation

        raise ConfigurationError(describe_interpolation(error)) from error
    return cast("dict[str, Any]", resolved), references


def write_references(values: dict[str, Any], references: References) -> dict[str, Any]:
    """Return `values` with the text of each reference, such as `${oc.env:TOKEN}`, in place of its value.

    In all other text, `${` is escaped, so that it is not taken for a reference later.
    """
    written = _escaped(values)
    for path, text in references:
        written = _with_value(written, path, text)
    return cast("dict[str, Any]", written)


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_escaped, value))
    return value.replace("${", "\\${") if isinstance(value, str) else value


def _with_value(container: Any, path: KeyPath, value: Any) -> Any:
    if not path:
        return value
    first, rest = path[0], path[1:]
    changed = _with_value(container[first], rest, value)
    if isinstance(container, dict):
        return container | {first: changed}
    return type(container)(changed if index == first else item for index, item in enumerate(container))


def _references(config: DictConfig, seen: list[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the unresolved text of each value that depends on an environment variable.

    `seen` is the list that `_environment` yields, which gets the names of the variables when a value is resolved.
    """
    from omegaconf import OmegaConf

    for path, text in _interpolations(OmegaConf.to_container(config, resolve=False), ()):
        seen.clear()
        node: Any = config
        for part in path:
            node = node[part]
        if seen:
            yield path, text


def _interpolations(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _interpolations(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _interpolations(item, (*path, index))
    elif isinstance(value, str) and "${" in value:
        yield path, value


@contextmanager
def _environment(*, is_lenient: bool = False) -> Iterator[list[str]]:
    """Yield a list that gets the names of the environment variables that OmegaConf reads inside the block.

    If `is_lenient` is true, a variable that is not set has the text of its reference as value.
    """
    from omegaconf import OmegaConf
    from omegaconf.resolvers import oc

    seen: list[str] = []

    def read(name: str, *default: Any) -> Any:
        seen.append(name)
        try:
            return oc.env(name, *default)
        except KeyError:
            if is_lenient:
                return f"${{{RESOLVER}:{name}}}"
            raise

    OmegaConf.register_new_resolver(RESOLVER, read, replace=True)
    try:
        yield seen
    finally:
        OmegaConf.register_new_resolver(RESOLVER, oc.env, replace=True)
