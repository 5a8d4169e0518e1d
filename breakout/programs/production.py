"""`breakout production`: the model in production and its history.

`rollback` returns to the one before, `retire` leaves none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError
from breakout.production.bundle_gate import check_contract, contract_differences
from breakout.production.registry import Registry
from breakout.report.terminal.lines import print_line
from breakout.report.terminal.production import print_production

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTIONS = ("rollback", "retire")


def main(words: Sequence[str]) -> int:
    """Show or change the registry below paths.outputs; the exit code."""
    actions = [word for word in words if "=" not in word]
    if len(actions) > 1 or any(action not in ACTIONS for action in actions):
        raise ConfigurationError(
            f"cannot read {' '.join(actions)!r}: type `breakout production`, or one of {', '.join(ACTIONS)} after it."
        )
    registry = Registry.of(outputs_folder([word for word in words if "=" in word]))
    if actions == ["rollback"]:
        roll_back(registry)
    elif actions == ["retire"]:
        with registry.lock():
            registry.retire()
    print_production(registry)
    check_current(registry)
    return 0


def roll_back(registry: Registry) -> None:
    """Return to the model before; GateError if its contract is not the installed one, for then nothing could use it."""
    with registry.lock():
        target = registry.rollback_target()
        if target is not None:
            check_contract(registry.load(target))
        registry.rollback()


def check_current(registry: Registry) -> None:
    """Tell if the model in production cannot be used as definitions stand; DataError if its files are damaged."""
    if registry.current() is None:
        return
    differences = contract_differences(registry.current_bundle())
    if differences:
        listed = "".join(f"\n  {difference}" for difference in differences)
        print_line(
            f"warning: its contract is not that of the installed definitions, so every command refuses it:{listed}"
        )


def outputs_folder(overrides: Sequence[str]) -> str:
    """paths.outputs as every other command has it; ConfigurationError for any other setting."""
    from breakout.settings.composition import compose_mapping

    strange = [word for word in overrides if not word.startswith("paths.")]
    if strange:
        raise ConfigurationError(f"cannot read {strange[0]!r}: the only setting here is paths.outputs=DIR.")
    return str(compose_mapping("promote", overrides)["paths"]["outputs"])
