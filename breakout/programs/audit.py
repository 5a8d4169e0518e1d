"""`breakout audit`: proves on the configured warehouse that no feature sees the future and that all paths agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import Progress
from rich.table import Column, Table

from breakout.features.config import BreakoutFeatureConfig
from breakout.features.selection import select_features
from breakout.proof.auditing import AuditReport, audit_features
from breakout.proof.checks import CHECKS
from breakout.report.terminal.console import PlainConsole, console, styled
from breakout.warehouse.opening import open_for

if TYPE_CHECKING:
    from breakout.settings import AuditConfig

__all__ = ["audit_features", "run"]


def run(config: AuditConfig) -> int:
    """Audit and show the result; 0 if nothing was found, 1 for any violation."""
    names = select_features(config.mode.name, config.features.names)
    features = BreakoutFeatureConfig.from_target(names, config.target)
    out = console()
    warehouse = open_for(config, "audit")
    try:
        with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
            bar = progress.add_task("dates recomputed", total=None)
            rules = config.audit
            report = audit_features(
                warehouse,
                features,
                rules.rows,
                config.seed,
                rules.start,
                rules.end,
                tell=lambda _: progress.advance(bar),
            )
    finally:
        warehouse.close()
    print_audit(out, report)
    return 0 if report.is_clean else 1


def print_audit(out: PlainConsole, report: AuditReport) -> None:
    """The table of features and checks, and for violations the smallest counterexamples."""
    name = Column("feature", no_wrap=True)
    table = Table(name, "rows checked", *CHECKS, title="violations by check", title_justify="left")
    for subject in report.subjects:
        counts = [report.count(subject, check) for check in CHECKS]
        table.add_row(subject, f"{report.rows:,}", *(styled(n, "red") if n else "0" for n in counts))
    out.print(table)
    edges = ", ".join(f"{name} {rows}" for name, rows in report.edge_cases.items())
    out.print(f"{report.rows:,} rows of {report.dates} dates, among them: {edges}")
    for example in report.counterexamples:
        feature = example.difference.feature
        out.print(styled(feature, "red", str(example).removeprefix(feature)), soft_wrap=True)
    clean = styled("clean", "green", ": no feature sees the future, all paths agree bit for bit")
    out.print(clean if report.is_clean else styled(f"{len(report.violations):,} violations", "red"))
