"""`breakout promote`: the checks of a candidate, and its promotion to production if it passes all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.errors import GateError
from breakout.production.bundle_gate import find_bundle
from breakout.production.promotion import check_candidate
from breakout.production.registry import Check, EventFacts, Registry
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.lines import print_line
from breakout.report.terminal.production import print_checks, print_promotion
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.bundle import Bundle
    from breakout.settings import PromoteConfig


def run(config: PromoteConfig) -> int:
    """Run the checks and put the candidate into production; return the exit code.

    GateError if a check fails; production is unchanged then. The registry stays locked while the checks run, so a
    second promotion waits, and its candidate is compared with the model that the first one put into production.
    """
    candidate = find_bundle(config.candidate)
    registry = Registry.of(config.paths.outputs)
    with registry.lock(on_wait=lambda: print_line("another promotion is running; waiting for it to end", flush=True)):
        checks = ask_gate(config, candidate, registry)
        print_checks(checks)
        refused = [check.name for check in checks if not check.is_passed]
        if refused:
            raise GateError(f"not promoted, production is unchanged: {', '.join(refused)}.")
        event = registry.promote(candidate, grounds(candidate, checks))
    print_promotion(event, registry)
    return 0


def ask_gate(config: PromoteConfig, candidate: Bundle, registry: Registry) -> tuple[Check, ...]:
    """Return the results of all checks of the candidate against the present model in production."""
    current = registry.current()
    production = registry.load(current) if current else None
    with progress_line("promote"), open_for(config, "promote") as warehouse:
        return check_candidate(candidate, production, warehouse, config, Path(config.paths.outputs))


def grounds(candidate: Bundle, checks: tuple[Check, ...]) -> EventFacts:
    """Return the facts about a promotion that the registry's history keeps."""
    manifest = candidate.manifest
    return EventFacts(
        name=manifest.name,
        run_id=manifest.run_id,
        contract=manifest.contract_fingerprint,
        train=manifest.windows.train,
        checks=checks,
    )
