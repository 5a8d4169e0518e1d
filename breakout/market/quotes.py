"""The reading and checking of bookmakers' prices from files or from a BigQuery table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from breakout.errors import DataError
from breakout.market.odds import american_to_decimal
from breakout.safe_text import printable
from breakout.warehouse.checks import row_checks
from breakout.warehouse.tables import PRICES

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd
    import pyarrow as pa

    from breakout.settings import PricesConfig, WarehouseConfig
    from breakout.warehouse.duckdb import DuckDBWarehouse

COLUMNS = [column.name for column in PRICES.columns]
# Lines must be below this number: 0, 0.5, ..., 59.5. A model predicts P(points >= k) only up to k = 60.
HIGHEST_LINE = 60

# The lowest accepted 1/over + 1/under. With a lower sum, bets on both sides would make a sure profit of more than 10 %,
# so the prices or their columns must be wrong.
SUREST = 0.9
_EXAMPLES = 3


def read_prices(config: PricesConfig, warehouse: WarehouseConfig, start: date, end: date) -> pd.DataFrame:
    """Return the quotes (offers of prices) for the game dates from `start` to `end`, both inclusive.

    The columns are
    - game_date, line (a number of points), book (empty if unknown) and is_closing (bool).
    - player_lookup and player_full_name: one of the two may be missing.
    - over_price and under_price: decimal odds; NaN for a missing side.
    - quoted_at: UTC; NaT if unknown.

    ConfigurationError if the prices are in BigQuery and a setting of the warehouse is malformed. DataError if prices
    cannot be read, if a column is missing or of the wrong type, or if a quote occurs twice. DataError also if a row has
    no name, no price, impossible odds, an impossible line (see HIGHEST_LINE), or two prices that promise a sure profit.
    """
    import pandas as pd

    with _open(config, warehouse, start, end) as opened:
        row_checks.check_rows(opened, PRICES, {})
        sql = f"""SELECT {", ".join(COLUMNS)} FROM {opened.sources.reference(PRICES)}
WHERE game_date BETWEEN @start AND @end
ORDER BY {", ".join(COLUMNS)}"""  # noqa: S608 - the names are those of the table
        quotes: pd.DataFrame = opened.query(sql, {"start": start, "end": end}).to_pandas()
    quotes = quotes.assign(
        book=quotes["book"].fillna(""),
        quoted_at=pd.to_datetime(quotes["quoted_at"], utc=True),
        is_closing=quotes["is_closing"].fillna(False).astype(bool),
        **{side: quotes[side].astype("float64") for side in ("line", "over_price", "under_price")},
    )
    _check_american(quotes, config)
    if config.odds == "american":
        decimal = {side: american_to_decimal(quotes[side].to_numpy()) for side in ("over_price", "under_price")}
        quotes = quotes.assign(**decimal)
    _check_quotes(quotes, config)
    return quotes


def _open(config: PricesConfig, warehouse: WarehouseConfig, start: date, end: date) -> DuckDBWarehouse:
    from breakout.warehouse.duckdb import DuckDBWarehouse
    from breakout.warehouse.files.reading import ReadOptions

    if config.file is not None:
        options = ReadOptions(date_format=getattr(warehouse, "date_format", None))
        return DuckDBWarehouse({PRICES.name: config.file}, options, label="prices")
    rows = _read_table(str(config.table), warehouse, {"start": start, "end": end})
    return DuckDBWarehouse.from_arrow({PRICES.name: rows}, label=str(config.table))


def _read_table(name: str, config: WarehouseConfig, days: dict[str, date]) -> pa.Table:
    """Return a BigQuery table's prices from `days["start"]` to `days["end"]`, without the cache of query results.

    A cached result would not change when this table changes, because the cache knows only the fingerprint of the
    warehouse.
    """
    from breakout.warehouse.opening import open_warehouse

    with open_warehouse(config) as opened:
        return opened.query(f"SELECT * FROM `{name}` WHERE game_date BETWEEN @start AND @end", days)  # noqa: S608


def _check_american(quotes: pd.DataFrame, config: PricesConfig) -> None:
    if config.odds != "american":
        return
    for side in ("over_price", "under_price"):
        problem = f"{side} is between -100 and 100, which is no American odds (decimal odds are prices.odds=decimal)"
        _refuse(quotes, quotes[side].abs() < 100, problem)


def _check_quotes(quotes: pd.DataFrame, config: PricesConfig) -> None:
    american = "" if config.odds == "american" else " (American odds are prices.odds=american)"
    line = quotes["line"]
    is_line = (line * 2 == np.floor(line * 2)) & (line >= 0) & (line < HIGHEST_LINE)
    _refuse(quotes, ~is_line, f"line is neither a whole number nor a half from 0 to {HIGHEST_LINE - 0.5}")
    over, under = quotes["over_price"], quotes["under_price"]
    for side, price in (("over_price", over), ("under_price", under)):
        _refuse(quotes, price <= 1, f"{side} is not above 1{american}")
    _refuse(quotes, over.isna() & under.isna(), "over_price and under_price are both missing")
    promise = f"over_price and under_price promise a sure profit{american}"
    _refuse(quotes, 1 / over + 1 / under < SUREST, promise)


def _refuse(quotes: pd.DataFrame, is_wrong: pd.Series, problem: str) -> None:
    """Raise DataError, with `problem` and a few examples, if `is_wrong` is true for any row of `quotes`."""
    wrong = quotes[is_wrong]
    if wrong.empty:
        return
    names = wrong["player_full_name"].fillna(wrong["player_lookup"]).fillna("(no name)").head(_EXAMPLES).map(printable)
    shown = [
        f"{name} on {row.game_date}, line {row.line:g}, {row.over_price:g}/{row.under_price:g}"
        for name, row in zip(names, wrong.head(_EXAMPLES).itertuples(), strict=True)
    ]
    raise DataError(
        f"prices: {problem} in {len(wrong)} row{'s' if len(wrong) > 1 else ''}, for example {'; '.join(shown)}; "
        "correct the source and run again."
    )
