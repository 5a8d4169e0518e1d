"""The command `breakout doctor`, which checks versions, settings, source tables and a BigQuery tracker.

Each check prints a line. The first word of a line says how the check ended:

- `ok`: the check passed; the line says what was found.
- `failed`: the line contains the error.
- `warning`: the line names games that one table lacks, games in the future, or tables that contradict each other.
- `-`: the check was not run, because an earlier one failed.

Rows of BigQuery tables are read only after a line has stated what reading them costs. The command also removes the
temporary files of killed processes.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from breakout.coverage import find_flawed_games, flawed_game_warnings, flawed_games_query
from breakout.errors import BreakoutError, DataError
from breakout.features.config import BreakoutFeatureConfig
from breakout.features.query import get_training_data_query
from breakout.production.slate_choice import resolve_day
from breakout.report.terminal.lines import print_entry, print_line
from breakout.runs.leftovers import clear_runs
from breakout.settings import BigQueryTrackingConfig, BigQueryWarehouseConfig
from breakout.settings.composition import compose
from breakout.warehouse.checks.consistency_messages import CHECKED_ACROSS_TABLES
from breakout.warehouse.checks.reconciliation import reconcile, reconciliation_queries
from breakout.warehouse.checks.report_checks import describe_reports
from breakout.warehouse.cost import readable_bytes
from breakout.warehouse.opening import open_warehouse
from breakout.warehouse.tables import AVAILABILITY, HISTORY_TABLES, SCHEDULE, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from breakout.settings import ExperimentConfig
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse

T = TypeVar("T")

CHECKED_IN_A_TABLE = "columns, types, dates, keys, amounts and text"
FIRST_DAY = date(1946, 11, 1)  # The first day to check: the date of the first NBA game.
_LABELS = {"command": "doctor", "run": "doctor"}
PACKAGES = ("catboost", "duckdb", "google-cloud-bigquery", "hydra-core", "pandas", "pyarrow", "scikit-learn", "sqlglot")


class Checkup:
    """A series of checks, each of which prints a line; `has_failed` is true once a check has failed."""

    def __init__(self) -> None:
        self.has_failed = False

    def check(self, name: str, run: Callable[[], T], describe: Callable[[T], str] = str) -> T | None:
        """Run one check and print its line; return the result of `run`, or None if `run` raises a BreakoutError.

        The line contains the text that `describe` returns for the result, or the error.
        """
        try:
            found = run()
            print_entry(f"ok      {name}: {describe(found)}", 8)
        except BreakoutError as error:
            self.has_failed, found = True, None
            print_line(f"failed  {name}: {error}")
        return found

    def warn(self, name: str, warnings: Sequence[str]) -> None:
        """Print a line for each warning; a warning does not count as a failure."""
        for warning in warnings:
            print_line(f"warning {name}: {warning}")

    def skip(self, name: str, why: str) -> None:
        print_line(f"-       {name}: not checked, {why}")


def main(argv: Sequence[str]) -> int:
    """Check the installed packages, the configured warehouse and a BigQuery tracker; return 0, or 3 if a check failed.

    `argv` holds overrides of `breakout train`. Temporary files of killed processes are removed from the outputs folder.
    ConfigurationError if the overrides are wrong, or if they change the fixed list of features of mode=shared.
    """
    config = cast("ExperimentConfig", compose("train", argv))
    features = BreakoutFeatureConfig.from_settings(config)
    checkup = Checkup()
    checkup.check("versions", list_versions)
    if isinstance(config.warehouse, BigQueryWarehouseConfig):
        check_bigquery(checkup, features, config.warehouse)
    else:
        check_local_tables(checkup, features, config)
    check_tracking_table(checkup, config)
    checkup.check("temporary files of processes that are gone", lambda: clear_outputs(Path(config.paths.outputs)))
    return DataError.exit_code if checkup.has_failed else 0


def clear_outputs(outputs: Path) -> str:
    """Remove the temporary files that killed processes left in the outputs folder.

    Return their number as text, such as "3 removed", or "none". DataError if a file cannot be removed.
    """
    from breakout.production.registry import Registry
    from breakout.sweeps.record import clear_idle_sweeps

    removed = len(clear_runs(outputs)) + len(clear_idle_sweeps(outputs))
    registry = Registry.of(outputs)
    if registry.folder.is_dir():
        with registry.lock():
            removed += registry.clear_leftovers()
    return f"{removed} removed" if removed else "none"


def list_versions() -> str:
    """Return the versions of Python and of the libraries in PACKAGES; DataError if a library is not installed."""
    found = [f"Python {sys.version.split()[0]}"]
    for package in PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            raise DataError(f"{package} is not installed; run: make setup") from None
    return ", ".join(found)


def check_local_tables(checkup: Checkup, features: BreakoutFeatureConfig, config: ExperimentConfig) -> None:
    """Open the sample tables or the user's files, whichever is configured, and check them.

    Opening the tables checks all their rows. Further checks compare the tables with each other and with the present
    date.
    """
    opened = checkup.check("warehouse", lambda: open_warehouse(config.warehouse), lambda found: found.describe())
    if opened is None:
        checkup.skip("rows", "see above")
        return
    with opened:
        checkup.check("schedule", opened.has_schedule, lambda found: "present" if found else "none, no predictions")
        check_injury_reports(checkup, opened, FIRST_DAY, date.max)
        checkup.check("rows of each table", lambda: CHECKED_IN_A_TABLE)
        checkup.check("tables against each other", lambda: CHECKED_ACROSS_TABLES)
        check_newest_game(checkup, opened)
        check_absent_games(checkup, opened, features, FIRST_DAY, date.max)
        check_sums(checkup, opened, FIRST_DAY, date.max)


def check_newest_game(checkup: Checkup, warehouse: Warehouse) -> None:
    """Check that the player table has games; warn if the newest game is dated after today in US Eastern time."""
    name, today = "newest game", resolve_day("today")
    newest = checkup.check(name, warehouse.latest_game_date)
    if newest is not None and newest > today:
        checkup.warn(name, [f"{newest} lies after today ({today}); a box score of the future is a wrong date"])


def check_injury_reports(checkup: Checkup, warehouse: Warehouse, start: date, end: date) -> None:
    """Check the injury reports of the game dates start..end, if the warehouse has any."""
    has_reports, none = warehouse.has_availability(), "none, no features of availability"
    checkup.check("injury reports", lambda: describe_reports(warehouse, start, end) if has_reports else none)


def check_absent_games(
    checkup: Checkup, warehouse: Warehouse, features: BreakoutFeatureConfig, start: date, end: date
) -> None:
    """Warn about played games that are in the player table but not in the team table.

    The check covers only games that can enter the features of rows on the dates start..end.
    """
    name = "games of both tables"
    absent = checkup.check(
        name,
        lambda: [game for game in find_flawed_games(warehouse, features, start, end) if game.flaw == "absent"],
        lambda found: f"{len(found):,} played games are in the player table alone",
    )
    checkup.warn(name, flawed_game_warnings(absent or ()))


def check_sums(checkup: Checkup, warehouse: Warehouse, start: date, end: date) -> None:
    """Warn about games on the dates start..end for which two tables disagree.

    The points and minutes of a team's players are summed and compared with the team table. The games of the team table
    are compared with the schedule, if there is one.
    """
    failures = checkup.check(
        "sums of points and minutes, and the schedule",
        lambda: reconcile(warehouse, start, end),
        lambda found: f"{len(found)} of their kinds fail" if found else "all agree",
    )
    for kind in failures or ():
        checkup.warn("sums", [f"{kind.what}: {kind.total:,}"])
        for failure in kind.failures:
            print_line(f"          {failure}")
        if kind.total > len(kind.failures):
            print_line(f"          and {kind.total - len(kind.failures):,} more")


def check_bigquery(checkup: Checkup, features: BreakoutFeatureConfig, chosen: BigQueryWarehouseConfig) -> None:
    """Check credentials, project, permissions, tables, columns and partitions, then the rows of the last 90 days.

    Rows are read only if three checks pass: the permission to run jobs, the player and team tables, and the cost.
    """
    from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse

    opened = checkup.check(
        "credentials and project", lambda: BigQueryWarehouse(chosen, _LABELS), lambda found: found.describe()
    )
    if opened is None:
        checkup.skip("tables", "there is no connection")
        return
    with opened:
        one = checkup.check(
            "permission to run jobs (bigquery.jobs.create)",
            lambda: opened.estimate("SELECT 1 AS one", {}),
            lambda _: "granted",
        )
        present = [check_table(checkup, opened, table) for table in HISTORY_TABLES]
        if opened.has_schedule():
            check_table(checkup, opened, SCHEDULE)
        if opened.has_availability():
            check_table(checkup, opened, AVAILABILITY)
        if one is None or not all(present):
            checkup.skip("feature query and rows", "see above")
        elif check_query(checkup, opened, features, chosen.maximum_bytes_billed):
            check_recent_rows(checkup, opened, features)
        else:
            checkup.skip("rows", "see above")


def check_table(checkup: Checkup, warehouse: BigQueryWarehouse, table: Table) -> bool:
    """Check that a table exists with the columns and the partition that queries use; return whether it does."""
    name = table.name
    columns = checkup.check(name, lambda: warehouse.metadata.columns(table), lambda found: f"{len(found)} columns")
    if columns is None:
        return False

    def run_check() -> str:
        warehouse.metadata.check_schema(table)
        return "every needed column has its type"

    schema = checkup.check(f"{name} columns", run_check)
    partition = checkup.check(f"{name} partition filter", lambda: warehouse.metadata.partitioning(table))
    return schema is not None and partition is not None


def check_query(
    checkup: Checkup, warehouse: BigQueryWarehouse, features: BreakoutFeatureConfig, limit: int | None
) -> bool:
    """Check that reading the last 90 days is permitted and costs at most `limit` bytes; return whether both are true.

    BigQuery estimates the bytes in dry runs, which need the same permissions as reading. If `limit` is None, any number
    of bytes passes.
    """

    def run_check() -> str:
        start, end = recent_days()
        parameters = features.parameters(warehouse.history_start(start), start, end)
        cost = warehouse.estimate(
            get_training_data_query(features.names, sources=warehouse.sources, registry=features.registry), parameters
        )
        cost += warehouse.estimate_checks(start, end)
        cost += warehouse.estimate(flawed_games_query(warehouse.sources), parameters)
        for sql in reconciliation_queries(warehouse.sources, has_schedule=warehouse.has_schedule()).values():
            cost += warehouse.estimate(sql, parameters)
        if warehouse.has_availability():
            cost += warehouse.estimate_report_checks(start, end)
        if limit is not None and cost.bytes_scanned > limit:
            raise DataError(
                f"{cost.describe()} That is more than warehouse.maximum_bytes_billed={limit} "
                f"({readable_bytes(limit)}); raise it with warehouse.maximum_bytes_billed={cost.bytes_scanned}"
            )
        return cost.describe()

    return checkup.check("feature query over 90 days", run_check) is not None


def check_recent_rows(checkup: Checkup, warehouse: BigQueryWarehouse, features: BreakoutFeatureConfig) -> None:
    """Check recent source rows and injury reports, and the schedule of the next week."""
    start, end = recent_days()

    def run_check() -> str:
        warehouse.check_history(start, end)
        return f"{CHECKED_IN_A_TABLE}, and across tables {CHECKED_ACROSS_TABLES}"

    def look_at_schedule() -> str:
        warehouse.check_schedule(end, end + timedelta(days=7))
        return f"games of {end} and the week after fit the tables"

    checkup.check(f"rows from {warehouse.history_start(start)} to {end}", run_check)
    check_absent_games(checkup, warehouse, features, start, end)
    check_sums(checkup, warehouse, warehouse.history_start(start), end)
    if warehouse.has_schedule():
        checkup.check("rows of the schedule", look_at_schedule)
    check_injury_reports(checkup, warehouse, start, end)


def recent_days() -> tuple[date, date]:
    """Return the first and last date of the rows to check: 90 days ago and today, both in UTC."""
    end = datetime.now(UTC).date()
    return end - timedelta(days=90), end


def check_tracking_table(checkup: Checkup, config: ExperimentConfig) -> None:
    """Check that the BigQuery table that registers runs can be reached and has the right columns.

    Do nothing if no BigQuery tracker is configured. The table may be missing, because registering the first run creates
    it.
    """
    tracking = config.tracking
    if not isinstance(tracking, BigQueryTrackingConfig):
        return
    from breakout.tracking.bigquery import EXPERIMENT_COLUMNS
    from breakout.warehouse.bigquery.jobs import BigQueryJobs
    from breakout.warehouse.bigquery.writing import check_written_columns

    def run_check() -> str:
        with BigQueryJobs(tracking, "tracking", _LABELS) as jobs:
            present = jobs.columns_if_there(tracking.table)
        if present is None:
            return f"{tracking.table} will be made by the first run"
        check_written_columns(tracking.table, EXPERIMENT_COLUMNS, present)
        return f"{tracking.table} is there, and every column has its type"

    checkup.check("tracking table", run_check)
