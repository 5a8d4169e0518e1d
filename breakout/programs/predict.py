"""`breakout predict`: the slate of one day, ranked by a saved bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.coverage import absent_game_warnings, find_absent_games
from breakout.errors import ConfigurationError
from breakout.production.bundle_gate import open_bundle
from breakout.production.slate import build_slate
from breakout.production.slate_output import check_out, write_slate
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.plans import print_warnings
from breakout.report.terminal.slate import print_slate
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.bundle import Bundle
    from breakout.settings import PredictConfig


def run(config: PredictConfig) -> int:
    """Build, print and write the slate; return the exit code.

    GateError if the bundle's contract is not the installed one.
    """
    check_out(config.out, config.warehouse)
    bundle = open_bundle(config.bundle)
    check_day(bundle, config)
    with progress_line("predict"), open_for(config, "predict") as warehouse:
        slate = build_slate(bundle, warehouse, config.date, config.max_days_since_game)
        absent = find_absent_games(warehouse, bundle.features, config.date, config.date)
    written = write_slate(slate, config.out, config.warehouse) if config.out else []
    print_slate(slate, bundle, written)
    print_warnings(absent_game_warnings(absent))
    return 0


def check_day(bundle: Bundle, config: PredictConfig) -> None:
    """Raise ConfigurationError if the configured date is within the bundle's training window or before it."""
    if config.date <= bundle.train_end:
        raise ConfigurationError(
            f"date={config.date} lies in what the bundle has learned from: its training ends on {bundle.train_end}. "
            "Give a later date, or a bundle trained earlier."
        )
