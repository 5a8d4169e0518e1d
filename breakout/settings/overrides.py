"""The derivation of overrides, such as `model=logistic window.eval_end=2026-02-05`, from a configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from breakout.conf_tree import conf_dir, group_options, groups_of
from breakout.settings.composition import compose_mapping
from breakout.settings.saved import to_mapping
from breakout.settings.unknown_keys import COMPOSING_GROUPS
from breakout.settings.values import format_value


def overrides_for(command: str, config: Any) -> list[str]:
    """Return a short list of overrides with which `breakout COMMAND OVERRIDES` composes the typed settings `config`.

    For each group, the list has the option that shares the most values with `config`; default options are left out.
    Then come overrides of single keys whose values still differ. Folders of `--config-dir` are not read.
    FileNotFoundError if `command` has no root file in `conf/`.
    """
    root = (conf_dir() / f"{command}.yaml").read_text(encoding="utf-8")
    wanted = _as_json(to_mapping(config))
    required = re.findall(r"^(\w+): \?\?\?", root, flags=re.MULTILINE)
    given = [_override(key, wanted[key]) for key in required]
    groups = [group for group in groups_of(command) if group not in COMPOSING_GROUPS]
    nearest = {group: _nearest_option(group, wanted[group]) for group in groups}
    chosen = [f"{group}={option}" for group, option in nearest.items() if option and f"- {group}: {option}" not in root]
    composed = _by_key(_as_json(compose_mapping(command, [*given, *chosen])))
    changed = {key: value for key, value in _by_key(wanted).items() if composed.get(key) != value}
    return [*given, *chosen, *(_override(key, value) for key, value in changed.items() if key not in required)]


def _override(key: str, value: Any) -> str:
    # `has_interpolations` is true, because `to_mapping` writes references as `${...}` and escapes `${` in other texts.
    return f"{key}={format_value(value, has_interpolations=True)}"


def _by_key(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as one dict with keys such as `model.depth`. The keys have at most two parts.

    A value such as `model.params` stays one value, because Hydra refuses `model.params.C=1` if `model.params` is null.
    """
    values: dict[str, Any] = {}
    for name, value in mapping.items():
        is_group = isinstance(value, Mapping)
        values |= {f"{name}.{key}": inner for key, inner in value.items()} if is_group else {name: value}
    return values


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one dict with dotted keys such as `model.depth`; a list stays one value.

    If a setting such as `model.params` is a dict, its items become keys too. An empty dict has no key in the result.
    `prefix`, which ends with a dot or is empty, is put before each key.
    """
    flat: dict[str, Any] = {}
    for name, value in mapping.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _nearest_option(group: str, wanted: Mapping[str, Any]) -> str | None:
    """Return the option of a group that shares the most values with `wanted`; None if no option shares any.

    Only options with the `kind` and `name` of `wanted` are compared.
    """
    import yaml

    likeness = {}
    for option in group_options(group):
        file = conf_dir() / group / f"{option}.yaml"
        values = _as_json(yaml.safe_load(file.read_text(encoding="utf-8")))
        if values.get("kind") == wanted.get("kind") and values.get("name") == wanted.get("name"):
            likeness[option] = sum(wanted.get(key) == value for key, value in values.items())
    best = max(likeness, key=lambda option: likeness[option], default=None)
    return best if best and likeness[best] else None


def _as_json(mapping: Any) -> dict[str, Any]:
    """Return a mapping with dates as text and tuples as lists, so that it can be compared with values from YAML."""
    return cast("dict[str, Any]", json.loads(json.dumps(mapping, default=str)))
