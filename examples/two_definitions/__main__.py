"""The command: `python -m examples.two_definitions [OVERRIDES]`; see README.md beside this file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import cast

from rich.console import Console

from breakout.errors import BreakoutError
from breakout.experiment.plan import open_plan
from breakout.settings import ExperimentConfig
from breakout.settings.composition import compose
from examples.two_definitions.comparing import compare_definitions
from examples.two_definitions.tables import guard_table, score_table

# The seed alone changes the AUC by 0.01, more than the smallest effect shown, so the AUC is the mean over 8 seeds.
DEFAULTS = ("window=january", "evaluation.seeds=8")


def main(overrides: Sequence[str]) -> int:
    """Compare the definitions in one experiment and print the tables; return the exit code."""
    try:
        config = cast("ExperimentConfig", compose("train", (*DEFAULTS, *overrides)))
        with open_plan(config) as plan:
            compared = list(compare_definitions(plan))
    except BreakoutError as error:
        print(f"two_definitions: {error}", file=sys.stderr)
        return error.exit_code
    console = Console()
    console.print(score_table(plan, compared))
    console.print(guard_table(compared))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
