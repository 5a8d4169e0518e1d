"""`breakout promote`: the gate, and behind it the registry of the model in production."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout.errors import GateError
from breakout.production.bundle_gate import find_bundle
from breakout.production.promotion import check_candidate
from breakout.production.registry import Registry
from breakout.report.terminal.lines import print_line
from breakout.report.terminal.production import print_checks, print_promotion
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.bundle import Bundle
    from breakout.production.promotion import Check
    from breakout.settings import PromoteConfig


def run(config: PromoteConfig) -> int:
    """Ask the gate and switch production; the exit code. GateError at one "no", and nothing has changed.

    The registry is locked for the whole of it: a second promotion waits, and is then held against the first's model.
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
    """Every check of the candidate against the model that is in production now."""
    current = registry.current()
    production = registry.load(current) if current else None
    warehouse = open_for(config, "promote")
    try:
        return check_candidate(candidate, production, warehouse, config, Path(config.paths.outputs))
    finally:
        warehouse.close()


def grounds(candidate: Bundle, checks: tuple[Check, ...]) -> dict[str, Any]:
    """What the history keeps of a promotion."""
    manifest = candidate.manifest
    return {
        "name": manifest["name"],
        "run_id": manifest["run_id"],
        "contract": candidate.contract.fingerprint,
        "train": manifest["windows"]["train"],
        "checks": [asdict(check) for check in checks],
    }
