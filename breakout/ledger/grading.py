"""The grading of predictions: the outcome of each prediction in the ledger once its game is played.

    breakout       the player reached the number of points for a breakout
    no             the player played, but did not reach that number
    void           the game was played without the player, or on another date
    pending        the game has no rows yet
    lost           the game has no rows `lost_after_days` days after its date
    late           the prediction was made at or after tip-off or, if that is unknown, after the game date

A prediction is graded if its outcome is `breakout` or `no`. Every call computes all outcomes again from the present
tables, so a corrected box score changes an outcome. The history of grades keeps the earlier outcome.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from breakout.ledger.entries import ENTRY_SCHEMA, KEY
from breakout.warehouse.tables import PLAYER_GAME_SUMMARY, SCHEDULE

if TYPE_CHECKING:
    from datetime import date, datetime

    from breakout.settings import LedgerConfig
    from breakout.warehouse.base import Warehouse

Which = Literal["first", "last"]

GRADED = ("breakout", "no")
OUTCOMES = (*GRADED, "void", "pending", "lost", "late")
# The schedule is searched for moved games up to this many days after the latest predicted game date.
MOVED_WITHIN = timedelta(days=120)
# The columns that grading reads. Features and ladders, the larger part of the files, are not among them.
GRADING_COLUMNS = tuple(name for name in ENTRY_SCHEMA.names if name not in ("features", "ladder", "contract", "data"))

# The columns of the result of `list_graded`. `points_for_breakout` is the number of points needed for a breakout, and
# `points` the number scored.
LISTED_COLUMNS = (
    "game_date",
    "game_id",
    "player_lookup",
    "player_full_name",
    "team_abbr",
    "opponent_team_abbr",
    "role",
    "model",
    "bundle",
    "probability",
    "points_for_breakout",
    "points",
    "outcome",
)

# The columns of the history of grades, which has one row for each outcome that was new or changed at `graded_at`.
# `points` is null unless the outcome is `breakout` or `no`. `was` is the previous outcome; null if there is none.
# `reason` explains the outcome. An example after a correction from 21 to 14 points: "was breakout with 21 points; 14
# points, 20 needed".
GRADE_SCHEMA = pa.schema(
    [
        ("game_date", pa.date32()),
        ("game_id", pa.string()),
        ("player_lookup", pa.string()),
        ("bundle", pa.string()),
        ("graded_at", pa.timestamp("us", tz="UTC")),
        ("outcome", pa.string()),
        ("points", pa.int64()),
        ("was", pa.string()),
        ("reason", pa.string()),
    ]
)


def grade_counted(entries: pd.DataFrame, warehouse: Warehouse, rules: LedgerConfig, today: date) -> pd.DataFrame:
    """Return one prediction for each player, game and model, with the added columns outcome, points and reason.

    The prediction is the first or the last that was made before tip-off, as `rules.which` says. Predictions made at or
    after tip-off are used only if there are no others. `entries` are rows of the ledger, with at least GRADING_COLUMNS.
    DataError if the warehouse cannot be read.
    """
    if entries.empty:
        return entries.assign(outcome="", points=float("nan"), reason="")
    first, last = entries["game_date"].min(), entries["game_date"].max()
    return grade_entries(
        choose_counted(entries, rules.which),
        read_results(warehouse, first, max(last, today)),
        read_scheduled(warehouse, first, last + MOVED_WITHIN),
        today,
        rules.lost_after_days,
    )


def choose_counted(entries: pd.DataFrame, which: Which, key: list[str] = KEY) -> pd.DataFrame:
    """Return one prediction for each value of `key`: the first or the last before tip-off.

    By default, one prediction is returned for each player, game and model. If all predictions were made at or after
    tip-off, the first or the last of them is returned. The rows are sorted by `key`.
    """
    ordered = entries.sort_values(["is_late", "predicted_at"], kind="stable")
    if which == "last":  # predictions made before tip-off come first, then the others; both newest first
        ordered = ordered.iloc[np.lexsort((-ordered["predicted_at"].astype("int64"), ordered["is_late"]))]
    return ordered.drop_duplicates(key).sort_values(key).reset_index(drop=True)


def read_results(warehouse: Warehouse, start: date, end: date) -> pd.DataFrame:
    """Return the points and minutes of all players in games from `start` to `end`, both inclusive.

    The columns are game_id, game_date, player_lookup, team_abbr, points and minutes_played. Rows of players who did not
    play are included. DataError if the warehouse cannot be read.
    """
    sql = f"""SELECT game_id, game_date, player_lookup, team_abbr, points, minutes_played
FROM {warehouse.sources.reference(PLAYER_GAME_SUMMARY)}
WHERE game_date BETWEEN @start AND @end"""  # noqa: S608 - the table's name is checked, dates are parameters
    results: pd.DataFrame = warehouse.query(sql, {"start": start, "end": end}).to_pandas()
    return results


def read_scheduled(warehouse: Warehouse, start: date, end: date) -> dict[str, date]:
    """Return the dates of the scheduled games from `start` to `end`, both inclusive, by game id.

    The result is empty if the warehouse has no schedule. DataError if the warehouse cannot be read.
    """
    if not warehouse.has_schedule():
        return {}
    sql = f"""SELECT game_id, game_date FROM {warehouse.sources.reference(SCHEDULE)}
WHERE game_date BETWEEN @start AND @end"""  # noqa: S608 - as above
    found = warehouse.query(sql, {"start": start, "end": end})
    return dict(zip(found["game_id"].to_pylist(), found["game_date"].to_pylist(), strict=True))


def grade_entries(
    counted: pd.DataFrame, results: pd.DataFrame, scheduled: dict[str, date], today: date, lost_after_days: int
) -> pd.DataFrame:
    """Return the predictions `counted` with the added columns outcome, points and reason (a text about the outcome).

    `counted` has one prediction for each player, game and model. `results` is a result of `read_results`. `scheduled`
    maps game ids to scheduled dates.

    The outcome is
    - `late`, if the prediction was made at or after tip-off.
    - `breakout` or `no`, if the player played in the game on its date; `points` is then a number, otherwise NaN.
    - `void`, if the game was played without the player or on another date.
    - `lost`, if the game has no rows and its date is at least `lost_after_days` days before `today`.
    - `pending`, for any other game without rows.
    """
    has_played = (results["minutes_played"] > 0) & results["points"].notna()
    played = results[has_played].assign(points=results["points"].astype("float64"))
    rows = counted.merge(
        played[["game_id", "player_lookup", "points"]],
        on=["game_id", "player_lookup"],
        how="left",
    )
    played_on = rows["game_id"].map(results.drop_duplicates("game_id").set_index("game_id")["game_date"])
    is_on_time = ~rows["is_late"].to_numpy(dtype=bool)
    has_points = (rows["points"].notna() & (played_on == rows["game_date"])).to_numpy(dtype=bool)
    # These predictions have the outcome `breakout` or `no`; `_outcome` decides the few others one by one.
    is_plain = has_points & is_on_time
    outcome = np.where(rows["points"] >= rows["points_for_breakout"], "breakout", "no").astype(object)
    reason = np.array([""] * len(rows), dtype=object)
    reason[is_plain] = [
        f"{points:.0f} points, {needed} needed"
        for points, needed in rows.loc[is_plain, ["points", "points_for_breakout"]].itertuples(index=False)
    ]
    others = rows.assign(played_on=played_on)[~is_plain]
    elsewhere = _played_games(played, others)
    old = today - timedelta(days=lost_after_days)
    for place, row in zip(np.flatnonzero(~is_plain), others.itertuples(), strict=True):
        outcome[place], reason[place] = _outcome(row, elsewhere, scheduled, old)
    is_graded = np.isin(outcome.astype(str), GRADED)
    return rows.assign(outcome=outcome, reason=reason, points=rows["points"].where(is_graded))


def _played_games(played: pd.DataFrame, wanted: pd.DataFrame) -> dict[tuple[str, date], tuple[str, str]]:
    """Return the team and game id of each game in `played`, by player_lookup and game date.

    Only players and dates of the rows in `wanted` are included.
    """
    found = played.merge(wanted[["player_lookup", "game_date"]].drop_duplicates(), on=["player_lookup", "game_date"])
    columns = (found[name] for name in ("player_lookup", "game_date", "team_abbr", "game_id"))
    return {(player, day): (team, game) for player, day, team, game in zip(*columns, strict=True)}


def _outcome(
    row: Any, elsewhere: dict[tuple[str, date], tuple[str, str]], scheduled: dict[str, date], old: date
) -> tuple[str, str]:
    """Return the outcome of a prediction that was made after tip-off, or whose player did not play, and its reason.

    - `elsewhere`: the team and id of the game that a player played on a date, by player and date.
    - `scheduled`: the scheduled dates, by game id.
    - `old`: if no player has a row for the game, the outcome is `lost` for a game date up to `old`, else `pending`.
    """
    if row.is_late:
        return "late", "predicted at or after tip-off"
    if pd.isna(row.played_on):
        return _unplayed(row, scheduled, old)
    if row.played_on != row.game_date:
        return "void", f"the game was played on {row.played_on}"
    team, game = elsewhere.get((row.player_lookup, row.game_date), ("", ""))
    return "void", f"played for {team} in {game}" if game else "did not play"


def _unplayed(row: Any, scheduled: dict[str, date], old: date) -> tuple[str, str]:
    teams, day = row.game_id.partition("_")[2], scheduled.get(row.game_id)
    later = [other for game, other in scheduled.items() if game.partition("_")[2] == teams and other > row.game_date]
    if day == row.game_date:
        reason = "the game has no rows"
    elif day is not None:
        reason = f"moved to {day}"
    elif later:  # the later game need not replace the game of `row`, so the text does not say "moved"
        reason = f"no longer in the schedule; the teams next meet there on {min(later)}"
    else:
        reason = "no longer in the schedule"
    return ("lost" if row.game_date <= old else "pending"), reason


def list_graded(graded: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions whose outcome is `breakout` or `no` (no breakout), with the columns LISTED_COLUMNS."""
    rows = graded[graded["outcome"].isin(GRADED)].rename(columns={"name": "model"})
    return rows.astype({"points": "int64"})[list(LISTED_COLUMNS)].reset_index(drop=True)


def new_grades(graded: pd.DataFrame, history: pd.DataFrame, graded_at: datetime) -> pa.Table:
    """Return the new and changed outcomes of predictions, with the columns of GRADE_SCHEMA.

    `graded` has the present outcome of each prediction. A prediction gets a row if its outcome or points differ from
    its newest row in `history`. A prediction that is not in `history` gets a row unless its outcome is `pending`.
    """
    newest = history.drop_duplicates(KEY, keep="last")[[*KEY, "outcome", "points"]]
    rows = graded.merge(newest, on=KEY, how="left", suffixes=("", "_before"))
    is_first = rows["outcome_before"].isna()
    both_none = rows["points"].isna() & rows["points_before"].isna()
    is_equal = (rows["outcome"] == rows["outcome_before"]) & (both_none | (rows["points"] == rows["points_before"]))
    found = rows[~is_equal & ~(is_first & (rows["outcome"] == "pending"))]
    records: list[Any] = found.to_dict("records")
    return pa.Table.from_pylist([_grade(row, graded_at) for row in records], GRADE_SCHEMA)


def _grade(row: dict[str, Any], graded_at: datetime) -> dict[str, Any]:
    was = None if pd.isna(row["outcome_before"]) else row["outcome_before"]
    points, before = (None if pd.isna(row[name]) else int(row[name]) for name in ("points", "points_before"))
    changed = "" if was is None else f"was {was}{'' if before is None else f' with {before} points'}; "
    return {name: row[name] for name in KEY} | {
        "graded_at": graded_at,
        "outcome": row["outcome"],
        "points": points,
        "was": was,
        "reason": f"{changed}{row['reason']}",
    }
