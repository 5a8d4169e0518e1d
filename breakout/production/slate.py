"""The slate of a day: the ranked candidates for a breakout, and the skipped players with the reason.

A candidate meets four conditions:

- His latest game this season was for a team that plays on the day.
- That game is at most `max_days_since_game` days old.
- He is a role player (his season average is in the range of the model's target), with at least `min_prior_games` games
  this season.
- The injury reports do not list him as out.

The same query builds the features of candidates and of training rows. Injury reports are used up to the cutoff, a time
of day in the model's settings. If the slate is built before the cutoff, it uses the reports made so far.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from breakout.dataset import Dataset, build_dataset
from breakout.errors import ConfigurationError, DataError
from breakout.features.config import cutoff_instant
from breakout.features.query import KEY_COLUMNS
from breakout.production.statuses import ReportedStatuses, known_by, read_statuses
from breakout.warehouse.tables import HISTORY_TABLES, SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.bundle.folder import Bundle
    from breakout.settings import TargetConfig
    from breakout.warehouse.base import Warehouse

TOP_FEATURES = 3
CHECKED = timedelta(days=14)  # the search for missing games begins at least this long before the slate's day

# The columns of `Slate.ranked`. A model that predicts distributions of points adds the column `ladder`.
RANKED_COLUMNS = (
    *KEY_COLUMNS,
    "split",
    "probability",
    "player_full_name",
    "team_abbr",
    "opponent_team_abbr",
    "is_home",
    "season_points_avg",
    "points_for_breakout",
    "games_before",
    "days_since_last_game",
    "availability_status",
    "team_out",
    "opponent_out",
    "known_at",
    "top_features",
    "bundle",
    "contract",
)
SKIPPED_COLUMNS = (
    *KEY_COLUMNS,
    "player_full_name",
    "team_abbr",
    "opponent_team_abbr",
    "games_before",
    "season_points_avg",
    "days_since_last_game",
    "availability_status",
    "reason",
)


@dataclass(frozen=True)
class Slate:
    """The players of one day's games: ranked candidates for a breakout, and skipped players.

    - `ranked`: the candidates, highest probability first (columns below).
    - `features`: the feature values of the candidates, including players whom the user later excludes from `ranked`;
      NaN where the model got a default.
    - `skipped`: the players who are not ranked, with SKIPPED_COLUMNS.
    - `warnings`: sentences, for example about games or statuses that are not known yet.
    - `predicted_at`: the time at which the slate was built, in UTC.
    - `statuses`: all statuses in the day's injury reports, including players who are not on the slate.

    The columns of `ranked` that need explaining:

    - `split`: always "slate".
    - `probability`: the probability of a breakout if the player plays.
    - `season_points_avg`: the player's average points this season.
    - `points_for_breakout`: the fewest points that make a breakout.
    - `games_before`: the player's games this season.
    - `availability_status`: doubtful, questionable, probable, available, not_listed, or unknown if nothing was reported
      for the day.
    - `team_out`, `opponent_out`: the names of out or doubtful players of the two teams.
    - `known_at`: the time of the newest injury report, such as 2026-02-05T22:30:00Z; "" if nothing was reported.
    - `top_features`: a text about the features that change the prediction most.
    - `bundle`, `contract`: fingerprints of the saved model and of its definitions of features and label.
    - `ladder`: the list of P(points >= k) for k = 1, 2, ...; only if the model predicts distributions of points.
    """

    day: date
    ranked: pd.DataFrame
    features: pd.DataFrame
    skipped: pd.DataFrame
    warnings: tuple[str, ...]
    predicted_at: datetime
    statuses: ReportedStatuses

    @property
    def known_at(self) -> datetime | None:
        """The time in UTC of the newest injury report that the slate used; None if there is none."""
        return self.statuses.known_at


def build_slate(
    bundle: Bundle, warehouse: Warehouse, day: date, max_days_since_game: int, *, now: datetime | None = None
) -> Slate:
    """Return the slate of a day: the candidates for a breakout, ranked by a saved model, and the skipped players.

    Injury reports are used up to the cutoff time in the model's settings, or up to `now` if `now` is earlier. A player
    whose latest game is more than `max_days_since_game` days old is skipped. `now` needs a time zone; None is the
    present.

    DataError if the schedule has no game on the day, or if a source table is missing or damaged. ConfigurationError if
    a feature needs injury reports and no table of them is configured.
    """
    check_schedule(warehouse, bundle, day)
    now = now or datetime.now(UTC)
    features = replace(bundle.features, availability=known_by(bundle.features.availability, day, now))
    statuses = read_statuses(warehouse, features, day)
    rows = build_dataset(warehouse, features, day, day, row_source="slate")
    stale = (rows.dates - rows.context["last_game_date"].to_numpy().astype("datetime64[D]")).astype("int64")
    reasons = _reasons(rows, stale, statuses, bundle.settings.target, max_days_since_game)
    is_candidate = np.array([reason == "" for reason in reasons], dtype=bool)
    candidates = rows.take(is_candidate)
    ranked = _rank(bundle, candidates, stale[is_candidate], statuses)
    known = candidates.X.mask(candidates.is_missing).loc[ranked.index].reset_index(drop=True)
    skipped = pd.concat([rows.keys, rows.context], axis=1).assign(
        days_since_last_game=stale, availability_status=statuses.of_rows(rows), reason=reasons
    )
    skipped = skipped.loc[~is_candidate, list(SKIPPED_COLUMNS)].sort_values(["reason", "player_lookup"])
    ranked, skipped = ranked.reset_index(drop=True), skipped.reset_index(drop=True)
    warnings = _warnings(bundle, warehouse, day, len(rows)) + _status_warnings(bundle, statuses, day, rows)
    return Slate(day, ranked, known, skipped, warnings, now.astimezone(UTC), statuses)


def mark_mismatch(slate: Slate, differences: Sequence[str]) -> Slate:
    """Return a slate with a warning and a column that mark it as scored under another contract.

    A contract is the definition of features and label. The warning contains `differences`: one sentence for each
    difference between the model's contract and the contract of the installed version. The column `contract_mismatch` in
    the slate's table `ranked` is true.
    """
    warning = f"scored under another contract than the bundle's: {'; '.join(differences)}"
    return replace(slate, ranked=slate.ranked.assign(contract_mismatch=True), warnings=(warning, *slate.warnings))


def check_day(bundle: Bundle, day: date) -> None:
    """Raise ConfigurationError unless a day to predict is after the training of a saved model."""
    if day <= bundle.train_end:
        raise ConfigurationError(
            f"date={day} lies in what the bundle has learned from: its training ends on {bundle.train_end}. "
            "Give a later date, or a bundle trained earlier."
        )


def check_schedule(warehouse: Warehouse, bundle: Bundle, day: date) -> None:
    """Raise DataError if the schedule is missing or damaged, or has no game of the model's season types on the day.

    Season types are, for example, regular season and playoffs.
    """
    if not warehouse.has_schedule():
        raise DataError("prediction needs to know who plays whom; give the schedule with warehouse.schedule=PATH.")
    warehouse.check_schedule(day, day)
    types = ", ".join(bundle.features.season_types)
    found = _scheduled_games(warehouse, bundle, day)
    if found["games"]:
        return
    if found["first_date"] is None:
        raise DataError(f"the schedule holds no games of the type {types}; check warehouse.schedule.")
    if not found["first_date"] <= day <= found["last_date"]:
        # The message names only the nearer end of the schedule. The query reads 400 days before and after the day, so
        # it may miss the other end.
        is_after = day > found["last_date"]
        edge = f"ends on {found['last_date']}" if is_after else f"begins on {found['first_date']}"
        raise DataError(f"the schedule {edge} and lacks {day}; bring it up to date or choose another date.")
    raise DataError(f"there are no games of the type {types} on {day}; the next are on {found['next_date']}.")


def _scheduled_games(warehouse: Warehouse, bundle: Bundle, day: date) -> dict[str, Any]:
    """Return the number of games on the day (`games`), and three dates of the schedule.

    `first_date` and `last_date` are the first and last date with games from 400 days before to 400 days after the day;
    `next_date` is the first after the day. Only the model's season types are used. A date is None if there is no game.
    """
    sources = warehouse.sources
    sql = f"""SELECT COUNTIF(game_date = @start) AS games, MIN(game_date) AS first_date, MAX(game_date) AS last_date,
  MIN(IF(game_date > @start, game_date, NULL)) AS next_date
FROM {sources.reference(SCHEDULE)}
WHERE game_date BETWEEN @history_start AND @end
  AND {sources.season_type} IN UNNEST(@season_types)"""  # noqa: S608 - table names are checked, values are parameters
    around = timedelta(days=400)  # more than a year, so that the query finds games of the neighbouring seasons
    answer = warehouse.query(sql, bundle.features.parameters(day - around, day, day + around))
    found: dict[str, Any] = answer.to_pylist()[0]
    return found


def _rank(bundle: Bundle, rows: Dataset, stale: np.ndarray, statuses: ReportedStatuses) -> pd.DataFrame:
    """Return the table of candidates, highest probability first.

    `rows` has the features of the candidates, and the index of the result holds positions in `rows`. `stale` (n,) holds
    the days since each candidate's last game.
    """
    context, absent = rows.context, statuses.absent_players()
    ranked = rows.keys.assign(
        split="slate",
        probability=bundle.predict_probability(rows),
        player_full_name=context["player_full_name"],
        team_abbr=context["team_abbr"],
        opponent_team_abbr=context["opponent_team_abbr"],
        is_home=context["is_home"].astype("int64"),
        season_points_avg=context["season_points_avg"].astype("float64"),
        points_for_breakout=rows.points_for_breakout,
        games_before=context["games_before"].astype("int64"),
        days_since_last_game=stale.astype("int64"),
        availability_status=statuses.of_rows(rows),
        team_out=[absent.get(team, "") for team in context["team_abbr"]],
        opponent_out=[absent.get(team, "") for team in context["opponent_team_abbr"]],
        known_at=f"{statuses.known_at:%Y-%m-%dT%H:%M:%SZ}" if statuses.known_at else "",
        top_features=_top_features(bundle, rows),
        bundle=bundle.fingerprint,
        contract=bundle.contract.fingerprint,
    )
    ladder = bundle.predict_ladder(rows)
    if ladder is not None:
        ranked = ranked.assign(ladder=ladder.tolist())
    order = ["probability", *KEY_COLUMNS]
    return ranked.sort_values(order, ascending=[False, True, True, True], kind="stable")


def _top_features(bundle: Bundle, rows: Dataset) -> list[str]:
    """Return for each row a text about the features that change the predicted log odds most.

    A text names at most TOP_FEATURES features, each with its value and its change of the log odds. A default that fills
    a missing value is followed by `(default)`.
    """
    if not len(rows):
        return []
    contributions = bundle.model.shap_values(rows)
    features = [bundle.features.registry[name] for name in bundle.contract.names]
    values, is_missing = rows.X.to_numpy(), rows.is_missing.to_numpy()
    texts = []
    for row, added in enumerate(contributions):
        largest = [k for k in np.argsort(-np.abs(added), kind="stable")[:TOP_FEATURES] if added[k] != 0]
        filled = [" (default)" if is_missing[row, k] else "" for k in largest]
        named = zip(largest, filled, strict=True)
        parts = [f"{features[k].describe_value(values[row, k])}{mark} {added[k]:+.2f}" for k, mark in named]
        texts.append("; ".join(parts))
    return texts


def _reasons(
    rows: Dataset, stale: np.ndarray, statuses: ReportedStatuses, target: TargetConfig, max_days_since_game: int
) -> list[str]:
    """Return for each row the reason why the player is not a candidate for a breakout; "" for a candidate.

    `stale` (n,) holds the days since each player's last game.
    """
    columns = (rows.context[name] for name in ("games_before", "season_points_avg", "is_role_player"))
    reasons = []
    for status, days, games, average, is_role_player in zip(statuses.of_rows(rows), stale, *columns, strict=True):
        reason = ""
        if status == "out":
            reason = f"listed out at {statuses.cutoff_text}"
        elif games < target.min_prior_games:
            reason = f"fewer than {target.min_prior_games} games this season"
        elif not is_role_player and float(average) < target.min_ppg:
            reason = f"averages fewer than {target.min_ppg:g} points"
        elif not is_role_player:
            reason = f"averages more than {target.max_ppg:g} points"
        elif days > max_days_since_game:
            reason = f"has not played for more than {max_days_since_game} days"
        reasons.append(reason)
    return reasons


def _warnings(bundle: Bundle, warehouse: Warehouse, day: date, players: int) -> tuple[str, ...]:
    """Return a warning if box scores of scheduled games before `day` are missing, and one if there are no players.

    `players` is the number of players on the slate, ranked or skipped.
    """
    latest, sources = warehouse.latest_game_date(), warehouse.sources
    first, last = min(latest + timedelta(days=1), day - CHECKED), day - timedelta(days=1)
    known = " AND ".join(
        f"game_id IN (SELECT game_id FROM {sources.reference(table)} WHERE game_date BETWEEN @start AND @end)"  # noqa: S608
        for table in HISTORY_TABLES
    )
    sql = f"""SELECT COUNT(*) AS games FROM {sources.reference(SCHEDULE)}
WHERE game_date BETWEEN @start AND @end AND {sources.season_type} IN UNNEST(@season_types) AND NOT ({known})"""  # noqa: S608
    missing = warehouse.query(sql, bundle.features.parameters(first, first, last)).to_pylist()[0]["games"]
    message = f"the warehouse ends on {latest}; games scheduled from {first} to {last} that it lacks: {missing}"
    unknown = f"{message}. No feature knows of them." if missing else ""
    nobody = "" if players else f"nobody has played a game this season yet for a team that plays on {day}."
    return tuple(filter(None, (unknown, nobody)))


def _status_warnings(bundle: Bundle, statuses: ReportedStatuses, day: date, rows: Dataset) -> tuple[str, ...]:
    """Return a warning if the cutoff of injury reports is not reached yet, and one if nothing was reported."""
    asked = bundle.features.availability
    early = unreported = ""
    if statuses.is_available and statuses.cutoff < cutoff_instant(asked, day):
        silent = ", ".join(sorted({*rows.context["team_abbr"]} - {*statuses.players["team_abbr"]}))
        early = (
            f"asked for before the cutoff of {asked.cutoff} ({asked.timezone}): statuses reported after "
            f"{statuses.cutoff_text} are not known"
            + (f"; until then nobody is listed for {silent}." if silent else ".")
        )
    if statuses.is_available and not len(statuses.players):
        unreported = f"nothing was reported for {day} by {statuses.cutoff_text}; who is out is not known."
    return tuple(filter(None, (early, unreported)))
