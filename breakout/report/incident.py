"""The incident's demonstration on the terminal: its `incident.json` in, two tables out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from breakout.artifacts import load_json
from breakout.report.terminal.console import console

if TYPE_CHECKING:
    from pathlib import Path

    from rich.status import Status


def working() -> Status:
    """A sign that the program is at work, on a terminal."""
    return console().status("scoring and auditing each path")


def show_incident(folder: Path) -> None:
    """Each path's AUC beside the consistent one's, what the guards say to it, and where the files are."""
    out = console()
    record = load_json(folder / "incident.json")
    out.print(_score_table(record))
    out.print(_guard_table(record))
    out.print(f"run: {folder}", soft_wrap=True)


def _score_table(record: dict[str, Any]) -> Table:
    seeds, window = record["seeds"], record["window"]
    title = (
        f"the same games through other definitions: trained on {window['train']}, evaluated on {window['evaluation']}\n"
        f"mean AUC of {len(seeds)} seeds, {record['confidence']:.0%} intervals resample game dates"
    )
    table = Table("path", "what is different", "AUC", "sd", "minus consistent", title=title, title_justify="left")
    for path in record["paths"]:
        spread = "-" if path["auc"]["sd"] is None else f"{path['auc']['sd']:.3f}"
        auc = _interval(path["auc"]["estimate"], path["auc"])
        difference = path["minus_consistent"]
        minus = "-" if difference is None else _interval(difference["estimate"], difference, "+")
        table.add_row(path["name"], path["description"], auc, spread, minus)
    return table


def _interval(estimate: float, interval: dict[str, Any], sign: str = "") -> str:
    told = f"{estimate:{sign}.3f}"
    return told if interval["low"] is None else f"{told} ({interval['low']:{sign}.3f} to {interval['high']:{sign}.3f})"


def _guard_table(record: dict[str, Any]) -> Table:
    """One row a guard that spoke; what it says to the consistent path too is not said again."""
    title = "what the guards say, beyond what they say to the consistent path"
    table = Table("path", "guard", "what it says", title=title, title_justify="left", show_lines=True)
    usual = record["paths"][0]["guards"]
    for path in record["paths"]:
        is_usual = path is record["paths"][0]
        new = {
            guard: [word for word in words if is_usual or word not in usual[guard]]
            for guard, words in path["guards"].items()
        }
        spoke = {guard: words for guard, words in new.items() if words}
        for guard, words in spoke.items():
            table.add_row(path["name"], guard, Text("\n".join(words)))
        if not spoke:
            table.add_row(path["name"], "-", "nothing")
    return table
