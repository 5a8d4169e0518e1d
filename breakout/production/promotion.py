"""The checks that a candidate (a saved model) must pass to go into production."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.features.registry import BREAKOUT_FEATURE_ORDER
from breakout.production.bundle_gate import contract_differences
from breakout.production.registry import Check
from breakout.production.rules import (
    GAMES,
    GateComparison,
    Rule,
    choose_rule,
    compare_with_base_rate,
    compare_with_production,
    list_unexamined,
    rely_on_recipe,
)
from breakout.proof.auditing import audit_features
from breakout.runs import STATUS_FILE, read_status
from breakout.runs.names import RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from breakout.bundle.folder import Bundle
    from breakout.production.registry import Registry
    from breakout.settings import PromoteConfig
    from breakout.warehouse.base import Warehouse

AUDIT = "audit of its features"
EVALUATED = "evaluated"


@dataclass(frozen=True)
class Decision:
    """The decision about a candidate for production.

    - `rule`: the rule that sets the limits for the candidate.
    - `checks`: the results of all checks, including the checks of `comparison`.
    - `comparison`: the results on games after the training.
    - `skip_reason`: the failed checks, such as "contract current failed", because of which neither the comparison nor
      the audit of the features was run; "" if there are none.
    """

    rule: Rule
    checks: tuple[Check, ...]
    comparison: GateComparison
    skip_reason: str

    @property
    def refused(self) -> list[str]:
        """The names of the checks that failed; the candidate may go into production if there are none."""
        return [check.name for check in self.checks if check.is_passed is False]


def check_candidate(
    candidate: Bundle, registry: Registry, warehouse: Warehouse, config: PromoteConfig, outputs: Path
) -> Decision:
    """Run the checks of a candidate (a saved model) for production, and return their results.

    - The checks of mode (was the model trained on the shared features?) and contract (does the installed version of
      `breakout` define features and label as the model does?) need no games. If one of these two checks fails, the
      candidate is neither compared nor audited.
    - The candidate is compared with the model in production, or with the base rate if no model is in production.
    - The audit computes features again for some rows, and is the slowest check. It is skipped if the candidate is
      refused because no games could be compared.

    ConfigurationError if

    - `promote.rule` is not_worse and the candidate is no retrain of the model in production;
    - config.start..config.end overlaps a training window or ends before it begins;
    - a feature needs injury reports and no table of them is configured;
    - this version refuses the settings of the model in production.

    DataError if the registry or the model in production is damaged, if the warehouse cannot be read, or if the audit's
    dates have no rows.
    """
    current = registry.current()
    production = registry.load(current) if current else None
    rule = choose_rule(candidate, production, config.promote.rule)
    mode, contract = _mode(candidate), _contract(candidate)
    failed = [check.name for check in (mode, contract) if not check.is_passed]
    skip_reason = f"{' and '.join(failed)} failed" if failed else ""
    if failed:
        comparison = GateComparison((Check(GAMES, None, skip_reason), *list_unexamined(rule, skip_reason)))
        audit = Check(AUDIT, None, skip_reason)
    else:
        comparison = _compare(candidate, production, rule, registry, warehouse, config)
        is_refused = comparison.window is None and not comparison.is_passed
        audit = Check(AUDIT, None, "no games were compared") if is_refused else _audit(candidate, warehouse, config)
    evaluated = _evaluated(candidate, comparison, outputs)
    return Decision(rule, (mode, contract, evaluated, audit, *comparison.checks), comparison, skip_reason)


def _compare(
    candidate: Bundle,
    production: Bundle | None,
    rule: Rule,
    registry: Registry,
    warehouse: Warehouse,
    config: PromoteConfig,
) -> GateComparison:
    if production is None:
        return compare_with_base_rate(candidate, rule, warehouse, config)
    found = compare_with_production(candidate, production, rule, warehouse, config)
    is_train_only = candidate.manifest.windows.evaluation is None
    are_all_games = config.start is None and config.end is None
    if rule.name == "not_worse" and found.is_too_early and is_train_only and are_all_games:
        return rely_on_recipe(candidate, rule, registry, config.promote.max_age_days) or found
    return found


def _mode(candidate: Bundle) -> Check:
    mode = candidate.settings.mode.name
    are_shared = candidate.contract.names == BREAKOUT_FEATURE_ORDER
    others = "" if are_shared else f", which are not the {len(BREAKOUT_FEATURE_ORDER)} shared ones in their order"
    figure = f"trained in {mode} mode on {len(candidate.contract.names)} features{others}"
    return Check("shared mode", mode == "shared" and are_shared, figure)


def _contract(candidate: Bundle) -> Check:
    differences = contract_differences(candidate)
    figure = "; ".join(differences) or f"{candidate.contract.fingerprint} is the installed one"
    return Check("contract current", not differences, figure)


def _evaluated(candidate: Bundle, comparison: GateComparison, outputs: Path) -> Check:
    """Return the check that the candidate was evaluated on games after its training.

    A candidate that was trained on all games has no such games. For this candidate the check is not run if the
    promotion relies on an earlier promotion with the same settings; otherwise the check fails.
    """
    evidence = find_evaluation(candidate, outputs)
    if evidence is None and comparison.window is not None:
        evidence = f"by this comparison, on {comparison.window}"
    if evidence is None and comparison.is_by_recipe and comparison.is_passed:
        return Check(EVALUATED, None, "trained on all games; the comparison of its recipe stands for it")
    figure = evidence or "never on games after its training; run `breakout evaluate bundle=DIR`"
    return Check(EVALUATED, evidence is not None, figure)


def find_evaluation(bundle: Bundle, outputs: Path) -> str | None:
    """Return a text about the games on which a saved model was evaluated; None if there is no evaluation.

    The text is about the evaluation in the training run. If that run has none, the text is about the newest run of
    `breakout evaluate` for this model below `outputs`. Damaged runs are ignored, and so are evaluations under another
    contract (definition of features and label).
    """
    manifest = bundle.manifest
    if manifest.windows.evaluation is not None:
        start, end = manifest.windows.evaluation
        return f"in its own run on {manifest.rows.evaluation:,} games of {start}..{end}"
    found = (outputs / RUNS).glob(f"*/*/{STATUS_FILE}")
    # The newest run comes first, because the names of run folders begin with the time of the start.
    for path in sorted(found, key=lambda path: path.parent.name, reverse=True):
        try:
            status = read_status(path.parent)
        except DataError:
            continue  # skip a damaged run, which is no evidence of an evaluation
        is_evaluated = (status.command, status.state, status.bundle) == ("evaluate", "completed", bundle.fingerprint)
        if is_evaluated and not status.contract_mismatch and status.window is not None:
            start, end = status.window
            when = f"{status.started:%Y-%m-%d %H:%M}"
            return f"on {status.rows:,} games of {start}..{end} by the run {status.name} of {when}"
    return None


def _audit(candidate: Bundle, warehouse: Warehouse, config: PromoteConfig) -> Check:
    rows = config.audit
    report = audit_features(warehouse, candidate.features, rows.rows, config.seed, rows.start, rows.end)
    found = len(report.violations)
    figure = f"{found} violations in {report.rows} rows of {report.dates} dates"
    return Check(AUDIT, report.is_clean, figure)
