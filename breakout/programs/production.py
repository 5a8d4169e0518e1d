"""The command `breakout production`, which prints the model in production and the history of promotions.

- `rollback` first undoes the last promotion or retirement.
- `retire` first takes the model out of production.
- `out=FILE.html` writes the same content as an HTML page.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import save_text
from breakout.errors import ConfigurationError, nearest_name
from breakout.production.bundle_gate import check_contract, contract_differences
from breakout.production.registry import Registry
from breakout.programs.arguments import compose_allowed
from breakout.report.terminal.lines import print_line
from breakout.report.terminal.production import print_production

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS = ("rollback", "retire")


def main(arguments: Sequence[str]) -> int:
    """Roll back or retire if the arguments say so, then print the registry, and return the exit code.

    The registry holds the model in production and its history. With `out=FILE.html`, the registry is also written as an
    HTML page.

    - ConfigurationError for unknown arguments, or if there is nothing to roll back or to retire.
    - GateError if a rollback would bring back a model whose definitions of features or label differ from the installed
      ones.
    - DataError if the registry or the model in production is damaged, or if a file cannot be written.
    """
    actions = [argument for argument in arguments if "=" not in argument]
    if len(actions) > 1 or any(action not in ACTIONS for action in actions):
        guess = nearest_name(actions[0], ACTIONS) if len(actions) == 1 else None
        meant = f"did you mean {guess}? Type" if guess else "type"
        raise ConfigurationError(
            f"cannot read {' '.join(actions)!r}: {meant} `breakout production`, "
            f"or one of {', '.join(ACTIONS)} after it."
        )
    pages, overrides = split_out([argument for argument in arguments if "=" in argument])
    known = "the settings here are out=FILE.html, paths.outputs=DIR and promote.reason=TEXT"
    settings = compose_allowed("promote", overrides, ("paths.", "promote.reason="), known)
    registry, reason = Registry.of(str(settings["paths"]["outputs"])), str(settings["promote"]["reason"])
    if actions == ["rollback"]:
        roll_back(registry, reason)
    elif actions == ["retire"]:
        with registry.lock():
            registry.retire(reason)
    print_production(registry)
    check_current(registry)
    for page in pages:
        from breakout.report.html.pages import render_production

        save_text(render_production(registry), page)
        print_line(f"page: {page}")
    return 0


def split_out(overrides: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the path in `out=FILE.html` as a list of at most one path, and the other overrides.

    The last of several paths counts. ConfigurationError if the path does not end with .html.
    """
    pages = [Path(override.removeprefix("out=")) for override in overrides if override.startswith("out=")][-1:]
    for page in pages:
        if page.suffix.lower() != ".html":
            raise ConfigurationError(f"out must name a .html file, got {str(page)!r}.")
    return pages, [override for override in overrides if not override.startswith("out=")]


def roll_back(registry: Registry, reason: str) -> None:
    """Undo the last promotion or retirement that is not undone yet, and keep `reason` in the history.

    - GateError if the model that would come back has definitions of features or label that differ from the installed
      ones. Commands would refuse this model.
    - ConfigurationError if there is nothing to undo.
    - DataError if the registry or the model is damaged.
    """
    with registry.lock():
        target = registry.rollback_target()
        if target is not None:
            check_contract(registry.load(target))
        registry.rollback(reason)


def check_current(registry: Registry) -> None:
    """Print a warning if the production model's definitions of features or label differ from the installed ones.

    DataError if the registry or the files of the model are damaged.
    """
    if registry.current() is None:
        return
    differences = contract_differences(registry.current_bundle())
    if differences:
        listed = "".join(f"\n  {difference}" for difference in differences)
        print_line(f"warning: its contract is not that of the installed definitions, so commands refuse it:{listed}")
