"""Checks of the columns, keys and values of one source table; a failure is a DataError that names the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breakout.errors import DataError, nearest_name
from breakout.warehouse.tables import AVAILABILITY, PRICES, STATUSES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from breakout.warehouse.base import Warehouse
    from breakout.warehouse.tables import SourceTables, Table

# A game_date outside these dates is an error. The league's first season began in 1946. A year that was written with two
# digits is read as a year before 100.
_FIRST_DATE, _LAST_DATE = "DATE '1946-01-01'", "DATE '2100-12-31'"
_NO_SEASON_TYPE = "season_type is NULL or empty"
# These patterns find text that must not reach a terminal or a spreadsheet. Control characters can clear a terminal, and
# format characters (writing direction, zero width) can hide or reverse text. A spreadsheet executes a cell that begins
# with =, +, - or @.
_UNSAFE = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"
_FORMULA = "[=+@-]"

# A report may be dated at most this many days before or after its game. The league publishes the first report of a game
# on the day before, but other sources may be earlier. A report outside this range is probably about another game.
_DAYS_BEFORE, _DAYS_AFTER = 7, 2
_UNKNOWN_STATUS = f"CONCAT('status is ', status, ', not one of {', '.join(STATUSES)},')"
_FAR_REPORT = f"'reported_at is more than {_DAYS_BEFORE} days before game_date or more than {_DAYS_AFTER} after it'"
_REPORT_SPAN = f"(UNIX_DATE(game_date) - {_DAYS_BEFORE}) * 86400 AND (UNIX_DATE(game_date) + {_DAYS_AFTER}) * 86400"
_AVAILABILITY_PROBLEMS = (
    f"WHEN status NOT IN ({', '.join(map(repr, STATUSES))}) THEN {_UNKNOWN_STATUS}",
    f"WHEN UNIX_SECONDS(reported_at) NOT BETWEEN {_REPORT_SPAN} THEN {_FAR_REPORT}",
)
_NAMELESS = (
    "WHEN COALESCE(player_lookup, '') = '' AND COALESCE(player_full_name, '') = '' "
    "THEN 'player_lookup and player_full_name are both missing'"
)

# The largest number that a row may contain; numbers in box scores are far smaller. Features sum minutes and usage in
# units of a billionth. Up to this limit a FLOAT64 represents the sum over 900 games exactly.
_MOST = 10_000


def check_columns(
    table: Table, where: str, present: Collection[str], folders: Collection[str] = (), remedy: str = ""
) -> None:
    """Raise DataError if a table lacks required columns; the message names them.

    - `where`: the path or full name of the table, for the message.
    - `present`: the columns of the table.
    - `folders`: columns that only folder names contain, such as season_year in `season_year=2025/`. If all missing
      columns are among them, the message suggests reading them from the folder names.
    - `remedy`: the end of the message.
    """
    missing = [column.name for column in table.columns if not column.is_optional and column.name not in present]
    if missing:
        raise DataError(
            f"{table.name} ({where}) lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
            f"{_what_may_be_meant(missing, set(present) - {column.name for column in table.columns}, folders)}; "
            f"it must hold {', '.join(column.name for column in table.columns if not column.is_optional)}{remedy}."
        )


def _what_may_be_meant(missing: Sequence[str], others: Collection[str], folders: Collection[str]) -> str:
    """Return the part of the message that suggests a remedy for the missing columns; "" if no remedy fits.

    - `others`: the present columns that the table does not declare. The remedy may be to rename one of them.
    - `folders`: the columns that only folder names contain, such as season_year in `season_year=2025/`. The remedy may
      be to read these columns from the folder names.
    """
    if set(missing) <= set(folders):
        return ", which its folder names (read it with warehouse.hive_partitioning=true)"
    near = dict.fromkeys(filter(None, (nearest_name(column, others) for column in missing)))
    return f" (is {' or '.join(near)} meant?)" if near else ""


def problem_query(sources: SourceTables, table: Table, *, is_filtered: bool) -> str:
    """Return a query that finds rows of a table with a missing or impossible value, a repeated key or unsafe text.

    Text is unsafe if it has a control or format character, or begins like a formula. A row with several
    problems is counted under the first. The result has up to five rows for each problem. The columns are

    - `problem`: a text about the problem.
    - the columns of the table's key, and team_abbr if the table has it.
    - `total`: the number of rows with the problem.

    If `is_filtered` is true, the query reads only rows whose game_date is from @history_start to @end.
    """
    needed = [column for column in table.columns if not column.is_nullable]
    whens = [f"WHEN {column.name} IS NULL THEN '{column.name} is NULL'" for column in needed]
    whens += [f"WHEN {column.name} = '' THEN '{column.name} is empty'" for column in needed if column.type == "STRING"]
    if table.has_season_type and sources.has_season_type and not sources.is_season_type_filled:
        whens.append(f"WHEN season_type IS NULL OR season_type = '' THEN '{_NO_SEASON_TYPE}'")
    whens.append(f"WHEN game_date NOT BETWEEN {_FIRST_DATE} AND {_LAST_DATE} THEN 'game_date is no date of a game'")
    whens += [f"WHEN {name} < 0 THEN '{name} is negative'" for name in table.numbers]
    whens += [f"WHEN {name} > {_MOST} THEN '{name} is infinite or above {_MOST}'" for name in table.numbers]
    key = ", ".join(table.key)
    listed = ", ".join((*table.key, *_team_columns(table)))
    whens += [_NAMELESS] if table is PRICES else []
    whens.append(f"WHEN COUNT(*) OVER (PARTITION BY {key}) > 1 THEN 'the key stands more than once'")
    whens += _AVAILABILITY_PROBLEMS if table is AVAILABILITY else ()
    whens.append(_text_problems([column.name for column in table.columns if column.is_name]))
    where = "\n  WHERE game_date BETWEEN @history_start AND @end" if is_filtered else ""
    cases = "\n      ".join(whens)
    return f"""SELECT problem, {listed}, total
FROM (
  SELECT problem, {listed}, COUNT(*) OVER (PARTITION BY problem) AS total,
    ROW_NUMBER() OVER (PARTITION BY problem ORDER BY {key}) AS number
  FROM (
    SELECT {listed}, CASE
      {cases}
      END AS problem
    FROM {sources.reference(table)}{where}
  )
  WHERE problem IS NOT NULL
)
WHERE number <= 5
ORDER BY problem, {key}"""


def _team_columns(table: Table) -> tuple[str, ...]:
    """Return the columns that messages show after the key: team_abbr, if the table has it outside its key.

    The team is shown because rows with a repeated key may have different teams.
    """
    names = {column.name for column in table.columns} - set(table.key)
    return ("team_abbr",) if "team_abbr" in names else ()


def _text_problems(names: Sequence[str]) -> str:
    """Return the WHEN branch of a CASE for text in these columns that is unsafe (see `_UNSAFE` and `_FORMULA`).

    The clause first searches all columns together, which takes a third of the time of separate searches.
    """
    together = ", ".join(f"'|', COALESCE(CAST({name} AS STRING), '')" for name in names)
    each = "\n        ".join(
        f"WHEN REGEXP_CONTAINS(CAST({name} AS STRING), r'{_UNSAFE}') THEN '{name} has a control or format character'\n"
        f"        WHEN REGEXP_CONTAINS(CAST({name} AS STRING), r'^{_FORMULA}') THEN '{name} begins with =, +, - or @'"
        for name in names
    )
    return f"WHEN REGEXP_CONTAINS(CONCAT({together}), r'\\|{_FORMULA}|{_UNSAFE}') THEN CASE\n        {each} END"


def check_rows(warehouse: Warehouse, table: Table, parameters: Mapping[str, object], where: str = "") -> None:
    """Raise DataError if `problem_query` finds a problem in a table.

    - `parameters`: @history_start and @end, the first and the last game_date to check. If empty, all rows are checked.
    - `where`: the name of the table and its files, for the message. If empty, the message names only the table.

    The message names one problem, its number of rows and a few keys.
    """
    sql = problem_query(warehouse.sources, table, is_filtered=bool(parameters))
    found = warehouse.query(sql, parameters).to_pylist()
    if not found:
        return
    problem = found[0]["problem"]
    rows = [row for row in found if row["problem"] == problem]
    keys: dict[str, dict[str, None]] = {}
    for row in rows:
        teams = keys.setdefault(f"({', '.join(visible(row[part]) for part in table.key)})", {})
        teams.update((visible(row[column]), None) for column in _team_columns(table))
    examples = (f"{key} for {' and '.join(teams)}" if len(teams) > 1 else key for key, teams in keys.items())
    remedy = "name it with warehouse.season_type=regular, or " if problem == _NO_SEASON_TYPE else ""
    raise DataError(
        f"{where or table.name}: {problem} in {rows[0]['total']} row{'s' if rows[0]['total'] > 1 else ''}, for example "
        f"({', '.join(table.key)}) = {', '.join(examples)}; {remedy}correct the source and run again."
    )


def visible(value: object) -> str:
    """Return the value as text, with `repr`'s escapes if it contains a character that is not printable."""
    text = str(value)
    return text if text.isprintable() else repr(text)[1:-1]
