"""Functions that open the configured warehouse, and import only its database library (DuckDB or BigQuery)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.errors import DataError
from breakout.settings.named_files import expand_home
from breakout.warehouse.cache import CachedWarehouse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.settings.data_groups import WarehouseConfig
    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.files.table_files import TableFiles
    from breakout.warehouse.files.table_folder import TableManifest


def open_for(config: Any, command: str, *, is_remembered: bool = False) -> Warehouse:
    """Open the warehouse of a command's settings, with a cache in the folder `cache` below `paths.outputs`.

    Results of BigQuery queries are cached; a dry run reads the cache, but writes nothing there. Results of queries on
    files are cached only if `is_remembered` is true. The files are then read only for results that the cache lacks.
    BigQuery jobs get the command and the name of the run as labels. DataError or ConfigurationError if the warehouse
    cannot be opened.
    """
    cache = Path(config.paths.outputs) / "cache"
    is_lazy = is_remembered and not isinstance(config.warehouse, settings.BigQueryWarehouseConfig)
    opened = open_warehouse(
        config.warehouse,
        cache,
        labels={"command": command, "run": str(getattr(config, "name", command))},
        is_read_only=bool(getattr(config, "dry_run", False)),
        is_lazy=is_lazy,
    )
    return CachedWarehouse(opened, cache) if is_lazy else opened


def open_warehouse(
    config: WarehouseConfig,
    cache_folder: Path | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    is_read_only: bool = False,
    is_lazy: bool = False,
) -> Warehouse:
    """Open the configured warehouse: the embedded sample, the user's files, or BigQuery.

    - `cache_folder`: the folder for results of BigQuery queries. If it is None, results are not cached.
    - `labels`: the labels of BigQuery jobs, such as command and run.
    - `is_read_only`: read the cache, but write nothing there (for a dry run).
    - `is_lazy`: read and check files only when a method first needs their rows.

    DataError if files or credentials are missing or wrong. ConfigurationError if settings are malformed.
    """
    if isinstance(config, settings.SampleWarehouseConfig):
        from breakout.warehouse.sample import open_sample

        return open_sample(is_lazy=is_lazy)
    if isinstance(config, settings.DuckDBWarehouseConfig):
        return _open_files(config, is_lazy=is_lazy)
    from breakout.warehouse.bigquery.warehouse import BigQueryWarehouse

    opened = BigQueryWarehouse(config, labels)
    if cache_folder is None:
        return opened
    return CachedWarehouse(opened, cache_folder, refresh=config.refresh, is_read_only=is_read_only)


def _open_files(config: settings.DuckDBWarehouseConfig, *, is_lazy: bool) -> Warehouse:
    """Open the files that the configuration names.

    Another process may import into warehouse.folder at the same time. If the import changes the folder's manifest (the
    list of valid files), the files are opened again.
    """
    from breakout.warehouse.column_names import check_column_names
    from breakout.warehouse.duckdb import DuckDBWarehouse
    from breakout.warehouse.files.reading import ReadOptions
    from breakout.warehouse.renaming import Renaming

    renaming = Renaming.from_maps(config.team_codes, config.season_types)
    columns = tuple((config.columns or {}).items())
    check_column_names(columns)
    options = ReadOptions(config.season_type, config.date_format, config.hive_partitioning, renaming, columns)
    while True:
        manifest = _manifest(config)
        try:
            opened = DuckDBWarehouse(_files(config), options, is_lazy=is_lazy)
        except DataError:
            if manifest == _manifest(config):
                raise
            continue
        if manifest == _manifest(config):
            return opened
        opened.close()


def _manifest(config: settings.DuckDBWarehouseConfig) -> TableManifest | None:
    from breakout.warehouse.files.table_folder import read_folder

    return None if config.folder is None else read_folder(expand_home(config.folder, "warehouse.folder"))


def _files(config: settings.DuckDBWarehouseConfig) -> Mapping[str, str | TableFiles]:
    """Return the path or the TableFiles of each configured table, by table name.

    All tables are in warehouse.database, if that is set. Otherwise a table's own key, such as warehouse.schedule, takes
    precedence over the table's folder below warehouse.folder. Imported tables that have no rows are left out.
    """
    from breakout.warehouse.files.database_file import find_tables
    from breakout.warehouse.files.table_folder import FOLDER_TABLES

    if config.database is not None:
        return find_tables(Path(config.database), {table: getattr(config, table) for table in FOLDER_TABLES})
    files = {}
    manifest = _manifest(config)
    if config.folder is not None and manifest is not None:
        folder = expand_home(config.folder, "warehouse.folder")
        files = {table: str(folder / table) for table in FOLDER_TABLES if manifest.rows(table)}
    given = {table: getattr(config, table) for table in FOLDER_TABLES}
    return files | {table: path for table, path in given.items() if path is not None}
