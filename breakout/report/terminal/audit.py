"""The result of an audit on the terminal: a table of features and checks, and the smallest counterexamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Column

from breakout.proof.audit_checks import CHECKS
from breakout.report.terminal.console import console, styled, titled_table

if TYPE_CHECKING:
    from breakout.proof.auditing import AuditReport


def print_audit(report: AuditReport) -> None:
    """Print the violations of each feature by check, the edge cases among the rows, and counterexamples."""
    out = console()
    name = Column("feature", no_wrap=True)
    table = titled_table("violations by check", name, "rows checked", *CHECKS)
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
