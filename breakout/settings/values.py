"""The conversion of setting values to text, for overrides and for messages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

_PLAIN_TEXT = re.compile(r"[A-Za-z_./][\w./-]*|\d{4}-\d\d-\d\d", re.ASCII)
_BEFORE_INTERPOLATION = re.compile(r"(\\*)\$\{")
_BEFORE_QUOTE = re.compile(r"(\\*)('|$)")
_SPECIAL = re.compile(r"[\\()\[\]{}:=,\s]")
_RESERVED = {"true", "false", "null", "nan", "inf", "yes", "no", "on", "off"}


def format_value(value: Any, *, has_interpolations: bool = False) -> str:
    """Return a value in the grammar of Hydra's overrides: true, null, [1,2], {a:1}; text is quoted if necessary.

    If `has_interpolations` is true, `${` in a text begins an interpolation and is kept; otherwise it is escaped.
    """
    if isinstance(value, str):
        is_plain = _PLAIN_TEXT.fullmatch(value) and value.lower() not in _RESERVED
        return value if is_plain else _quote(value, has_interpolations=has_interpolations)
    if isinstance(value, Mapping):
        items = {key: format_value(item, has_interpolations=has_interpolations) for key, item in value.items()}
        return "{" + ",".join(f"{_escape(key)}:{item}" for key, item in items.items()) + "}"
    if isinstance(value, list | tuple):
        return f"[{','.join(format_value(item, has_interpolations=has_interpolations) for item in value)}]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quote(text: str, *, has_interpolations: bool) -> str:
    # In quoted text of Hydra's overrides, a backslash must be doubled only before a quote, `${` or the end of the text;
    # elsewhere it is literal. `${` is escaped unless it begins an interpolation.
    literal = text if has_interpolations else _BEFORE_INTERPOLATION.sub(lambda found: found[1] * 2 + "\\${", text)
    escaped = _BEFORE_QUOTE.sub(lambda found: found[1] * 2 + ("\\'" if found[2] else ""), literal)
    return f"'{escaped}'"


def _escape(key: Any) -> str:
    return _SPECIAL.sub(r"\\\g<0>", str(key))


def quote_for_shell(override: str) -> str:
    """Return an override quoted for a shell.

    Hydra's quotes are single quotes. An override with such quotes is put into double quotes, which are easier to read,
    unless a shell would interpret one of its characters there.
    """
    if "'" in override and not set(override) & set('"$`\\!'):
        return f'"{override}"'
    return shlex.quote(override)


def describe_value(value: Any) -> str:
    """Return a value as messages show it, with quotes around text, so that the text 'true' and true differ."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {describe_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(describe_value, value)) + "]"
    return repr(value) if isinstance(value, str) else format_value(value)
