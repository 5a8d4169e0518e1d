"""A configuration as the words that would ask for it again: settings in, `model=logistic window.eval_end=...` out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from breakout.conf_tree import conf_dir, group_options, groups_of
from breakout.settings.composition import compose
from breakout.settings.saved import to_mapping

# These compose the other groups, and leave nothing of their own behind.
NOT_A_GROUP_OF_SETTINGS = {"experiment", "sweep", "debug"}
PLAIN_TEXT = re.compile(r"[A-Za-z_./][\w./-]*|\d{4}-\d\d-\d\d")
RESERVED = {"true", "false", "null", "nan", "inf", "yes", "no", "on", "off"}


def words_for(command: str, config: Any) -> list[str]:
    """The shortest list of words found that makes `breakout COMMAND WORDS` run with this configuration."""
    root = (conf_dir() / f"{command}.yaml").read_text(encoding="utf-8")
    wanted = _as_json(to_mapping(config))
    required = re.findall(r"^(\w+): \?\?\?", root, flags=re.MULTILINE)
    given = [f"{key}={typed(wanted[key])}" for key in required]
    nearest = {group: _nearest(group, wanted[group]) for group in _groups(command)}
    chosen = [f"{group}={option}" for group, option in nearest.items() if option and f"- {group}: {option}" not in root]
    composed = flatten(_as_json(to_mapping(compose(command, [*given, *chosen]))))
    settings = {key: value for key, value in flatten(wanted).items() if composed.get(key) != value}
    return [*given, *chosen, *(f"{key}={typed(value)}" for key, value in settings.items() if key not in required)]


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings under dotted keys, as they are typed; lists stay whole."""
    flat: dict[str, Any] = {}
    for name, value in mapping.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat


def _groups(command: str) -> list[str]:
    return [group for group in groups_of(command) if group not in NOT_A_GROUP_OF_SETTINGS]


def _nearest(group: str, wanted: Mapping[str, Any]) -> str | None:
    """The option of the right kind with the most values in common."""
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
    """Dates as text, tuples as lists: the same value is then equal wherever it was read."""
    return cast("dict[str, Any]", json.loads(json.dumps(mapping, default=str)))


def typed(value: Any) -> str:
    """A value in the grammar of Hydra's command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{','.join(map(typed, value))}]"
    if not isinstance(value, str):
        return str(value)
    if PLAIN_TEXT.fullmatch(value) and value.lower() not in RESERVED:
        return value
    quoted = value.replace("'", "\\'")
    return f"'{quoted}'"
