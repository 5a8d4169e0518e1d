"""The output of a slate (one day's ranked players) to the data files or the BigQuery table that `out=` names.

The extension chooses the format of a file: CSV, Parquet or JSON (a list of records). With `out=slate.csv` the files are

    slate.csv            the ranked players
    slate.skipped.csv    the skipped players, in a file of their own because they have no probability
    slate.prices.csv     the prices, if they are configured

A BigQuery table gets the ranked players only. Web pages are not written here but by `breakout predict`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from breakout.artifacts import save_json, save_parquet, save_text
from breakout.errors import ConfigurationError
from breakout.safe_text import format_csv
from breakout.settings import BigQueryWarehouseConfig
from breakout.settings.identifiers import check_table_name

if TYPE_CHECKING:
    import pandas as pd

    from breakout.production.slate import Slate
    from breakout.settings import WarehouseConfig

BIGQUERY = "bigquery:"
PAGE = ".html"
DATA_FILES = (".csv", ".parquet", ".json")


def check_out(out: str | None, warehouse: WarehouseConfig) -> None:
    """Raise ConfigurationError unless `out` names a data file, a web page or a BigQuery table, or is None.

    A data file ends in .csv, .parquet or .json, a web page in .html. A table is given as bigquery:DATASET.TABLE, and
    needs a BigQuery `warehouse`.
    """
    if out is None:
        return
    if out.startswith(BIGQUERY):
        check_table_name("out=bigquery:", out.removeprefix(BIGQUERY))
        if not isinstance(warehouse, BigQueryWarehouseConfig):
            raise ConfigurationError("out=bigquery:DATASET.TABLE needs to know the project: add warehouse=bigquery.")
    elif Path(out).suffix.lower() not in (*DATA_FILES, PAGE):
        raise ConfigurationError(
            f"out must name a .csv, .parquet, .json or .html file, or a table as bigquery:DATASET.TABLE, got {out!r}."
        )


def check_data_file(out: str | None) -> None:
    """Raise ConfigurationError unless `out` names a CSV, Parquet or JSON file, or is None."""
    if out is not None and Path(out).suffix.lower() not in DATA_FILES:
        raise ConfigurationError(f"out must name a .csv, .parquet or .json file, got {out!r}.")


def write_slate(slate: Slate, out: str, warehouse: WarehouseConfig, offers: pd.DataFrame | None = None) -> list[str]:
    """Write a slate (one day's players) to a BigQuery table or to files, and return the names of the table or files.

    `out` is a data file or bigquery:DATASET.TABLE. A table gets the ranked players only. For a file, a second file
    beside it gets the skipped players, and a third gets `offers` (the slate's prices) unless `offers` is None. A
    file appears whole or not at all. DataError if the table or a file cannot be written.
    """
    if isinstance(warehouse, BigQueryWarehouseConfig) and out.startswith(BIGQUERY):
        from breakout.warehouse.bigquery.writing import replace_slate

        table = out.removeprefix(BIGQUERY)
        replace_slate(slate.ranked, table, warehouse)
        return [table]
    path = Path(out)
    beside = skipped_path(path)
    write_rows(slate.ranked, path)
    write_rows(slate.skipped, beside)
    written = [str(path), str(beside)]
    if offers is not None:
        priced = path.with_name(f"{path.stem}.prices{path.suffix}")
        write_rows(offers, priced)
        written.append(str(priced))
    return written


def skipped_path(path: Path) -> Path:
    """Return the path of the file for skipped players, such as slate.skipped.csv for slate.csv."""
    return path.with_name(f"{path.stem}.skipped{path.suffix}")


def write_rows(frame: pd.DataFrame, path: Path) -> None:
    """Write a table with the column game_date to a file; the extension of `path` chooses Parquet, CSV or JSON.

    Any extension but .parquet and .csv means JSON: a list of records, in which a missing value is null. DataError if
    the file cannot be written.
    """
    if path.suffix.lower() == ".parquet":
        save_parquet(frame, path)
    elif path.suffix.lower() == ".csv":
        save_text(format_csv(frame), path)
    else:
        plain = frame.assign(game_date=frame["game_date"].astype(str)).astype(object)
        # A missing value becomes null, because JSON has no NaN.
        save_json(plain.where(plain.notna(), None).to_dict("records"), path)
