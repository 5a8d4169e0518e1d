"""Terminal output of the audits of features and of served predictions.

The audit of features checks that no feature sees the future, and that all ways to compute a feature agree. The audit
of served predictions compares their feature values with values computed from today's tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.evaluation.formatting import format_count
from breakout.report.terminal.console import console, styled, titled_table

if TYPE_CHECKING:
    from breakout.ledger.served import ServedAudit
    from breakout.proof.auditing import AuditReport

SHOWN_CELLS = 20


def print_audit(report: AuditReport) -> None:
    """Print violations by check and feature, row counts of the edge cases, and counterexamples.

    A violation is a difference between two computations that must agree. The last line says "clean" or counts the
    violations.
    """
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


def print_served(report: ServedAudit) -> None:
    """Print how the feature values behind served predictions differ from values computed from today's tables.

    A vector has the feature values of one prediction. The output has these parts; empty parts are left out:

    - for each feature, the number of vectors whose value differs today,
    - the first SHOWN_CELLS changed cells of source tables,
    - the number of absent vectors (in today's tables, the player is not among the players of that game),
    - the number of differing or absent vectors that no known change of a source row explains,
    - a warning for each model that could not be compared, and for each damaged file of the ledger,
    - "clean", or the counts of vectors, models and files with a problem.
    """
    out = console()
    table = titled_table(f"{report.vectors:,} served vectors computed again", "feature", "vectors", "differ", "share")
    for one in report.features:
        differing = styled(f"{one.differing:,}", "red") if one.differing else "0"
        table.add_row(one.feature, f"{one.vectors:,}", differing, f"{one.share:.2%}")
    out.print(table)
    for cell in report.cells[:SHOWN_CELLS]:
        change = cell.change
        text = f" {change.key}, {change.column}: {change.before} to {change.now}; vectors: {cell.vectors:,}"
        out.print(styled(change.table, "red", text), soft_wrap=True)
    if len(report.cells) > SHOWN_CELLS:
        out.print(f"and {len(report.cells) - SHOWN_CELLS:,} more changed cells")
    if report.absent:
        out.print(f"served players whom the present tables put on no slate of that day: {report.absent:,}")
    if report.unexplained:
        out.print(f"differing vectors without a known changed source row: {report.unexplained:,}")
    for sentence in (*report.unexamined, *report.damaged):
        out.print_warning(sentence)
    clean = styled("clean", "green", ": every served vector is what is computed today, bit for bit")
    found = {
        f"{report.differing + report.absent:,} vectors differ": report.differing + report.absent,
        f"{format_count(len(report.unexamined), 'model')} not compared": report.unexamined,
        format_count(len(report.damaged), "damaged file"): report.damaged,
    }
    out.print(
        clean if report.is_clean else styled("; ".join(text for text, is_found in found.items() if is_found), "red")
    )
