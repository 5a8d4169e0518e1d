"""Checks of settings beyond the types and bounds of single fields; each check raises ConfigurationError."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from breakout.errors import ConfigurationError, nearest_name
from breakout.settings.data_groups import (
    BigQueryLedgerConfig,
    BigQueryTrackingConfig,
    BigQueryWarehouseConfig,
    DuckDBWarehouseConfig,
    FolderLedgerConfig,
    LedgerConfig,
    PricesConfig,
)
from breakout.settings.groups import (
    AskedCutoffConfig,
    AvailabilityConfig,
    DateWindowConfig,
    EvaluationConfig,
    TargetConfig,
    ValidationConfig,
    WalkForwardWindowConfig,
)
from breakout.settings.identifiers import check_connection, check_table_name
from breakout.settings.model_groups import PointsConfig

# The letters of the strptime directives that warehouse.date_format may contain. Directives of a time of day are
# allowed, because some files write dates with the time 00:00. Any other time is an error when a file is read.
_DATE_DIRECTIVES = "YymbBdjaAHIMSfp%"


# The settings of the two tables of played games, each with the override that the error for a missing setting shows.
# With warehouse=duckdb both are required unless `warehouse.folder` or `warehouse.database` is given.
HISTORY_EXAMPLES = {
    "warehouse.player_game_summary": "warehouse.player_game_summary=games.parquet",
    "warehouse.team_offense_game_summary": "warehouse.team_offense_game_summary=teams.parquet",
}


def check_across_fields(config: Any) -> None:
    """Raise ConfigurationError if values of a command's typed settings contradict each other.

    GROUP_CHECKS has the checks within single groups. Further checks compare the model with the calibration, the prices
    with the warehouse, and `start` with `end`.
    """
    for group in vars(config).values():
        if type(group) in GROUP_CHECKS:
            GROUP_CHECKS[type(group)](group)
    check_calibration(config)
    check_price_table(config)
    check_order("start", getattr(config, "start", None), "end", getattr(config, "end", None))
    audit = getattr(config, "audit", None)
    if audit is not None:
        check_order("audit.start", audit.start, "audit.end", audit.end)


def check_calibration(config: Any) -> None:
    """Raise ConfigurationError if calibration=isotonic is combined with model=points.

    This model predicts a ladder (P(points >= k) for each k). Isotonic calibration would flatten both ends of the
    ladder, because it is constant beyond the probabilities that it was fitted on.
    """
    if isinstance(getattr(config, "model", None), PointsConfig) and config.calibration.kind == "isotonic":
        raise ConfigurationError(
            "calibration=isotonic is constant beyond the probabilities that it was fitted on, so it would flatten both "
            "ends of the ladder of model=points; use calibration=sigmoid or none."
        )


def check_price_table(config: Any) -> None:
    """Raise ConfigurationError if `prices.table`, a table of BigQuery, is given without warehouse=bigquery."""
    prices = getattr(config, "prices", None)
    if prices is not None and prices.table is not None and not isinstance(config.warehouse, BigQueryWarehouseConfig):
        raise ConfigurationError(
            f"prices.table={prices.table} is a table of BigQuery: add warehouse=bigquery, or give prices=FILE."
        )


def check_target(target: TargetConfig) -> None:
    if target.min_ppg >= target.max_ppg:
        raise ConfigurationError(f"target.min_ppg {target.min_ppg:g} must be below target.max_ppg {target.max_ppg:g}.")
    check_list("target.season_types", target.season_types)


def check_availability(availability: AvailabilityConfig | AskedCutoffConfig) -> None:
    if availability.timezone is not None:
        check_timezone("availability.timezone", availability.timezone)


def check_dates(window: DateWindowConfig) -> None:
    """Raise ConfigurationError unless `train_start` <= `train_end` < `eval_start` <= `eval_end`.

    Both evaluation dates may be None; it is an error if only one of them is None.
    """
    check_order("window.train_start", window.train_start, "window.train_end", window.train_end)
    if (window.eval_start is None) != (window.eval_end is None):
        given, absent = ("eval_start", "eval_end") if window.eval_end is None else ("eval_end", "eval_start")
        raise ConfigurationError(
            f"window.{given} is given and window.{absent} is null: give both, or neither to train only."
        )
    check_order("window.eval_start", window.eval_start, "window.eval_end", window.eval_end)
    if window.eval_start is not None and window.train_end >= window.eval_start:
        raise ConfigurationError(
            f"window.train_end {window.train_end} must be before window.eval_start {window.eval_start}:"
            " a model is never evaluated on games it was trained on."
        )


def check_walk_forward(window: WalkForwardWindowConfig) -> None:
    """Raise ConfigurationError unless `train_start` < `eval_start` <= `eval_end` and `train_days` fits `training`.

    training=rolling needs `train_days`. With training=expanding, `train_days` must be None.
    """
    check_order("window.eval_start", window.eval_start, "window.eval_end", window.eval_end)
    if window.train_start >= window.eval_start:
        raise ConfigurationError(
            f"window.train_start {window.train_start} must be before window.eval_start {window.eval_start}:"
            " the first fold would have nothing to train on."
        )
    if window.training == "rolling" and window.train_days is None:
        raise ConfigurationError("window.training=rolling needs its length in days: add window.train_days=120.")
    if window.training == "expanding" and window.train_days is not None:
        raise ConfigurationError(
            f"window.train_days={window.train_days} is for window.training=rolling;"
            " expanding trains on everything before."
        )


def check_validation(validation: ValidationConfig) -> None:
    """Raise ConfigurationError unless exactly one of `fraction`, `days` and `start` is given."""
    rules = {key: getattr(validation, key) for key in ("fraction", "days", "start")}
    given = [key for key, value in rules.items() if value is not None]
    if len(given) > 1:
        named = " and ".join(f"validation.{key}={rules[key]}" for key in given)
        dropped = " ".join(f"validation.{key}=null" for key in given[:-1])
        raise ConfigurationError(f"{named} are given, but one of them defines the validation part: add {dropped}.")
    if not given:
        raise ConfigurationError(
            "validation.fraction, validation.days and validation.start are null: give one, such as validation.days=30."
        )


def check_evaluation(evaluation: EvaluationConfig) -> None:
    check_list("evaluation.thresholds", evaluation.thresholds)
    check_list("evaluation.top_fractions", evaluation.top_fractions)


def check_bigquery_warehouse(warehouse: BigQueryWarehouseConfig) -> None:
    check_connection(warehouse, "warehouse")
    check_value_maps(warehouse)
    for name in ("player_game_summary", "team_offense_game_summary", "schedule", "availability"):
        table = getattr(warehouse, name)
        if table is not None:
            check_table_name(f"warehouse.{name}", table)


def check_duckdb_warehouse(warehouse: DuckDBWarehouseConfig) -> None:
    """Raise ConfigurationError unless the settings of a DuckDB warehouse say where both tables of played games are.

    `folder`, `database` or the paths of both tables must be given; `folder` and `database` exclude each other.
    `team_codes`, `season_types` and `date_format` are checked too.
    """
    missing = [key for key in HISTORY_EXAMPLES if getattr(warehouse, key.partition(".")[2]) is None]
    if warehouse.folder is not None and warehouse.database is not None:
        raise ConfigurationError(
            f"warehouse.folder={warehouse.folder} and warehouse.database={warehouse.database} exclude each other: "
            "set one of them to null."
        )
    if warehouse.folder is None and warehouse.database is None and missing:
        examples = " ".join(HISTORY_EXAMPLES[key] for key in missing)
        raise ConfigurationError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} required and not given; add for example"
            f" {examples}, or warehouse.folder=DIR with tables that breakout import wrote, or warehouse.database=FILE."
        )
    check_value_maps(warehouse)
    if warehouse.date_format is not None:
        check_date_format(warehouse.date_format)


def check_date_format(text: str) -> None:
    """Raise ConfigurationError unless a strptime format names year, month and day, and has only known directives.

    The directive `%j`, the day of the year, names month and day.
    """
    directives = re.findall(r"%-?(.|$)", text)
    unknown = next((one for one in directives if not one or one not in _DATE_DIRECTIVES), None)
    if unknown is not None:
        known = " ".join(f"%{one}" for one in _DATE_DIRECTIVES)
        raise ConfigurationError(f"warehouse.date_format={text}: there is no %{unknown} in a date; use {known}.")
    has_day = "j" in directives or ("d" in directives and any(month in directives for month in "mbB"))
    if not has_day or not any(year in directives for year in "Yy"):
        raise ConfigurationError(
            f"warehouse.date_format={text} must name year, month and day, as in %m/%d/%Y, %d.%m.%Y or %Y%m%d."
        )


def check_value_maps(warehouse: DuckDBWarehouseConfig | BigQueryWarehouseConfig) -> None:
    """Raise ConfigurationError if `team_codes` or `season_types` is an invalid map; None is valid.

    The maps replace values of a table while the table is read. Old and new values must be non-empty printable text
    without quotes or backslashes. A season type may also map to None. A team code that replaces another must not be
    replaced itself: {A: B, B: C} is refused.
    """
    for key, values in (("team_codes", warehouse.team_codes), ("season_types", warehouse.season_types)):
        for name, value in (values or {}).items():
            texts = [str(name), *([] if value is None else [value])]
            if not all(text and text.isprintable() and not set(text) & set("'\"`\\") for text in texts):
                raise ConfigurationError(
                    f"warehouse.{key} maps {name!r} to {value!r}: both must be printable text without quotes or "
                    "backslashes."
                )
    codes = warehouse.team_codes or {}
    chained = next((code for code in codes.values() if codes.get(code, code) != code), None)
    if chained is not None:
        raise ConfigurationError(
            f"warehouse.team_codes maps to {chained} and maps {chained} to {codes[chained]}: each code is read once, "
            "so name the final code of each."
        )


def check_bigquery_tracking(tracking: BigQueryTrackingConfig) -> None:
    check_connection(tracking, "tracking")
    check_table_name("tracking.table", tracking.table)


def check_ledger(ledger: LedgerConfig) -> None:
    check_timezone("ledger.timezone", ledger.timezone)


def check_timezone(key: str, name: str) -> None:
    from zoneinfo import ZoneInfo, available_timezones

    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        near = nearest_name(name, available_timezones())
        remedy = f"did you mean {near}?" if near else "give one such as America/New_York or UTC."
        raise ConfigurationError(f"{key}={name} is no time zone; {remedy}") from None


def check_prices(prices: PricesConfig) -> None:
    """Raise ConfigurationError if `file` and `table` are both given, or if `table` is no name of a BigQuery table.

    Such a name has the form dataset.table or project.dataset.table.
    """
    if prices.table is not None:
        check_table_name("prices.table", prices.table)
        if prices.file is not None:
            raise ConfigurationError("prices.file and prices.table are both given: give one of them.")


def check_bigquery_ledger(ledger: BigQueryLedgerConfig) -> None:
    check_ledger(ledger)
    check_connection(ledger, "ledger")
    check_table_name("ledger.entries", ledger.entries)
    check_table_name("ledger.grades", ledger.grades)


def check_order(first: str, start: date | None, last: str, end: date | None) -> None:
    if start is not None and end is not None and start > end:
        raise ConfigurationError(f"{first} {start} is after {last} {end}: swap them, or give both.")


def check_list(key: str, items: Sequence[object]) -> None:
    """Raise ConfigurationError if a list is empty or repeats an item."""
    if not items:
        raise ConfigurationError(f"{key} is an empty list: give at least one, or leave it out for the default.")
    repeated = next((item for index, item in enumerate(items) if item in items[:index]), None)
    if repeated is not None:
        raise ConfigurationError(f"{key} names {repeated} twice: name each once.")


GROUP_CHECKS: dict[type, Callable[[Any], None]] = {
    AskedCutoffConfig: check_availability,
    AvailabilityConfig: check_availability,
    TargetConfig: check_target,
    ValidationConfig: check_validation,
    DateWindowConfig: check_dates,
    WalkForwardWindowConfig: check_walk_forward,
    EvaluationConfig: check_evaluation,
    FolderLedgerConfig: check_ledger,
    PricesConfig: check_prices,
    BigQueryLedgerConfig: check_bigquery_ledger,
    DuckDBWarehouseConfig: check_duckdb_warehouse,
    BigQueryWarehouseConfig: check_bigquery_warehouse,
    BigQueryTrackingConfig: check_bigquery_tracking,
}
