"""`breakout features`: every feature and preset as a table or JSON, or the contract of the features a run would use."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any, NoReturn

from breakout.conf_tree import conf_dir, group_options
from breakout.errors import ConfigurationError
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.report.terminal.lines import print_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class ArgumentParser(argparse.ArgumentParser):
    """A parser that raises its usage errors as ConfigurationError, as every other command does."""

    def error(self, message: str) -> NoReturn:
        raise ConfigurationError(f"{message}; `breakout features --help` lists what can be typed.")


def main(argv: Sequence[str]) -> int:
    """Print features and presets, or the contract; return the exit code."""
    parser = ArgumentParser(prog="breakout features", description="List the features, the presets, or the contract.")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument(
        "--contract",
        action="store_true",
        help="print the contract of the shared features, or of those that the overrides choose",
    )
    parser.add_argument(
        "overrides", nargs="*", help="with --contract: settings of train, as mode=experimental features=all"
    )
    options = parser.parse_args(argv)
    if options.overrides and not options.contract:
        parser.error(f"{' '.join(options.overrides)}: settings are read with --contract only")
    if options.contract:
        _print_contract(options.overrides)
    elif options.json:
        print_line(json.dumps({"features": [_entry(name) for name in REGISTRY], "presets": _load_presets()}, indent=2))
    else:
        _print_table(_load_presets())
    return 0


def _load_presets() -> dict[str, list[str]]:
    """Return the feature lists of `conf/features/` by the name that `features=` takes."""
    import yaml

    folder = conf_dir() / "features"
    return {name: yaml.safe_load((folder / f"{name}.yaml").read_text())["names"] for name in group_options("features")}


def _entry(name: str) -> dict[str, Any]:
    feature = REGISTRY[name]
    return {
        "name": name,
        "mode": "shared" if name in BREAKOUT_FEATURE_ORDER else "experimental",
        "group": feature.group,
        "unit": feature.unit,
        "default": feature.default,
        "description": feature.description,
    }


def _print_table(presets: Mapping[str, Sequence[str]]) -> None:
    # The columns are printed without rich, because importing it takes 20 ms, a third of the time of this command.
    columns = ("name", "mode", "group", "unit", "default", "description")
    rows = [columns, *(tuple(str(_entry(name)[column]) for column in columns) for name in REGISTRY)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns) - 1)]
    for row in rows:
        print_line("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]))
    print_line("\npresets (mode=experimental features=PRESET; production is the lock of mode=shared)")
    for preset, names in presets.items():
        print_line(f"  {preset:<12}{len(names)} features: {', '.join(names)}")


def _print_contract(overrides: Sequence[str]) -> None:
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.features.contract import build_contract
    from breakout.settings.composition import compose

    config = compose("train", overrides)
    contract = build_contract(BreakoutFeatureConfig.from_settings(config))  # type: ignore[arg-type]
    print_line(json.dumps({"fingerprint": contract.fingerprint, **contract.to_dict()}, indent=2))
