"""The command `breakout audit`, which checks that no feature sees the future and that all code paths agree.

With `served=...`, it computes the feature vectors in the ledger again, and compares them with the recorded ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.features.config import BreakoutFeatureConfig
from breakout.proof.auditing import audit_features
from breakout.report.terminal.audit import print_audit, print_served
from breakout.report.terminal.bars import audit_bar
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import AuditConfig


def run(config: AuditConfig) -> int:
    """Audit the configured features and print the result; return 0 if no check failed, otherwise 1.

    If `config.served` is set, audit the feature vectors in the ledger instead (see `run_served`). ConfigurationError if
    the features are invalid or need a table that is not configured. DataError if the dates have no rows, or if the
    warehouse cannot be read.
    """
    if config.served is not None:
        return run_served(config, config.served)
    features = BreakoutFeatureConfig.from_settings(config)
    rules = config.audit
    with open_for(config, "audit") as warehouse, audit_bar() as advance:
        report = audit_features(warehouse, features, rules.rows, config.seed, rules.start, rules.end, on_date=advance)
    print_audit(report)
    return 0 if report.is_clean else 1


def run_served(config: AuditConfig, served: str) -> int:
    """Compute the feature vectors in the ledger again, and print a comparison with the recorded vectors.

    `served` chooses the models: `all`, a role, or the name or fingerprint of a model. The features, target and cutoff
    of each model apply to its vectors. `audit.start` and `audit.end` limit the game dates. Return 0 if every vector
    could be computed again and is equal, and every file of the ledger could be read; otherwise 1. ConfigurationError if
    the ledger has no such role or model, or if a bundle cannot be used with this version or the configured tables.
    DataError if there are no such entries between the dates, or if the ledger or the warehouse cannot be read.
    """
    from breakout.ledger.opening import open_ledger
    from breakout.ledger.served import audit_served

    outputs, dates = Path(config.paths.outputs), (config.audit.start, config.audit.end)
    with open_for(config, "audit") as warehouse, audit_bar() as advance:
        ledger = open_ledger(config.ledger, outputs)
        report = audit_served(ledger, warehouse, outputs, served, dates, on_date=advance)
    print_served(report)
    return 0 if report.is_clean else 1
