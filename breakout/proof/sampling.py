"""The choice of the rows that an audit computes again: a random sample with rows of each kind of edge case.

Edge cases are rows in which an error of a feature is most likely to show, such as a player's first game after a trade.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.features.query import KEY_COLUMNS

if TYPE_CHECKING:
    from breakout.dataset import Dataset

EDGE_ROWS = 2  # the number of rows that are sampled first for each kind of edge case, if there are as many
LONG_ABSENCE_DAYS = 14
SEASON_START_DAYS = 7  # the length of a season's start, which begins with the date of the season's first row
RARE_SHARE = 0.05
# Computing one row of a date costs about as much as computing all its rows, so the sample has many rows of few dates.
ROWS_PER_DATE = 32


def edge_cases(dataset: Dataset) -> dict[str, np.ndarray]:
    """Return a mask of rows for each kind of edge case, by the name of the kind.

    For a dataset of n rows, a mask has shape (n,).
    """
    rows = pd.concat([dataset.keys, dataset.context], axis=1)
    by_player = rows.groupby(["player_lookup", "season_year"])
    date = pd.to_datetime(rows["game_date"])
    season_start = date.groupby(rows["season_year"]).transform("min")
    previous_team = by_player["team_abbr"].shift()
    absence = (date - pd.to_datetime(rows["last_game_date"])).dt.days
    return {
        "first eligible game": (by_player["games_before"].transform("min") == rows["games_before"]).to_numpy(),
        "after a trade": (previous_team.notna() & (previous_team != rows["team_abbr"])).to_numpy(),
        "after a long absence": (absence > LONG_ABSENCE_DAYS).to_numpy(),
        "back-to-back": (absence == 1).to_numpy(),
        "season start": ((date - season_start).dt.days < SEASON_START_DAYS).to_numpy(),
    }


def sample_rows(dataset: Dataset, rows: int, seed: int) -> tuple[np.ndarray, dict[str, int]]:
    """Return a mask of the sampled rows, shape (n,), and the number of sampled rows of each kind of edge case.

    The sample first takes up to EDGE_ROWS rows of each kind of edge case, then other rows until it has `rows` rows or
    all n rows of `dataset`. The sample is larger than `rows` if the edge cases alone are more. Equal seeds give equal
    samples.
    """
    random = np.random.default_rng(seed)
    chosen = np.zeros(len(dataset), dtype=bool)
    edges = edge_cases(dataset)
    for mask in edges.values():
        found = np.flatnonzero(mask)
        chosen[random.permutation(found)[:EDGE_ROWS]] = True
    dates = dataset.dates
    others = random.permutation(np.unique(dates[~chosen]))
    wanted = max(1, (rows - int(chosen.sum())) // ROWS_PER_DATE)
    used = np.unique(dates[chosen])
    # All rows on the dates of the sampled edge cases are computed anyway, so further rows come from these dates first.
    # Other dates are added if ROWS_PER_DATE rows from each of these dates do not fill the sample.
    allowed = np.isin(dates, np.union1d(used, others[: max(0, wanted - len(used))]))
    spare = random.permutation(np.flatnonzero(allowed & ~chosen))
    # On allowed dates, rows of rare kinds of edge cases are taken first.
    is_rare = np.zeros(len(dataset), dtype=bool)
    for mask in edges.values():
        if mask.mean() < RARE_SHARE:
            is_rare |= mask
    spare = np.concatenate([spare[is_rare[spare]], spare[~is_rare[spare]]])
    if len(spare) < rows - int(chosen.sum()):
        spare = np.concatenate([spare, random.permutation(np.flatnonzero(~allowed & ~chosen))])
    chosen[spare[: max(0, rows - int(chosen.sum()))]] = True
    return chosen, {name: int((mask & chosen).sum()) for name, mask in edges.items()}


def keys_of(dataset: Dataset) -> list[tuple[str, str, str]]:
    """Return player_lookup, game_id and game_date of each row as texts, in the order of the rows."""
    lookups, games, dates = (dataset.keys[column].astype(str).tolist() for column in KEY_COLUMNS)
    return list(zip(lookups, games, dates, strict=True))
