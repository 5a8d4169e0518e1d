"""A script for BigQuery's console: a declared variable for each parameter of the feature query, then the query.

`python -m breakout.features.console` prints the script. `python -m breakout.features.console PAGE.md` replaces the SQL
block at the end of that Markdown page with the script.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.features.query import get_training_data_query, seasons_before
from breakout.features.query_plan import plan_query
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Sequence

# The parameters of the feature query by name, each with its type, value and meaning. The script declares a variable
# `p_NAME` for each parameter, because the console accepts no query parameter of type ARRAY, such as `season_types`.
VALUES = {
    "history_start": ("DATE", "DATE '{first_season}-09-01'", "1 September of the first season whose games count"),
    "start": ("DATE", "DATE '2026-01-11'", "first date of the rows"),
    "end": ("DATE", "DATE '2026-02-05'", "last date of the rows, inclusive"),
    "min_ppg": ("FLOAT64", "8.0", "points a game"),
    "max_ppg": ("FLOAT64", "16.0", "points a game"),
    "breakout_multiplier": ("FLOAT64", "1.5", "times the season average"),
    "min_prior_games": ("INT64", "5", "games this season before the row"),
    "season_types": ("ARRAY<STRING>", "['regular']", "games that count"),
}


# Like VALUES, for the parameters that the query has only if a feature reads injury reports.
REPORT_VALUES = {
    "cutoff": ("STRING", "'17:30'", "time of day; later injury reports are not read"),
    "timezone": ("STRING", "'America/New_York'", "time zone of the cutoff"),
    "days_before": ("INT64", "0", "days from the cutoff to the game date"),
}


def console_text(names: Sequence[str] = BREAKOUT_FEATURE_ORDER) -> str:
    """Return a script for BigQuery's console that computes the features `names` from the tables with the default names.

    The parameters of the feature query have example values. FeatureDefinitionError for an unknown feature, ValueError
    if `names` is empty.
    """
    has_reports = plan_query(REGISTRY, tuple(names)).uses_availability
    first_season = 2025 - seasons_before(names)  # 2025, because the dates in VALUES are in the season 2025-26
    declared = "\n".join(
        f"DECLARE p_{name} {kind} DEFAULT {value.format(first_season=first_season)};  -- {meaning}"
        for name, (kind, value, meaning) in (VALUES | (REPORT_VALUES if has_reports else {})).items()
    )
    query = re.sub(r"@(\w+)", r"p_\1", get_training_data_query(names)).rstrip()
    return f"{declared}\n\n{query};\n"


def renew_page(path: Path) -> None:
    """Replace the last SQL block of a Markdown page, and all text after it, with the script for BigQuery's console.

    The script computes the features of BREAKOUT_FEATURE_ORDER. DataError if the page has no SQL block, OSError if the
    file cannot be read or written.
    """
    before, fence, _ = path.read_text(encoding="utf-8").rpartition("```sql\n")
    if not fence:
        raise DataError(f"{path} has no SQL block to replace; end the page with a block that begins with ```sql.")
    path.write_text(f"{before}{fence}{console_text()}```\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        renew_page(Path(sys.argv[1]))
    else:
        print(console_text(), end="")
