"""Tests of the direction of imports between rooms: packages and modules directly below `breakout/`.

A room may import from itself and from rooms above it in the table `ROOMS`, never from rooms below it. To add a room,
add its line as high in the table as its own imports allow.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from breakout.cli.commands import TABLE

PACKAGE = Path(__file__).parent.parent / "breakout"

# The content of each room, in the order of imports.
ROOMS = {
    "__init__": "the version, and the Python interface by name",
    "errors": "what a user can meet, with exit codes",
    "safe_text": "text without secrets and without what a terminal or a spreadsheet executes",
    "threads": "one thread for linear algebra",
    "artifacts": "files that appear whole or not at all",
    "conf_tree": "the folder of configuration files",
    "settings": "overrides and YAML files to typed settings; only this room and cli import Hydra",
    "warehouse": "source tables behind one query method",
    "box_scores": "source tables made from public box scores, schedules and injury reports",
    "features": "the registry, the one query, the contract",
    "dataset": "rows for a model",
    "coverage": "the games that a warehouse holds or lacks for requested rows",
    "split": "dates to train, validate and evaluate on",
    "models": "the kinds of models",
    "calibration": "the calibration of probabilities",
    "evaluation": "metrics with intervals, from labels and probabilities alone",
    "market": "prices beside predicted distributions of points: quotes, probabilities, bets, backtests",
    "leaderboard_files": "the ranked jobs of a sweep, and the file that holds them",
    "proof": "the audit: proof that no feature sees the future",
    "bundle": "a saved model with all it needs",
    "runs": "the folder of a run: its creation, its status, the reader of its files, and the listing of all runs",
    "experiment": "one experiment: plan, fit, evaluation, metrics",
    "production": "the use of bundles after training: later games, slates, promotion, the registry",
    "ledger": "predictions kept before their games, their outcomes, and the scores of the models that made them",
    "rerun": "a second run with the settings of a run",
    "report": "pages and terminal output, from computed figures",
    "tracking": "the registration of runs with MLflow or BigQuery",
    "training": "one run of the main job, from its plan to its folder",
    "notebook": "features, fits, predictions, evaluations, tables and charts, for notebooks and scripts",
    "sweeps": "many runs of the main job",
    "programs": "one module for each command, imported when the command runs",
    "cli": "the command line: arguments to a program",
    "__main__": "python -m breakout",
}
# A module outside `programs` that is run as a program: it prints the feature query for BigQuery's console.
OWN_PROGRAMS = {"breakout.features.console"}
# `breakout/__init__.py` imports from every room, but only when a name of the Python interface is first used.
LAZY = {"breakout"}

KNOWS_HYDRA = {"settings", "cli"}
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "process", "handle", "manager", "data2"}


@cache
def modules() -> dict[str, Path]:
    """Return the path of every module by its full name; `a/__init__.py` has the name of the package `a`."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("breakout", *path.relative_to(PACKAGE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """Return every module that a module imports anywhere in its text, also for type checking alone."""
    found = set()
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            source = str(node.module)
            # `from breakout import settings` imports a module, `from breakout import __version__` only the package.
            found |= {name if (name := f"{source}.{alias.name}") in modules() else source for alias in node.names}
    return frozenset(found)


def own_imports(module: str) -> list[str]:
    return sorted(name for name in imports(module) if name.split(".")[0] == "breakout")


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def test_every_module_has_a_room_and_every_room_a_module() -> None:
    assert {room(module) for module in modules()} == set(ROOMS)


@pytest.mark.parametrize("module", sorted(set(modules()) - OWN_PROGRAMS - LAZY))
def test_imports_go_one_way(module: str) -> None:
    order = list(ROOMS)
    place = order.index(room(module))
    assert [name for name in own_imports(module) if order.index(room(name)) > place] == []


def test_nothing_imports_a_program() -> None:
    programs = {command.module for command in TABLE} | OWN_PROGRAMS
    found = {
        (module, name) for module in modules() for name in own_imports(module) if name in programs and name != module
    }
    assert found == set()


def test_only_settings_and_the_command_line_import_hydra() -> None:
    libraries = {"hydra", "omegaconf"}
    found = {
        module
        for module in modules()
        if room(module) not in KNOWS_HYDRA and libraries & {name.split(".")[0] for name in imports(module)}
    }
    assert found == set()


def test_no_room_is_a_drawer_for_everything() -> None:
    assert {module for module in modules() if set(module.split(".")) & NO_NAMES} == set()


@pytest.mark.parametrize("module", modules())
def test_a_module_says_in_its_first_lines_what_it_is_for(module: str) -> None:
    docstring = ast.get_docstring(ast.parse(modules()[module].read_text(encoding="utf-8")))
    assert docstring
    assert len(docstring) > 20
