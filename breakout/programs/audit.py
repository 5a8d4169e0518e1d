"""`breakout audit`: check on sampled rows that no feature sees the future and that prediction matches training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.features.config import BreakoutFeatureConfig
from breakout.proof.auditing import audit_features
from breakout.report.terminal.audit import print_audit
from breakout.report.terminal.bars import audit_bar
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import AuditConfig


def run(config: AuditConfig) -> int:
    """Audit the features and print the result; return 0 if no check failed, otherwise 1."""
    features = BreakoutFeatureConfig.from_settings(config)
    rules = config.audit
    with open_for(config, "audit") as warehouse, audit_bar() as advance:
        report = audit_features(warehouse, features, rules.rows, config.seed, rules.start, rules.end, on_date=advance)
    print_audit(report)
    return 0 if report.is_clean else 1
