"""A matplotlib figure as inline SVG whose colours are the page's own, so that one drawing serves light, dark and paper.

matplotlib knows no CSS: it draws in stand-in colours, which are replaced by the variables of `assets/page.css`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from breakout.report.markup import escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Near-black stand-ins that no palette uses, each for one variable of the style sheet.
INK, MUTED, LINE, PAPER = "#010101", "#020202", "#030303", "#040404"
BLUE, ORANGE, GREEN, GREY = "#050505", "#060606", "#070707", "#080808"
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    LINE: "line",
    PAPER: "paper",
    BLUE: "blue",
    ORANGE: "orange",
    GREEN: "green",
    GREY: "grey",
}
# Inches. Small on purpose: the drawing is scaled to its column, so this size is about that of a phone.
SIZE = (4.6, 3.3)
STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it scales, is found by search and read aloud
    "svg.hashsalt": "breakout",
    "font.size": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.constrained_layout.use": True,
}


def draw_svg(name: str, alt: str, draw: Callable[[Axes], None], size: tuple[float, float] = SIZE) -> str:
    """What `draw` puts on the axes, as an SVG element; `name` is unique on its page, `alt` says what is to be seen."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        canvas = Figure(figsize=size)
        draw(canvas.add_subplot())
        written = io.StringIO()
        canvas.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _inline(written.getvalue(), name, alt)


def _inline(svg: str, name: str, alt: str) -> str:
    """The element alone, of its column's width, with ids of its own and the page's colours."""
    start = svg.index("<svg")
    head, body = svg[start:].split(">", 1)
    view = re.search(r'viewBox="[^"]+"', head)
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'id="', f'id="{name}-', body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", body)
    for stand_in, variable in VARIABLES.items():
        body = body.replace(stand_in, f"var(--{variable})")
    box = view.group() if view else ""
    return (
        f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" role="img" {box} '
        f'id="plot-{name}" aria-label="{escape(alt)}"><title>{escape(alt)}</title>{body.strip()}'
    )
