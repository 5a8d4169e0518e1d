"""The command `breakout promote`, which puts a candidate model into production if it fails no check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.errors import GateError
from breakout.production.bundle_gate import find_bundle
from breakout.production.bundle_names import resolve_bundle
from breakout.production.promotion import Decision, check_candidate
from breakout.production.recipe import recipe_digest
from breakout.production.registry import EventFacts, Registry
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.lines import print_line
from breakout.report.terminal.production import print_decision, print_promotion
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.bundle.folder import Bundle
    from breakout.settings import PromoteConfig


def run(config: PromoteConfig) -> int:
    """Run the checks of the candidate model and put it into production; return the exit code.

    The registry is locked during the checks. A second promotion therefore waits, and compares its candidate with the
    model that the first promotion put into production.

    - GateError if a check fails; the model in production is then unchanged.
    - ConfigurationError for invalid settings, such as dates that overlap a training window.
    - DataError if a bundle (a saved model), the registry, the warehouse or the ledger (the record of served
      predictions) is missing or damaged.
    """
    candidate = find_bundle(resolve_bundle(config.candidate, config.paths.outputs))
    registry = Registry.of(config.paths.outputs)
    with registry.lock(on_wait=lambda: print_line("another promotion is running; waiting for it to end", flush=True)):
        decision = ask_gate(config, candidate, registry)
        print_decision(decision)
        if decision.refused:
            raise GateError(f"not promoted, production is unchanged: {', '.join(decision.refused)}.")
        event = registry.promote(candidate, build_facts(candidate, decision, config.promote.reason))
    print_promotion(event, registry)
    return 0


def ask_gate(config: PromoteConfig, candidate: Bundle, registry: Registry) -> Decision:
    """Return the results of all checks of the candidate against the model in production.

    A failed check raises no error. With `promote.evidence=ledger`, the candidate's predictions in the ledger (the
    record of served predictions) are checked too. The checks of the ledger are not run in two cases:

    - the candidate's features are not the fixed list of mode=shared;
    - the candidate's definitions of features or label differ from the installed ones.

    ConfigurationError for invalid settings, such as dates that overlap a training window. DataError if the registry,
    the model in production, the warehouse or the ledger is missing or damaged.
    """
    with progress_line("promote"), open_for(config, "promote") as warehouse:
        decision = check_candidate(candidate, registry, warehouse, config, Path(config.paths.outputs))
        if config.promote.evidence != "ledger":
            return decision
        from breakout.ledger.gate_evidence import check_ledger_evidence, skip_ledger_evidence

        if decision.skip_reason:
            published = skip_ledger_evidence(decision.skip_reason)
        else:
            published = check_ledger_evidence(
                candidate, registry.current(), decision.rule.name, warehouse, config, datetime.now(UTC)
            )
    return replace(decision, checks=(*decision.checks, *published))


def build_facts(candidate: Bundle, decision: Decision, reason: str) -> EventFacts:
    """Return the details of a promotion that the registry keeps in its history."""
    manifest, compared = candidate.manifest, decision.comparison
    return EventFacts(
        reason=reason,
        name=manifest.name,
        run_id=manifest.run_id,
        contract=manifest.contract_fingerprint,
        train=manifest.windows.train,
        checks=decision.checks,
        rule=decision.rule.name,
        recipe=recipe_digest(candidate),
        window=(compared.window.start, compared.window.end) if compared.window else None,
        metrics=dict(compared.metrics or {}),
    )
