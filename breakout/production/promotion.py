"""The checks that a candidate must pass to go into production, each with the figure that decides it.

If no model is in production, the checks that compare two models pass as "first model" and show the candidate against
the base rate of its training window. All other checks are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError, GateError
from breakout.evaluation.formatting import format_interval, format_range
from breakout.evaluation.intervals import paired_differences
from breakout.experiment.evaluating import evaluation_parameters
from breakout.features.registry import BREAKOUT_FEATURE_ORDER
from breakout.production.bundle_gate import check_contract, contract_differences
from breakout.production.evidence import find_evaluation
from breakout.production.head_to_head import HeadToHead, IncomparableError, compare_bundles
from breakout.production.registry import Check
from breakout.production.scoring import later_window, score_window
from breakout.proof.auditing import audit_features

if TYPE_CHECKING:
    from pathlib import Path

    from breakout.bundle import Bundle
    from breakout.evaluation.intervals import PairedDifference
    from breakout.settings import PromoteConfig
    from breakout.warehouse.base import Warehouse

COMPARED = {"auc": "AUC against production", "log_loss": "log loss not worse", "brier": "Brier score not worse"}


def check_candidate(
    candidate: Bundle, production: Bundle | None, warehouse: Warehouse, config: PromoteConfig, outputs: Path
) -> tuple[Check, ...]:
    """Run all checks of a candidate and return their results.

    The checks go on after one has failed, so that one attempt shows everything that is missing. ConfigurationError if
    config.start..config.end overlaps a training window.
    """
    contract = _contract(candidate)
    checks = [_mode(candidate), contract, _evaluated(candidate, outputs)]
    if not contract.is_passed:
        unknown = "not checked: its features cannot be built by the installed definitions"
        names = ("audit of its features", *COMPARED.values())
        return (*checks, *(Check(name, is_passed=False, figure=unknown) for name in names))
    # The comparison comes first: it refuses an impossible window before the slow audit begins.
    compared = (
        _first_model(candidate, warehouse, config)
        if production is None
        else _compared(candidate, production, warehouse, config)
    )
    return (*checks, _audit(candidate, warehouse, config), *compared)


def _mode(candidate: Bundle) -> Check:
    mode = candidate.settings.mode.name
    are_shared = candidate.contract.names == BREAKOUT_FEATURE_ORDER
    figure = f"trained in {mode} mode on {len(candidate.contract.names)} features"
    figure = (
        figure
        if are_shared
        else f"{figure}, which are not the {len(BREAKOUT_FEATURE_ORDER)} shared ones in their order"
    )
    return Check("shared mode", mode == "shared" and are_shared, figure)


def _contract(candidate: Bundle) -> Check:
    differences = contract_differences(candidate)
    figure = "; ".join(differences) or f"{candidate.contract.fingerprint} is the installed one"
    return Check("contract current", not differences, figure)


def _evaluated(candidate: Bundle, outputs: Path) -> Check:
    evidence = find_evaluation(candidate, outputs)
    figure = evidence or "never on games after its training; run `breakout evaluate bundle=DIR`"
    return Check("evaluated", evidence is not None, figure)


def _audit(candidate: Bundle, warehouse: Warehouse, config: PromoteConfig) -> Check:
    rows = config.audit
    report = audit_features(warehouse, candidate.features, rows.rows, config.seed, rows.start, rows.end)
    found = len(report.violations)
    figure = f"{found} violations in {report.rows} rows of {report.dates} dates"
    return Check("audit of its features", report.is_clean, figure)


def _compared(candidate: Bundle, production: Bundle, warehouse: Warehouse, config: PromoteConfig) -> list[Check]:
    """Return the checks that compare two models; all fail, with the reason, if the two cannot be compared."""
    try:
        found = _compare(candidate, production, warehouse, config)
    except (IncomparableError, DataError, GateError) as error:
        return [Check(name, is_passed=False, figure=f"no comparison: {error}") for name in COMPARED.values()]
    differences, margin = found.comparison.differences, config.promote.margin
    where = f"on {found.comparison.n_rows:,} games of {found.window}"
    low = differences["auc"].difference.low
    needed = f"lower bound above {margin:g} needed, {where}"
    checks = [
        Check(COMPARED["auc"], low is not None and low > margin, f"{_format_difference(differences['auc'])}, {needed}")
    ]
    for metric in ("log_loss", "brier"):
        estimate = differences[metric].difference.estimate
        is_passed = estimate is not None and estimate <= 0
        checks.append(
            Check(COMPARED[metric], is_passed, f"{_format_difference(differences[metric])}, at most 0 needed")
        )
    return checks


def _compare(candidate: Bundle, production: Bundle, warehouse: Warehouse, config: PromoteConfig) -> HeadToHead:
    try:
        check_contract(production)
    except GateError as error:
        way_out = "If it cannot be used any more, `breakout production retire` lets the next model be the first."
        raise GateError(f"{error} {way_out}") from None
    parameters = evaluation_parameters(config.evaluation, config.seed)
    return compare_bundles(candidate, production, warehouse, (config.start, config.end), parameters)


def _first_model(candidate: Bundle, warehouse: Warehouse, config: PromoteConfig) -> list[Check]:
    """Return the checks that compare two models as passed, with the candidate's figures against the base rate."""
    try:
        against = _against_base_rate(candidate, warehouse, config)
    except DataError as error:
        figures = dict.fromkeys(COMPARED, f"first model; {error}")
    else:
        figures = {metric: f"first model; against the base rate {found}" for metric, found in against.items()}
    return [Check(name, is_passed=True, figure=figures[metric]) for metric, name in COMPARED.items()]


def _against_base_rate(candidate: Bundle, warehouse: Warehouse, config: PromoteConfig) -> dict[str, str]:
    window = later_window(candidate.train_end, config.start, config.end, warehouse)
    scored = score_window(candidate, warehouse, window)
    base_rate = candidate.baselines["base_rate"].predict_probability(scored.rows)
    resamples = evaluation_parameters(config.evaluation, config.seed).draw(scored.rows.dates)
    found = paired_differences(scored.rows.label, scored.probability, base_rate, resamples)
    where = f"on {len(scored.rows):,} games of {window}"
    return {metric: f"{_format_difference(found[metric])}, {where}" for metric in COMPARED}


def _format_difference(paired: PairedDifference) -> str:
    """Format a difference with four decimals, or with one significant digit if four decimals would hide its sign."""
    found = paired.difference
    if found.estimate is None:
        return "undefined: one class only"
    values = [value for value in (found.estimate, found.low, found.high) if value]
    is_tiny = any(abs(value) < 0.00005 for value in values)
    formatted = format_interval(found, "+.0e" if is_tiny else "+.4f")
    return formatted if format_range(found) else f"{formatted} (no interval)"
