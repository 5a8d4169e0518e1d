"""One self-contained HTML file out of a head and sections: style and script inside, nothing fetched, nothing sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from breakout import __version__
from breakout.report.markup import escape

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True)
class Section:
    """A part of a page: its anchor, its heading, the shorter word for the contents, and its HTML."""

    anchor: str
    heading: str
    label: str
    body: str


def render_document(title: str, header: str, sections: Sequence[Section]) -> str:
    """The whole page; sections without a body are left out."""
    filled = [section for section in sections if section.body]
    links = "".join(f'<li><a href="#{section.anchor}">{escape(section.label)}</a></li>' for section in filled)
    return Template(_asset("page.html")).substitute(
        title=escape(title),
        style=_asset("page.css"),
        script=_asset("page.js"),
        header=header,
        contents=f"<ul>{links}</ul>",
        sections="\n".join(map(_section, filled)),
        footer=f"Written by breakout {escape(__version__)}. This file is complete in itself and opens offline.",
    )


def _section(section: Section) -> str:
    heading = f'<h2 id="{section.anchor}">{escape(section.heading)}</h2>'
    return f'<section aria-labelledby="{section.anchor}">{heading}\n{section.body}</section>'


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8").strip()
