"""Pages of runs and of a sweep in Chromium: offline, light and dark, on a phone, by keyboard, and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.report.conftest import Open, Reported

pytestmark = pytest.mark.browser

NAMES = ["evaluated", "only_trained", "walked_forward", "scored", "swept"]
CURVES = {"roc", "precision-recall", "reliability", "histogram", "months", "lift"}
PLOTS = {
    "evaluated": {"verdict", *CURVES, "importance", "distributions"},
    "only_trained": {"importance"},
    "walked_forward": {"verdict", *CURVES, "importance", "distributions"},
    "scored": {"verdict", *CURVES, "importance", "distributions"},
}
# JavaScript that returns for each element with text: the colour of the text, the background colour behind it, and the
# first 30 characters.
COLOURS = """() => {
  const solid = (colour) => !/^rgba\\(.*, 0\\)$/.test(colour) && colour !== "transparent";
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (solid(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const seen = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = Array.from(node.childNodes).some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || ["SCRIPT", "STYLE", "TITLE", "title", "style"].includes(node.tagName)) continue;
    const style = getComputedStyle(node);
    const colour = node.ownerSVGElement ? style.fill : style.color;
    seen.push([colour, behind(node), node.textContent.trim().slice(0, 30)]);
  }
  return seen;
}"""
# JavaScript that returns for each colour that charts draw data with: the colour, the background colour of the page, and
# the name of the CSS variable.
STROKES = """() => {
  const paper = getComputedStyle(document.body).backgroundColor;
  const names = ["--blue", "--orange", "--grey", "--ink"];
  return names.map((name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    return [getComputedStyle(probe).color, paper, name];
  });
}"""


def luminance(colour: str) -> float:
    """Return the relative luminance by WCAG 2 of a colour given as `rgb(r, g, b)`."""
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio by WCAG 2, from 1 to 21."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def drawn(page: Page) -> set[str]:
    return set(page.eval_on_selector_all("svg[role=img]", "nodes => nodes.map(node => node.dataset.chart)"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_without_a_complaint_or_a_request(name: str, reported: Reported, open_page: Open) -> None:
    opened = open_page(reported[name] / "report.html")
    assert opened.complaints == []
    assert opened.requests == []


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_is_there_with_size_and_words_for_who_cannot_see_it(
    name: str, reported: Reported, open_page: Open
) -> None:
    page = open_page(reported[name] / "report.html").page
    assert drawn(page) >= PLOTS.get(name, set())
    assert drawn(page)
    for plot in page.query_selector_all("svg[role=img]"):
        box = plot.bounding_box()
        assert box is not None
        assert box["width"] > (250 if name in PLOTS else 100), "a sweep's map is as wide as its values are many"
        assert box["height"] > 40
        assert len(plot.get_attribute("aria-label") or "") > 20


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_every_word_stands_out_from_what_lies_behind_it(
    name: str, scheme: str, reported: Reported, open_page: Open
) -> None:
    """Text has a contrast of at least 4.5, lines of charts one of at least 3, as WCAG 2 demands."""
    page = open_page(reported[name] / "report.html", scheme=scheme).page
    faint = [(round(contrast(text, behind), 2), words) for text, behind, words in page.evaluate(COLOURS)]
    assert len(faint) > 50
    assert [entry for entry in faint if entry[0] < 4.5] == []
    assert [name for line, paper, name in page.evaluate(STROKES) if contrast(line, paper) < 3] == []


def test_dark_mode_is_dark(reported: Reported, open_page: Open) -> None:
    page = open_page(reported["evaluated"] / "report.html", scheme="dark").page
    assert luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) < 0.05


def column(page: Page, position: int) -> list[float]:
    cells = page.locator("#importance ~ .scroll table tbody tr").all()
    return [float(row.locator("th, td").nth(position).get_attribute("data-sort") or "nan") for row in cells]


def test_tables_sort_by_keyboard(reported: Reported, open_page: Open) -> None:
    page = open_page(reported["evaluated"] / "report.html").page
    heading = page.locator("#importance ~ .scroll table thead th").nth(1)
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert column(page, 1) == sorted(column(page, 1), reverse=True)
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert column(page, 1) == sorted(column(page, 1))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") is None, "one column at a time is marked as sorted"
    assert column(page, 2) == sorted(column(page, 2), reverse=True)


def test_a_leaderboard_sorts_by_keyboard(reported: Reported, open_page: Open) -> None:
    page = open_page(reported["swept"] / "report.html").page
    heading = page.locator("table.sortable thead th").first
    heading.locator("button").focus()
    for order in (
        ("ascending", "descending") if "num" not in (heading.get_attribute("class") or "") else ("descending",)
    ):
        page.keyboard.press("Enter")
        assert heading.get_attribute("aria-sort") == order


def test_a_sweep_shows_all_of_its_sections(reported: Reported, open_page: Open) -> None:
    page = open_page(reported["swept"] / "report.html").page
    shown = page.eval_on_selector_all("h2", "nodes => nodes.map(node => node.textContent)")
    assert shown == [
        "Leaderboard",
        "Variants over all windows",
        "Depth and iterations",
        "AUC by window",
        "Spread over seeds",
        "Jobs that are not completed",
        "How to read this",
    ]
    assert page.get_by_text("8 of 16 jobs completed, 8 not").is_visible()
    chosen = page.locator("tr.chosen").all_text_contents()
    assert len(chosen) == 2, "one job is named in each window"
    assert page.get_by_text("model.depth must be an integer from 1 to 16, got 0.").count() == 8
    assert page.locator("pre").first.text_content() == f"breakout resume={reported['swept']}"


# JavaScript that returns the text of each cell whose text is wider than the cell, so that it covers the next cell.
SPILLED = """() => Array.from(document.querySelectorAll("tbody th, tbody td")).filter(
  (cell) => cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent)"""


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("name", NAMES)
def test_no_cell_of_a_table_spills_into_the_next(name: str, width: int, reported: Reported, open_page: Open) -> None:
    assert open_page(reported[name] / "report.html", width=width).page.evaluate(SPILLED) == []


def test_a_figure_that_is_undefined_sorts_last_either_way(reported: Reported, open_page: Open) -> None:
    page = open_page(reported["evaluated"] / "report.html").page
    table = page.locator("#thresholds ~ .scroll table").first
    button = table.locator("thead button").nth(1)
    for _ in range(2):
        button.click()
        shown = table.locator("tbody tr td:nth-child(2)").all_text_contents()
        undefined = [text == "\N{EN DASH}" for text in shown]
        assert any(undefined)
        assert undefined == sorted(undefined)


@pytest.mark.parametrize("name", NAMES)
def test_a_phone_scrolls_tables_and_not_the_page(name: str, reported: Reported, open_page: Open) -> None:
    page = open_page(reported[name] / "report.html", width=390).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    smallest = "node => Math.min(...Array.from(node.querySelectorAll('text'), t => t.getBoundingClientRect().height))"
    for plot in page.query_selector_all("svg[role=img]"):
        assert plot.evaluate(smallest) >= 8, "words in a plot stay readable"


def test_paper_is_white_and_shows_what_is_folded(reported: Reported, open_page: Open, tmp_path: Path) -> None:
    page = open_page(reported["evaluated"] / "report.html", scheme="dark").page
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000


def test_words_of_the_user_are_shown_and_never_run(reported: Reported, open_page: Open) -> None:
    page = open_page(reported["evaluated"] / "report.html").page
    assert page.get_by_text("Does <b>it</b> hold & why?").first.is_visible()


def test_ids_are_unique_and_links_lead_somewhere(reported: Reported, open_page: Open) -> None:
    page = open_page(reported["evaluated"] / "report.html").page
    ids = page.eval_on_selector_all("[id]", "nodes => nodes.map(node => node.id)")
    assert len(ids) == len(set(ids))
    links = page.eval_on_selector_all("nav a", "nodes => nodes.map(node => node.getAttribute('href').slice(1))")
    assert set(links) <= set(ids)
