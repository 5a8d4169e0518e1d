"""The command `breakout runs`, which lists the finished runs and sweeps below the outputs folder."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import json_ready
from breakout.errors import ConfigurationError, nearest_name
from breakout.report.terminal.lines import print_line
from breakout.runs.listing import SORTS, list_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = ("name", "model", "features", "since", "until", "sort", "top", "paths.outputs")


def main(argv: Sequence[str]) -> int:
    """Print the runs and sweeps that match the filters, as a table or with `--json` as JSON; return the exit code.

    `top=N` limits the rows of the table, not the JSON. ConfigurationError for an unknown key or an invalid value.
    """
    chosen = read_choices([argument for argument in argv if argument != "--json"])
    outputs = chosen.get("paths.outputs", "outputs")
    listing = list_runs(Path(outputs), chosen)
    if "--json" in argv:
        print_line(json.dumps(json_ready(listing), indent=2))
        return 0
    from breakout.report.terminal.run_list import print_listing

    print_listing(listing, int(chosen.get("top", "20")), outputs)
    return 0


def read_choices(arguments: Sequence[str]) -> dict[str, str]:
    """Return the arguments `key=value` as a dict; the last of several arguments with the same key counts.

    ConfigurationError for an argument of another form, an unknown key or an invalid value.
    """
    chosen = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or key not in KEYS:
            guess = nearest_name(key, KEYS)
            meant = f"did you mean {guess}=?" if guess else f"it knows {', '.join(KEYS)}."
            raise ConfigurationError(f"unknown setting {argument} of `breakout runs`: {meant}")
        chosen[key] = value
    if chosen.get("sort", "started") not in SORTS:
        raise ConfigurationError(f"sort={chosen['sort']} is unknown: sort by one of {', '.join(SORTS)}.")
    if not chosen.get("top", "20").isdecimal():
        raise ConfigurationError(f"top must be a whole number such as 20, got {chosen['top']!r}.")
    for key in ("since", "until"):
        try:
            date.fromisoformat(chosen.get(key, "2026-01-31"))
        except ValueError:
            raise ConfigurationError(f"{key} must be a date such as 2026-01-31, got {chosen[key]!r}.") from None
    return chosen
