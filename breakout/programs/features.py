"""The command `breakout features`, which prints the features and presets (named lists of features), or a contract.

A contract is the definition of features and label. The command also prints the names that the SQL expression of a
user's own feature may use.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any, NoReturn

from breakout.conf_tree import load_presets
from breakout.errors import ConfigurationError
from breakout.features import windows as w
from breakout.features.own import WINDOW_FUNCTIONS
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.features.sources import window_columns
from breakout.report.terminal.lines import print_entry, print_line, terminal_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.features.feature import Feature

_TABLES = {"played": "player_game_summary", "team_games": "team_offense_game_summary"}


class ArgumentParser(argparse.ArgumentParser):
    """A parser that raises ConfigurationError for wrong arguments; `argparse` itself would end the process."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message}; `breakout features --help` lists what can be typed.")


def main(argv: Sequence[str]) -> int:
    """Print features, presets (named lists of features) and names for SQL expressions; return the exit code.

    The SQL expression of a user's own feature may use these names.

    - `--json` prints the same content as JSON.
    - `--contract` instead prints the contract (the definition of features and label) as JSON.
    - Overrides of `breakout train` add features of the user, or choose the features of the contract.

    ConfigurationError for wrong arguments or overrides, or for a feature of the user that cannot be used.
    """
    parser = ArgumentParser(prog="breakout features", description="List the features, the presets, or the contract.")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument(
        "--contract",
        action="store_true",
        help="print the contract of the shared features, or of those that the overrides choose",
    )
    parser.add_argument(
        "overrides", nargs="*", help="settings of train, as mode=experimental features.definitions=[my_features.yaml]"
    )
    options = parser.parse_args(argv)
    if options.contract:
        _print_contract(options.overrides)
        return 0
    registry = _configure(options.overrides).registry if options.overrides else REGISTRY
    entries = [_entry(feature) for feature in registry.values()]
    if options.json:
        listed = {"features": entries, "presets": load_presets(), "expressions": _load_language()}
        print_line(json.dumps(listed, indent=2))
    else:
        _print_table(entries, load_presets())
        _print_language(_load_language())
    return 0


def _configure(overrides: Sequence[str]) -> BreakoutFeatureConfig:
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.settings.composition import compose

    return BreakoutFeatureConfig.from_settings(compose("train", overrides))  # type: ignore[arg-type]


def _load_language() -> dict[str, Any]:
    """Return the names that the SQL expression of a user's own feature may use.

    - `functions`: a list of window functions.
    - `windows`: the table that each window (a named set of rows) reads.
    - `columns`: a list of columns for each table.
    - `row_columns`: a list of columns of the row's own game.
    """
    return {
        "functions": list(WINDOW_FUNCTIONS),
        "windows": {
            **dict.fromkeys(w.ROW_WINDOWS, "player_game_summary"),
            **{window: _TABLES[relation.source] for window, relation in w.RELATION_OF_WINDOW.items()},
            **dict.fromkeys(w.ROSTER_WINDOWS, "players"),
        },
        "columns": {
            **{table: list(window_columns(source)) for source, table in _TABLES.items()},
            "players": list(w.ROSTER_COLUMNS),
        },
        "row_columns": list(w.ROW_COLUMNS),
    }


def _entry(feature: Feature) -> dict[str, Any]:
    name = feature.name
    mode = "shared" if name in BREAKOUT_FEATURE_ORDER else "experimental"
    return {
        "name": name,
        "mode": mode if name in REGISTRY else "own",
        "group": feature.group,
        "unit": feature.unit,
        "default": feature.default,
        "description": feature.description,
    }


def _print_table(entries: Sequence[Mapping[str, Any]], presets: Mapping[str, Sequence[str]]) -> None:
    # The table is printed without the library rich, because importing it takes 20 ms, a third of this command's time.
    columns = ("name", "mode", "group", "unit", "default", "description")
    rows = [columns, *(tuple(str(entry[column]) for column in columns) for entry in entries)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
    terminal = terminal_width()
    if terminal is not None and max(map(len, lines)) > terminal:
        # The rows are wider than the terminal, which wraps them, so padding would not align their columns.
        lines = ["  ".join(row) for row in rows]
    for line in lines:
        print_entry(line, 4)
    print_line()
    print_entry("presets (mode=experimental features=PRESET; production is the lock of mode=shared)", 2)
    for preset, names in presets.items():
        print_entry(f"  {preset:<12}{len(names)} features: {', '.join(names)}", 14)


def _print_language(language: Mapping[str, Any]) -> None:
    print_line("\nan expression of a feature of your own may use (docs/adding_a_feature.md)")
    print_entry(f"  FUNCTION(column) OVER window, with {', '.join(language['functions'])}", 4)
    for table, columns in language["columns"].items():
        windows = ", ".join(window for window, owner in language["windows"].items() if owner == table)
        print_entry(f"  windows of {table}: {windows}", 4)
        others = "" if table == "players" else ", and any number of the table by its own name"
        print_entry(f"    their columns: {', '.join(columns)}{others}", 6)
    print_entry(f"  of the row's own game: {', '.join(f'row.{column}' for column in language['row_columns'])}", 4)
    print_entry("  the name of another feature (missing where that is missing), or filled.NAME (with its default)", 4)


def _print_contract(overrides: Sequence[str]) -> None:
    from breakout.features.contract import build_contract

    contract = build_contract(_configure(overrides))
    print_line(json.dumps({"fingerprint": contract.fingerprint, **contract.to_dict()}, indent=2))
