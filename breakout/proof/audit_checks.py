"""The checks of an audit, which compute sampled rows again and report differences.

A check computes the rows from changed data or with another row builder: a function that builds rows for training,
evaluation or prediction. In all checks, `expected` has sampled rows, built for training from unchanged data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from breakout.proof.differences import GAMES, Audited, Difference, compare_rows, own_rows, quoted
from breakout.proof.sampling import keys_of
from breakout.proof.status_checks import LATER_STATUSES, StatusChecks
from breakout.warehouse.checks.consistency import find_inconsistencies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from breakout.dataset import Dataset

TRUNCATION = "truncation"
PERTURBATION = "perturbation"
LABEL = "label independence"
EVALUATION_PATH = "evaluation path"
PREDICTION_PATH = "prediction path"
AGREEMENT = "tables agree"
GAME_CHECKS = (TRUNCATION, PERTURBATION, LABEL, EVALUATION_PATH, PREDICTION_PATH, AGREEMENT)
# The checks that change data on which features must not depend. A difference that one of them finds is a leak.
DATA_CHECKS = (TRUNCATION, PERTURBATION, LABEL, LATER_STATUSES)


def run_checks(audited: Audited, on_date: Callable[[date], object]) -> Iterator[Difference]:
    """Run all checks of an audit, and yield the differences.

    After the checks of each date of the sampled rows, `on_date` is called with the date.
    """
    yield from _contradicting(audited)
    yield from _evaluated(audited)
    statuses = StatusChecks(audited)
    for day in audited.days():
        expected = audited.of_day(day)
        yield from _truncated(audited, expected, day)
        yield from _perturbed(audited, expected, day)
        yield from _flipped(audited, expected, day)
        yield from _predicted(audited, expected, day)
        yield from statuses.of_day(expected, day)
        on_date(day)
    yield from statuses.at_the_end()


def _contradicting(audited: Audited) -> Iterator[Difference]:
    """Yield differences for games about which source tables contradict each other, a few for each kind.

    If two tables give a game different dates, the result of the game can reach a feature of the game's own rows. A kind
    of contradiction that was found but names no games gives one difference without a game.
    """
    for found in find_inconsistencies(audited.replay):
        for game_id, held in found.examples or (("", found.message),):
            yield Difference(AGREEMENT, GAMES, "", game_id, "", "the same game in all tables", held)


def _evaluated(audited: Audited) -> Iterator[Difference]:
    """Build the sampled rows again with the row builder for evaluation, and yield the differences.

    The earlier and the later half of the sampled dates are computed separately. So the check also finds a feature whose
    value depends on the first or last date of the computation.
    """
    days = audited.days()
    middle = days[len(days) // 2]
    for part in (days[: len(days) // 2], days[len(days) // 2 :]):
        if part:
            expected = audited.rows.take((audited.rows.dates >= middle) == (part[0] >= middle))
            found = audited.recompute(audited.paths.evaluation, part[0], part[-1])
            yield from compare_rows(EVALUATION_PATH, expected, found)


def _truncated(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Compute the sampled rows of `day` again without later source rows, and yield the differences from `expected`.

    The player table and the team table keep only rows before `day`. The player table also keeps the source rows of the
    sampled rows.
    """
    own = own_rows(expected)
    players = f"FROM main.player_game_summary WHERE game_date < DATE '{day}' OR {own}"
    teams = f"FROM main.team_offense_game_summary WHERE game_date < DATE '{day}'"
    with audited.replay.changed(player_game_summary=players, team_offense_game_summary=teams):
        yield from compare_rows(TRUNCATION, expected, audited.recompute(audited.paths.training, day, day))


def _perturbed(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Compute the sampled rows of `day` again with random later results, and yield the differences from `expected`.

    Every result on or after `day` is replaced. Every result of the sampled rows' own games is replaced too, even if a
    table dates such a game earlier. Rows are computed up to the last date of the audit, but only the sampled rows are
    compared.
    """
    own_games = ", ".join(sorted({quoted(game_id) for _, game_id, _ in keys_of(expected)}))
    later = f"(game_date >= DATE '{day}' OR game_id IN ({own_games}))"
    players = audited.replay.noise("player_game_summary", later, audited.seed)
    teams = audited.replay.noise("team_offense_game_summary", later, audited.seed)
    with audited.replay.changed(player_game_summary=players, team_offense_game_summary=teams):
        yield from compare_rows(PERTURBATION, expected, audited.recompute(audited.paths.training, day, audited.end))


def _flipped(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Compute the sampled rows of `day` again with reversed labels, and yield the differences from `expected`.

    A sampled row with a breakout gets 0 points, and any other sampled row gets 200 points.
    """
    breakouts = expected.take(expected.label == 1)
    points = f"CASE WHEN {own_rows(breakouts)} THEN 0 WHEN {own_rows(expected)} THEN 200 ELSE points END"
    players = f"SELECT * REPLACE ({points} AS points) FROM main.player_game_summary"
    with audited.replay.changed(player_game_summary=players):
        yield from compare_rows(LABEL, expected, audited.recompute(audited.paths.training, day, day))


def _predicted(audited: Audited, expected: Dataset, day: date) -> Iterator[Difference]:
    """Build the sampled rows of `day` again as for a prediction, and yield the differences from `expected`.

    The games of `day` appear as not played yet, and rows are built for the players of the scheduled teams. Some sampled
    rows are not among these rows, such as a player's first game for a new team. The row builder `paths.listed` builds
    them from a list of players and games.
    """
    before = f"WHERE game_date < DATE '{day}'"
    nights = pd.concat([expected.keys, expected.context], axis=1)
    audited.replay.schedule_games(nights.dropna(subset=["is_home"]), audited.config.season_types[0])
    audited.replay.list_rows(nights)
    with audited.replay.changed(
        player_game_summary=f"FROM main.player_game_summary {before}",
        team_offense_game_summary=f"FROM main.team_offense_game_summary {before}",
        schedule="FROM main.tonight",
    ):
        slate = audited.recompute(audited.paths.prediction, day, day)
        on_slate = set(keys_of(slate))
        is_on_slate = np.array([key in on_slate for key in keys_of(expected)], dtype=bool)
        yield from compare_rows(PREDICTION_PATH, expected.take(is_on_slate), slate)
        if not is_on_slate.all():
            listed = audited.recompute(audited.paths.listed, day, day)
            yield from compare_rows(PREDICTION_PATH, expected.take(~is_on_slate), listed)
