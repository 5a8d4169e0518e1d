"""The setting warehouse.columns, which maps the names of columns in queries to the names in the user's tables.

Messages call the name in queries, such as `points`, our name. In this module `names` contains pairs of the name in
queries and the name in the user's tables, such as (points, PTS). Letter case of the user's name does not matter.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from breakout.errors import ConfigurationError, DataError, nearest_name
from breakout.warehouse.tables import HISTORY_TABLES, PRICES, WAREHOUSE_TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from breakout.warehouse.tables import Table

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,299}")

AnyColumn = TypeVar("AnyColumn")


def check_column_names(names: Sequence[tuple[str, str]]) -> None:
    """Raise ConfigurationError if `names`, pairs of a name in queries and a name in the user's tables, is malformed.

    The name in queries must consist of lower-case letters, digits and underscores, and must not begin with a digit. Two
    columns of one table must not be read from the same column of the user.
    """
    for name, _ in names:
        if not _PLAIN_NAME.fullmatch(name):
            raise ConfigurationError(
                f"warehouse.columns gives a column the name {name!r}; write our name first, in lower-case letters, "
                "digits and _, as in warehouse.columns={points: PTS}."
            )
    for table in WAREHOUSE_TABLES:
        counts = Counter(theirs.lower() for _, theirs in named_columns(table, names))
        twice = next((theirs for theirs, count in counts.items() if count > 1), None)
        if twice is not None:
            raise ConfigurationError(f"warehouse.columns reads two columns of {table.name} from {twice}; correct one.")


def named_columns(table: Table, names: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs of `names` (a name in queries, a name in the user's tables) that apply to a table.

    A pair applies to every table whose definition in `tables` has the column. If no definition has the column, the pair
    applies to the tables of players and teams, because a feature may read the column there.
    """
    declared = {column.name for one in WAREHOUSE_TABLES for column in one.columns}
    own = {column.name for column in table.columns}
    is_history = table in HISTORY_TABLES
    return [(name, theirs) for name, theirs in names if name in own or (is_history and name not in declared)]


def columns_by_user_name(table: Table, names: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the name in queries of each renamed column of a table, by the user's name in lower case.

    `names` contains pairs of a name in queries and a name in the user's tables.
    """
    return {theirs.lower(): name for name, theirs in named_columns(table, names)}


def rename_columns(columns: Mapping[str, AnyColumn], named: Mapping[str, str]) -> dict[str, AnyColumn]:
    """Return `columns` with new names, as `named` maps old names to new ones; all other names stay.

    All names are in lower case. A renamed column replaces another column that already has its new name.
    """
    kept = {name: column for name, column in columns.items() if name not in named}
    return kept | {named[name]: column for name, column in columns.items() if name in named}


def check_needed_names(
    table: Table, where: str, spellings: Mapping[str, str], names: Sequence[tuple[str, str]]
) -> None:
    """Raise DataError if a table has a required column of `names` under neither of its two names.

    `names` contains pairs of a name in queries and a name in the user's tables. `spellings` contains the columns of the
    table after renaming, each with its spelling in the user's table. `where` is the path or full name of the table for
    the message, which suggests a similar column if there is one. Columns that are not in `names` are not checked.
    """
    needed = {column.name for column in table.columns if not column.is_optional} - set(spellings)
    for name, theirs in names:
        if name in needed:
            near = nearest_name(theirs, list(spellings.values()))
            remedy = f"is {near} meant?" if near else "correct warehouse.columns."
            raise DataError(
                f"{table.name} ({where}) has neither the column {theirs}, which warehouse.columns reads as {name}, "
                f"nor a column {name}; {remedy}"
            )


def check_names_found(names: Sequence[tuple[str, str]], read: Iterable[Table], found: Collection[str]) -> None:
    """Raise DataError if `names` contains a name of the user that none of the tables `read` has.

    `names` contains pairs of a name in queries and a name in the user's tables. `found` contains the lower-case names
    of the columns in these tables. Pairs that apply to none of the tables are not checked.
    """
    for name, theirs in dict.fromkeys(pair for table in read for pair in named_columns(table, names)):
        if theirs.lower() not in found:
            raise DataError(
                f"warehouse.columns reads {name} from a column {theirs}, which no table has; correct it, or leave "
                f"{name} out."
            )


def naming_remedy(table: Table) -> str:
    """Return the end of the message about columns that a table lacks, which shows how to set warehouse.columns.

    Return "" for the table of prices, to which this setting does not apply.
    """
    return "" if table is PRICES else ", under these names or as 'warehouse.columns={points: PTS}' gives them"
