"""The setting warehouse.columns, which maps column names in queries to column names in the user's tables.

In this module `names` contains pairs of these two names. The pair ("points", "PTS") means: queries read `points`, and
the user's table has the column PTS. Letter case of the user's name does not matter.
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
    """Raise ConfigurationError if the setting warehouse.columns is malformed.

    - `names`: pairs of a column's name in queries and its name in the user's tables, such as ("points", "PTS"). The
      name in queries must be lower-case letters, digits and underscores, without a digit at the start. Two columns of
      one table must not have the same name in the user's tables.
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

    A pair applies to every table that declares the column. If no table declares the column, the pair applies to the
    tables of players and teams, because a feature may read the column there.
    """
    declared = {column.name for one in WAREHOUSE_TABLES for column in one.columns}
    own = {column.name for column in table.columns}
    is_history = table in HISTORY_TABLES
    return [(name, theirs) for name, theirs in names if name in own or (is_history and name not in declared)]


def columns_by_user_name(table: Table, names: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the renamed columns of a table: a dict from the user's name in lower case to the name in queries."""
    return {theirs.lower(): name for name, theirs in named_columns(table, names)}


def rename_columns(columns: Mapping[str, AnyColumn], named: Mapping[str, str]) -> dict[str, AnyColumn]:
    """Return `columns` with renamed keys; `named` maps old names to new ones.

    The caller passes all names in lower case. A renamed column replaces another column that already has the new name.
    """
    kept = {name: column for name, column in columns.items() if name not in named}
    return kept | {named[name]: column for name, column in columns.items() if name in named}


def check_needed_names(
    table: Table, where: str, spellings: Mapping[str, str], names: Sequence[tuple[str, str]]
) -> None:
    """Raise DataError if a required column is renamed in `names`, but the table has a column of neither name.

    - `where`: the path or full name of the table, for the message.
    - `spellings`: maps the name of each column in queries to its name in the user's table, such as points to PTS.
    - `names`: the renamings in warehouse.columns, such as ("points", "PTS").
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
    """Raise DataError if warehouse.columns names a column that is in none of the given tables.

    - `names`: the renamings in warehouse.columns, such as ("points", "PTS"). A pair is checked only if `named_columns`
      returns it for one of the tables.
    - `found`: the user's column names in these tables, in lower case.
    """
    for name, theirs in dict.fromkeys(pair for table in read for pair in named_columns(table, names)):
        if theirs.lower() not in found:
            raise DataError(
                f"warehouse.columns reads {name} from a column {theirs}, which no table has; correct it, or leave "
                f"{name} out."
            )


def naming_remedy(table: Table) -> str:
    """Return the end of the message about missing columns, which shows how to set warehouse.columns.

    The end is "" for the table of prices, to which this setting does not apply.
    """
    return "" if table is PRICES else ", under these names or as 'warehouse.columns={points: PTS}' gives them"
