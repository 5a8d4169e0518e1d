"""The names of columns in the user's tables, as the setting warehouse.columns gives them.

`names` holds pairs of a column and its name in the user's tables. Letter case of the latter does not matter. A pair
applies to the tables that `named_columns` describes.
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
    """Raise ConfigurationError if `names` is malformed.

    The name of a column must be plain and in lower case. Two columns of one table must not have the same name in the
    user's table.
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
    """Return the pairs of `names` that concern a table.

    A pair concerns a table that declares the column. A column that no table declares is a further column of the history
    tables, which a feature may read.
    """
    declared = {column.name for one in WAREHOUSE_TABLES for column in one.columns}
    own = {column.name for column in table.columns}
    is_history = table in HISTORY_TABLES
    return [(name, theirs) for name, theirs in names if name in own or (is_history and name not in declared)]


def columns_by_user_name(table: Table, names: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the columns of a table by their lower-case names in the user's table."""
    return {theirs.lower(): name for name, theirs in named_columns(table, names)}


def rename_columns(columns: Mapping[str, AnyColumn], named: Mapping[str, str]) -> dict[str, AnyColumn]:
    """Return the columns of a user's table under their new names.

    `columns` is by lower-case name, and `named` maps such names to new ones. A renamed column replaces one that has the
    new name already.
    """
    kept = {name: column for name, column in columns.items() if name not in named}
    return kept | {named[name]: column for name, column in columns.items() if name in named}


def check_needed_names(
    table: Table, where: str, spellings: Mapping[str, str], names: Sequence[tuple[str, str]]
) -> None:
    """Raise DataError if a table lacks a needed column of `names` under both of the column's names.

    `spellings` maps the columns of the table, after renaming, to their names in the user's table. `where` is the path
    or full name of the table.
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
    """Raise DataError for a name of the tables `read` that is not among the lower-case column names `found`."""
    for name, theirs in dict.fromkeys(pair for table in read for pair in named_columns(table, names)):
        if theirs.lower() not in found:
            raise DataError(
                f"warehouse.columns reads {name} from a column {theirs}, which no table has; correct it, or leave "
                f"{name} out."
            )


def naming_remedy(table: Table) -> str:
    """Return the end of the message about absent columns, which tells how to name a column.

    The text is empty for prices, to which warehouse.columns does not apply.
    """
    return "" if table is PRICES else ", under these names or as 'warehouse.columns={points: PTS}' gives them"
