"""The checks of an audit: sampled rows are computed again on changed data and along other paths, and compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.proof.sampling import keys_of
from breakout.warehouse.consistency import find_inconsistencies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from breakout.dataset import Dataset
    from breakout.features.config import BreakoutFeatureConfig
    from breakout.proof.paths import Path, Paths
    from breakout.proof.replay import Replay

TRUNCATION = "truncation"
PERTURBATION = "perturbation"
LABEL = "label independence"
EVALUATION_PATH = "evaluation path"
PREDICTION_PATH = "prediction path"
AGREEMENT = "tables agree"
CHECKS = (TRUNCATION, PERTURBATION, LABEL, EVALUATION_PATH, PREDICTION_PATH, AGREEMENT)
# These checks change only the data, so a difference is a leak. The other checks compare paths or source tables.
DATA_CHECKS = (TRUNCATION, PERTURBATION, LABEL)
ROWS = "(rows)"
COLUMNS = "(columns)"
GAMES = "(games)"


@dataclass(frozen=True)
class Difference:
    """One row and feature for which two computations differ.

    `feature` is ROWS or COLUMNS if the dataset's rows or columns differ, and GAMES if source tables contradict each
    other.
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
    """The sampled rows as the training path computed them on all data, and everything needed to compute them again."""

    rows: Dataset
    config: BreakoutFeatureConfig
    paths: Paths
    replay: Replay
    end: date
    seed: int

    def days(self) -> list[date]:
        """Return the distinct dates of the sampled rows."""
        return [day.item() for day in np.unique(self.rows.dates)]

    def of_day(self, day: date) -> Dataset:
        """Return the sampled rows of one date."""
        return self.rows.take(self.rows.dates == np.datetime64(day))


def run_checks(audited: Audited, on_date: Callable[[date], object]) -> Iterator[Difference]:
    """Yield the differences of every check, date by date; `on_date` is called with each finished date."""
    yield from _contradicting(audited)
    yield from _evaluated(audited)
    for day in audited.days():
        expected = audited.of_day(day)
        yield from _truncated(audited, expected, day)
        yield from _perturbed(audited, expected, day)
        yield from _flipped(audited, expected, day)
        yield from _predicted(audited, expected, day)
        on_date(day)


def _contradicting(audited: Audited) -> Iterator[Difference]:
    """Yield contradictions between the audited tables.

    They matter in an audit: if two tables give a game different dates, the game's own result can reach a feature.
    """
    for found in find_inconsistencies(audited.replay):
        for game_id, held in found.examples or (("", found.message),):
            yield Difference(AGREEMENT, GAMES, "", game_id, "", "the same game in all tables", held)


def recompute(audited: Audited, path: Path, start: date, end: date) -> Dataset:
    """Return the rows from `start` to `end`, computed by a path from the present tables of the replay."""
    return path(audited.replay, audited.config, start, end)


def _evaluated(audited: Audited) -> Iterator[Difference]:
    """Compare with the evaluation path over two windows: the start of a window must not change a feature."""
    days = audited.days()
    middle = days[len(days) // 2]
    for part in (days[: len(days) // 2], days[len(days) // 2 :]):
        if part:
            expected = audited.rows.take((audited.rows.dates >= middle) == (part[0] >= middle))
            found = recompute(audited, audited.paths.evaluation, part[0], part[-1])
            yield from compare_rows(EVALUATION_PATH, expected, found)


def _truncated(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Compare the sampled rows of `day` with the same rows computed after all later data was removed.

    The team table keeps only rows before `day`; the player table also keeps the sampled rows.
    """
    own = own_rows(expected)
    players = f"FROM main.player_game_summary WHERE game_date < DATE '{day}' OR {own}"
    teams = f"FROM main.team_offense_game_summary WHERE game_date < DATE '{day}'"
    with audited.replay.changed(players, teams):
        yield from compare_rows(TRUNCATION, expected, recompute(audited, audited.paths.training, day, day))


def _perturbed(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Compare the sampled rows of `day` with the same rows computed after results were replaced by noise.

    Noise replaces every result on or after `day`, and the results of the sampled rows' own games whatever date a table
    gives them. The rows are computed as part of a window that ends on the last date of the audit.
    """
    own_games = ", ".join(sorted({quoted(game_id) for _, game_id, _ in keys_of(expected)}))
    later = f"(game_date >= DATE '{day}' OR game_id IN ({own_games}))"
    players = audited.replay.noise("player_game_summary", later, audited.seed)
    teams = audited.replay.noise("team_offense_game_summary", later, audited.seed)
    with audited.replay.changed(players, teams):
        yield from compare_rows(PERTURBATION, expected, recompute(audited, audited.paths.training, day, audited.end))


def _flipped(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Compare after reversing the labels of the sampled rows: a player with a breakout scores 0, any other 200."""
    breakouts = expected.take(expected.label == 1)
    points = f"CASE WHEN {own_rows(breakouts)} THEN 0 WHEN {own_rows(expected)} THEN 200 ELSE points END"
    players = f"SELECT * REPLACE ({points} AS points) FROM main.player_game_summary"
    with audited.replay.changed(players, "FROM main.team_offense_game_summary"):
        yield from compare_rows(LABEL, expected, recompute(audited, audited.paths.training, day, day))


def _predicted(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Compare with the prediction path, for which the games of `day` are not played yet.

    Rows that the slate does not hold are compared with the path `listed`.
    """
    before = f"WHERE game_date < DATE '{day}'"
    nights = pd.concat([expected.keys, expected.context], axis=1)
    audited.replay.schedule_games(nights.dropna(subset=["is_home"]), audited.config.season_types[0])
    audited.replay.list_rows(nights)
    with audited.replay.changed(
        f"FROM main.player_game_summary {before}", f"FROM main.team_offense_game_summary {before}"
    ):
        slate = recompute(audited, audited.paths.prediction, day, day)
        on_slate = set(keys_of(slate))
        is_on_slate = np.array([key in on_slate for key in keys_of(expected)], dtype=bool)
        yield from compare_rows(PREDICTION_PATH, expected.take(is_on_slate), slate)
        if not is_on_slate.all():
            listed = recompute(audited, audited.paths.listed, day, day)
            yield from compare_rows(PREDICTION_PATH, expected.take(~is_on_slate), listed)


def own_rows(rows: Dataset) -> str:
    """Return an SQL condition that holds for exactly these rows of player_game_summary."""
    pairs = ", ".join(f"({quoted(key[1])}, {quoted(key[0])})" for key in keys_of(rows))
    return f"(game_id, player_lookup) IN ({pairs})" if pairs else "FALSE"


def quoted(text: str) -> str:
    """Return a text as a quoted SQL string of DuckDB."""
    return "'" + text.replace("'", "''") + "'"


def compare_rows(check: str, expected: Dataset, found: Dataset) -> Iterator[Difference]:
    """Yield the values that differ in any bit, and the expected rows that are missing or duplicated."""
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
        # compared as bits: two NaN are equal, 0.0 and -0.0 are not
        differs = values[number].view("int64") != others[at[0]].view("int64")
        for position in np.flatnonzero(differs):
            feature = str(expected.X.columns[int(position)])
            yield Difference(check, feature, *key, float(values[number, position]), float(others[at[0], position]))
