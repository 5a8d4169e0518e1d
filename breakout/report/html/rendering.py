"""The Jinja2 environment of all pages.

Inserted texts are escaped, control characters are removed, and secrets in URLs are masked. An undefined name in a
template is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from breakout import __version__
from breakout.evaluation.formatting import format_count, format_interval, format_number, format_range, true_minus
from breakout.report.tables import UNDEFINED
from breakout.safe_text import printable

TEMPLATES = Path(__file__).parent / "templates"


def render_page(template: str, **values: Any) -> str:
    """Return the text of a template with `values` inserted; `template` is the name of its file.

    jinja2.TemplateNotFound if there is no such file; jinja2.UndefinedError if the template uses an undefined name.
    """
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
        "interval": lambda interval: true_minus(format_interval(interval)),
        "range": lambda interval: true_minus(format_range(interval)),
        "number": _format_number,
        "count": format_count,
        "true_minus": true_minus,
    }
    environment.filters |= filters
    environment.globals["version"] = __version__
    return environment


def _format_number(value: float | None, pattern: str = ".3f") -> str:
    return true_minus(format_number(value, pattern, UNDEFINED))


def _plain(value: Any) -> Any:
    """Remove control characters from a text and mask secrets in URLs; return `Markup` and other types unchanged."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
