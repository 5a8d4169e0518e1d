"""The result of an audit on the terminal: a table of checks, and counterexamples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.report.terminal.console import console, styled, titled_table

if TYPE_CHECKING:
    from breakout.proof.auditing import AuditReport


def print_audit(report: AuditReport) -> None:
    """Print the violations of each check by feature, the edge cases among the rows, and counterexamples."""
    out = console()
    table = titled_table(f"{len(report.features)} features, violations by check", "check", "violations", "of")
    for check in report.checks:
        counts = {subject: report.count(subject, check) for subject in report.subjects}
        found = ", ".join(f"{subject} {count:,}" for subject, count in counts.items() if count)
        total = sum(counts.values())
        table.add_row(check, styled(f"{total:,}", "red") if total else "0", found)
    out.print(table)
    edges = ", ".join(f"{name} {rows}" for name, rows in report.edge_cases.items())
    out.print(f"{report.rows:,} rows of {report.dates} dates, among them: {edges}")
    for example in report.counterexamples:
        feature = example.difference.feature
        out.print(styled(feature, "red", str(example).removeprefix(feature)), soft_wrap=True)
    clean = styled("clean", "green", ": no feature sees the future, all paths agree bit for bit")
    out.print(clean if report.is_clean else styled(f"{len(report.violations):,} violations", "red"))
