"""The differences that an audit finds when it compares two computations of the same rows bit by bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from breakout.proof.sampling import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from breakout.dataset import Dataset
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.proof.paths import Paths, RowBuilder
    from breakout.proof.replay import Replay

ROWS = "(rows)"
COLUMNS = "(columns)"
GAMES = "(games)"


@dataclass(frozen=True)
class Difference:
    """A difference that a check of the audit found: usually one feature of one row, with its two values.

    - `feature`: the name of the feature. ROWS or COLUMNS if two computations have different rows or columns. GAMES if
      source tables contradict each other about a game.
    - `player_lookup`, `game_id`, `game_date`: empty texts where they do not apply.
    - `expected`, `found`: two values of the feature, or two texts that describe another difference.
    """

    check: str
    feature: str
    player_lookup: str
    game_id: str
    game_date: str
    expected: float | str
    found: float | str


@dataclass(frozen=True)
class Audited:
    """The sampled rows of an audit, and everything that the checks need to compute them again.

    - `rows`: the sampled rows, built for training from unchanged data.
    - `paths`: the audited row builders.
    - `replay`: a warehouse with a copy of the source tables.
    - `end`: the last date of the audit.
    - `seed`: the seed of the random values and statuses with which the checks replace data.
    """

    rows: Dataset
    config: BreakoutFeatureConfig
    paths: Paths
    replay: Replay
    end: date
    seed: int

    def days(self) -> list[date]:
        """Return the distinct dates of the sampled rows, in order."""
        return [day.item() for day in np.unique(self.rows.dates)]

    def of_day(self, day: date) -> Dataset:
        """Return the sampled rows of one date."""
        return self.rows.take(self.rows.dates == np.datetime64(day))

    def recompute(self, path: RowBuilder, start: date, end: date) -> Dataset:
        """Build the rows of the dates `start` to `end`, both inclusive, with the row builder `path`.

        The row builder reads the copied source tables, which a check may have changed.
        """
        return path(self.replay, self.config, start, end)


def compare_rows(check: str, expected: Dataset, found: Dataset) -> Iterator[Difference]:
    """Yield a difference for each feature value whose bits differ, and for each row missing or repeated in `found`.

    `check` is the name of the check. If the feature columns differ, only one difference about the columns is yielded.
    Rows that only `found` has are ignored.
    """
    if tuple(found.X.columns) != tuple(expected.X.columns):
        yield Difference(check, COLUMNS, "", "", "", ", ".join(expected.X.columns), ", ".join(found.X.columns))
        return
    places: dict[tuple[str, str, str], list[int]] = {}
    for place, key in enumerate(keys_of(found)):
        places.setdefault(key, []).append(place)
    values, others = expected.X.to_numpy(), found.X.to_numpy()
    for number, key in enumerate(keys_of(expected)):
        at = places.get(key, [])
        if len(at) != 1:
            yield Difference(check, ROWS, *key, "1 row", f"{len(at)} rows")
            continue
        # Bits are compared, so that two NaN are equal, and 0.0 and -0.0 differ.
        differs = values[number].view("int64") != others[at[0]].view("int64")
        for position in np.flatnonzero(differs):
            feature = str(expected.X.columns[int(position)])
            yield Difference(check, feature, *key, float(values[number, position]), float(others[at[0], position]))


def own_rows(rows: Dataset) -> str:
    """Return an SQL condition that is true for exactly these rows in the table player_game_summary."""
    pairs = ", ".join(f"({quoted(key[1])}, {quoted(key[0])})" for key in keys_of(rows))
    return f"(game_id, player_lookup) IN ({pairs})" if pairs else "FALSE"


def quoted(text: str) -> str:
    """Return a text as an SQL string of DuckDB, in single quotes."""
    return "'" + text.replace("'", "''") + "'"
