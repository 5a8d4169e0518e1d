"""The command `breakout import`, which makes source tables from public box scores, schedules and injury reports."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.box_scores.differences import compare_folders
from breakout.box_scores.download import clear_download, download_season
from breakout.box_scores.extracts import Extract, join, only_season
from breakout.box_scores.hoopr import extract_hoopr
from breakout.box_scores.importing import import_lines
from breakout.box_scores.injury_reports import extract_injury_report, report_time
from breakout.box_scores.kaggle import extract_kaggle, rows_of_season
from breakout.box_scores.nba_api import extract_nba_api
from breakout.box_scores.source_files import read_source
from breakout.errors import ConfigurationError, DataError
from breakout.report.terminal.bars import progress_line
from breakout.report.terminal.imports import print_differences, print_import
from breakout.settings.named_files import expand_home
from breakout.warehouse.files.table_folder import read_manifest

if TYPE_CHECKING:
    from breakout.settings import ImportConfig

FORMATS = {"nba_api": extract_nba_api, "hoopr": extract_hoopr, "kaggle": extract_kaggle}


def run(config: ImportConfig) -> int:
    """Import the configured files, or download and import the configured season; return the exit code.

    If `compare` names a folder, compare the imported tables with the tables in that folder afterwards.

    DataError if a file cannot be read or written, if the season cannot be downloaded, or if nothing was imported and
    the folder `to` has no tables yet. ConfigurationError in three cases:

    - the configuration names no file, no season to download and no folder to compare with;
    - the folder `to` has box scores of another source;
    - a file's path begins with `~USER` and there is no such user.
    """
    folder = Path(config.to)
    is_download = not config.files and config.kind == "nba_api" and config.season is not None
    if config.files or is_download:
        with progress_line("import"):
            extract = download_season(str(config.season), folder, config.download) if is_download else _read(config)
            result = import_lines(only_season(extract, config.season), config.kind, folder, datetime.now(UTC))
            clear_download(folder)
        manifest = read_manifest(folder)
        if manifest is None:
            why = "; ".join(left_out.describe() for left_out in result.left_out) or "the files hold no rows"
            raise DataError(f"nothing was imported into {folder}: {why.removesuffix(', ...')}.")
        print_import(result, folder, manifest)
    elif config.compare is None:
        raise ConfigurationError(
            f"there is nothing to import; name files, as in breakout import {config.kind} games.csv to={config.to}"
            + (", or a season to download: season=2026-27." if config.kind == "nba_api" else ".")
        )
    if config.compare is not None:
        print_differences(compare_folders(folder, Path(config.compare)), folder, Path(config.compare))
    return 0


def _read(config: ImportConfig) -> Extract:
    extracts = []
    for file in config.files:
        rows = read_source(expand_home(file, "the list of files"))
        if config.kind == "injury_report":
            extracts.append(extract_injury_report(rows, file, report_time(config.reported_at, Path(file).name)))
        else:
            wanted = rows_of_season(rows, config.season) if config.kind == "kaggle" else rows
            extracts.append(FORMATS[config.kind](wanted, file))
    return join(extracts)
