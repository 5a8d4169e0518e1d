"""The command `breakout audit`, which checks that no feature sees the future and that all code paths agree.

The code paths are the functions that compute features for training and for prediction. With `served=...`, the command
instead computes the features of served predictions again, and compares them with the recorded features.
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

    The audit checks that no feature sees the future, and that training and prediction compute equal values. If
    `config.served` is set, `run_served` checks the served predictions instead.

    ConfigurationError if the features are invalid or need a table that is not configured. DataError if the dates have
    no rows, or if the warehouse or the ledger cannot be read.
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
    """Compute the feature vectors in the ledger (the record of served predictions) again, and print a comparison.

    Return 0 if every recorded vector could be computed again and is equal, and every file of the ledger could be read.
    Otherwise return 1, for example if a model cannot be used with this version.

    - `served`: `all`, a role (production, shadow or other), or the name or fingerprint of a model.
    - `audit.start` and `audit.end` limit the game dates.

    ConfigurationError if the ledger has no such role or model, or if a feature needs a table that is not configured.
    DataError if there are no such predictions between the dates, or if the ledger or the warehouse cannot be read.
    """
    from breakout.ledger.opening import open_ledger
    from breakout.ledger.served import audit_served

    outputs, dates = Path(config.paths.outputs), (config.audit.start, config.audit.end)
    with open_for(config, "audit") as warehouse, audit_bar() as advance:
        ledger = open_ledger(config.ledger, outputs)
        report = audit_served(ledger, warehouse, outputs, served, dates, on_date=advance)
    print_served(report)
    return 0 if report.is_clean else 1
