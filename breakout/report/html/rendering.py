"""The Jinja2 environment of all pages: values are escaped, stripped of control characters, and never undefined."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from breakout import __version__
from breakout.control_characters import printable
from breakout.evaluation.formatting import format_count, format_interval, format_number, format_range
from breakout.report.tables import UNDEFINED

TEMPLATES = Path(__file__).parent / "templates"


def render_page(template: str, **values: Any) -> str:
    """Return the page of a template; jinja2.UndefinedError if the template names a value that there is not."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    filters: dict[str, Callable[..., str]] = {
        "interval": format_interval,
        "range": format_range,
        "number": partial(format_number, undefined=UNDEFINED),
        "count": format_count,
    }
    environment.filters |= filters
    environment.globals["version"] = __version__
    return environment


def _plain(value: Any) -> Any:
    """Return text without control characters; markup comes from a template and is left as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
