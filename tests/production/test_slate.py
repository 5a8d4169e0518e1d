"""Tests of the slate on a few players and games, with every irregularity that a schedule may have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from breakout.bundle.folder import Bundle, read_bundle
from breakout.production.slate import Slate, build_slate
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.builders import PLAYER_SCHEMA, REPORT_SCHEMA, SEASON, TEAM_SCHEMA, History, day
from tests.commands import Trained

TONIGHT = 30
HOME_GAME, AWAY_GAME = f"{day(TONIGHT):%Y%m%d}_NYK_BOS", f"{day(TONIGHT):%Y%m%d}_BOS_LAL"


@pytest.fixture
def model(trained: Trained) -> Bundle:
    return read_bundle(trained["logistic"])


def scheduled(game_id: str, home: str, away: str, on: date, season_type: str = "regular") -> dict[str, Any]:
    teams = {"home_team_abbr": home, "away_team_abbr": away}
    return {"game_id": game_id, "game_date": on, **teams, "season_year": SEASON, "season_type": season_type}


def build(
    model: Bundle,
    history: History,
    *schedule: dict[str, Any],
    on: int = TONIGHT,
    now: datetime | None = None,
    has_reports: bool = True,
) -> Slate:
    tables = {
        "player_game_summary": pa.Table.from_pylist(history.players, PLAYER_SCHEMA),
        "team_offense_game_summary": pa.Table.from_pylist(history.teams, TEAM_SCHEMA),
        "schedule": pa.Table.from_pylist(list(schedule)),
    }
    reports = {"availability": pa.Table.from_pylist(history.reports, REPORT_SCHEMA)}
    with DuckDBWarehouse.from_arrow(tables | (reports if has_reports else {})) as warehouse:
        return build_slate(model, warehouse, day(on), max_days_since_game=14, now=now)


def plays_until(history: History, last: int, player: str, points: int = 10, games: int = 6, **each: Any) -> None:
    for number in range(last - games + 1, last + 1):
        history.plays(number, points, player=player, **each)


def tonight(*, both: bool = False) -> list[dict[str, Any]]:
    """Return the schedule of the day: Boston at home against New York.

    With `both`, Boston plays Los Angeles on the same day too. That game's id names Los Angeles as the home team, but
    the schedule names Boston.
    """
    games = [scheduled(HOME_GAME, "BOS", "NYK", day(TONIGHT))]
    return [*games, scheduled(AWAY_GAME, "BOS", "LAL", day(TONIGHT))] if both else games


def test_a_team_that_plays_twice_has_its_players_in_both_games_at_home_where_the_schedule_says_so(
    model: Bundle,
) -> None:
    history = History()
    plays_until(history, 29, "ann")
    plays_until(history, 28, "lee", team="LAL", opponent="CHI")
    ranked = build(model, history, *tonight(both=True)).ranked.sort_values(["player_lookup", "game_id"])
    found = ranked[["player_lookup", "game_id", "team_abbr", "opponent_team_abbr", "is_home"]]
    assert found.to_numpy().tolist() == [
        ["ann", AWAY_GAME, "BOS", "LAL", 1],
        ["ann", HOME_GAME, "BOS", "NYK", 1],
        ["lee", AWAY_GAME, "LAL", "BOS", 0],
    ]
    assert ranked["days_since_last_game"].tolist() == [1, 1, 2]


def test_a_traded_player_is_ranked_only_with_the_team_of_his_latest_played_game(model: Bundle) -> None:
    history = History()
    plays_until(history, 25, "tom")
    history.plays(27, 10, player="tom", team="LAL", opponent="CHI")
    plays_until(history, 25, "dan")
    history.plays(27, None, player="dan", minutes=0.0, team="LAL", opponent="CHI")  # a row, but not played
    ranked = build(model, history, *tonight(both=True)).ranked
    teams = {(row.player_lookup, row.team_abbr) for row in ranked.itertuples()}
    assert teams == {("tom", "LAL"), ("dan", "BOS")}
    assert set(build(model, history, *tonight()).ranked["player_lookup"]) == {"dan"}


def test_skipped_players_have_a_reason_and_fourteen_days_without_a_game_are_allowed(model: Bundle) -> None:
    history = History()
    plays_until(history, 16, "fourteen")
    plays_until(history, 15, "fifteen")
    plays_until(history, 29, "star", points=17)
    plays_until(history, 29, "upper", points=16)
    plays_until(history, 29, "lower", points=8)
    plays_until(history, 29, "bench", points=7)
    plays_until(history, 29, "rookie", games=4)
    plays_until(history, 29, "retired", season_year=SEASON - 1)
    plays_until(history, 29, "elsewhere", team="MIA", opponent="CHI")
    found = build(model, history, *tonight())
    assert sorted(found.ranked["player_lookup"]) == ["fourteen", "lower", "upper"]
    assert dict(zip(found.skipped["player_lookup"], found.skipped["reason"], strict=True)) == {
        "fifteen": "has not played for more than 14 days",
        "star": "averages more than 16 points",
        "bench": "averages fewer than 8 points",
        "rookie": "fewer than 5 games this season",
    }
    needed = dict(zip(found.ranked["player_lookup"], found.ranked["points_for_breakout"], strict=True))
    assert needed == {"fourteen": 15, "lower": 12, "upper": 24}


def test_games_of_a_type_that_the_model_does_not_count_are_neither_history_nor_on_the_slate(model: Bundle) -> None:
    history = History()
    plays_until(history, 25, "ann")
    history.plays(29, 40, player="ann", season_type="cup_final")
    cup = scheduled(AWAY_GAME, "BOS", "LAL", day(TONIGHT), season_type="cup_final")
    ranked = build(model, history, *tonight(), cup).ranked
    assert ranked[["game_id", "season_points_avg", "days_since_last_game"]].to_numpy().tolist() == [[HOME_GAME, 10, 5]]


def test_a_night_with_missing_games_gives_a_warning(model: Bundle) -> None:
    history = History()
    plays_until(history, 29, "ann")
    missed = scheduled(f"{day(28):%Y%m%d}_MIA_CHI", "CHI", "MIA", day(28))
    known = scheduled(history.players[-1]["game_id"], "BOS", "NYK", day(29))
    assert build(model, history, *tonight(), known, has_reports=False).warnings == ()
    (warning,) = build(model, history, *tonight(), known, missed, has_reports=False).warnings
    assert "games scheduled from 2025-11-17 to 2025-11-30 that it lacks: 1." in warning
    history.teams = [row for row in history.teams if row["game_date"] != day(29)]
    assert "lacks: 2." in build(model, history, *tonight(), known, missed).warnings[0]


def test_on_opening_night_nobody_is_ranked_and_a_warning_says_so(model: Bundle) -> None:
    history = History()
    plays_until(history, 10, "ann", season_year=SEASON - 1)
    found = build(model, history, *tonight(), has_reports=False)
    assert (len(found.ranked), len(found.skipped)) == (0, 0)
    assert isinstance(found.ranked, pd.DataFrame)
    assert "nobody has played a game this season yet" in found.warnings[-1]


def at(clock: str) -> datetime:
    """Return a time of day in New York on the slate's date, in UTC; in December the difference is five hours."""
    return datetime.fromisoformat(f"{day(TONIGHT)}T{clock}:00-05:00").astimezone(UTC)


def statuses(slate: Slate) -> dict[str, str]:
    return dict(zip(slate.ranked["player_lookup"], slate.ranked["availability_status"], strict=True))


@pytest.fixture
def listed() -> History:
    """Return a history of four players of Boston and one of New York, some with statuses for the slate's date."""
    history = History()
    for player in ("ann", "bob", "cid", "dee"):
        plays_until(history, 29, player)
    plays_until(history, 29, "eve", team="NYK", opponent="BOS", is_home=False)
    history.report(TONIGHT, "questionable", player="bob", at="13:30")
    history.report(TONIGHT, "doubtful", player="cid", at="17:30")
    history.report(TONIGHT, "out", player="dee", at="11:30")
    history.report(TONIGHT, "out", player="eve", team="NYK", at="17:31")  # a minute after the cutoff
    history.report(TONIGHT, "out", player="zed", at="09:00")  # he has never played
    return history


def test_who_is_out_is_skipped_and_who_is_in_doubt_is_ranked_with_his_status(model: Bundle, listed: History) -> None:
    slate = build(model, listed, *tonight())
    assert statuses(slate) == {
        "ann": "not_listed",
        "bob": "questionable",
        "cid": "doubtful",
        "eve": "not_listed",
    }
    assert slate.skipped[["player_lookup", "availability_status", "reason"]].to_numpy().tolist() == [
        ["dee", "out", "listed out at 17:30"]
    ]
    assert (slate.known_at, set(slate.ranked["known_at"])) == (at("17:30"), {f"{day(TONIGHT)}T22:30:00Z"})
    assert slate.warnings == ()


def test_every_row_names_who_is_out_on_both_teams(model: Bundle, listed: History) -> None:
    ranked = build(model, listed, *tonight()).ranked.set_index("player_lookup")
    out = "Cid (doubtful), Dee, Zed"
    assert ranked.loc[["ann", "eve"], ["team_out", "opponent_out"]].to_numpy().tolist() == [[out, ""], ["", out]]


def test_a_slate_built_before_the_cutoff_uses_earlier_reports_and_warns(model: Bundle, listed: History) -> None:
    slate = build(model, listed, *tonight(), now=at("12:00"))
    assert statuses(slate) == {"ann": "not_listed", "bob": "not_listed", "cid": "not_listed", "eve": "not_listed"}
    assert slate.skipped["reason"].tolist() == ["listed out at 12:00"]
    assert (slate.predicted_at, slate.known_at) == (at("12:00"), at("11:30"))
    (warning,) = slate.warnings
    assert "before the cutoff of 17:30 (America/New_York)" in warning
    assert "nobody is listed for NYK" in warning


def test_the_minute_of_the_cutoff_is_not_early_and_the_eve_is_named_by_its_date(model: Bundle, listed: History) -> None:
    assert build(model, listed, *tonight(), now=at("17:30")).warnings == ()
    listed.report(TONIGHT, "out", player="ann", at="20:00", days_ago=1)
    eve = build(model, listed, *tonight(), now=datetime.fromisoformat(f"{day(TONIGHT - 1)}T18:00:00-05:00"))
    assert eve.known_at is None
    late = datetime.fromisoformat(f"{day(TONIGHT - 1)}T22:00:00-05:00")
    assert build(model, listed, *tonight(), now=late).skipped["reason"].tolist() == [
        f"listed out at 22:00 on {day(TONIGHT - 1)}"
    ]


def test_a_status_after_tip_off_is_unknown(model: Bundle, listed: History) -> None:
    game = tonight()[0] | {"tip_off": at("12:00")}
    assert statuses(build(model, listed, game))["bob"] == "not_listed"
    assert statuses(build(model, listed, game | {"tip_off": at("13:31")}))["bob"] == "questionable"


def test_who_was_taken_off_the_report_is_ranked(model: Bundle, listed: History) -> None:
    listed.report(TONIGHT, "not_listed", player="dee", at="15:00")
    assert statuses(build(model, listed, *tonight()))["dee"] == "not_listed"


def test_without_a_report_for_the_day_nobody_is_out_and_a_warning_says_so_if_there_are_reports(
    model: Bundle, listed: History
) -> None:
    listed.reports = [row | {"game_date": day(TONIGHT - 1)} for row in listed.reports]
    slate = build(model, listed, *tonight())
    assert set(statuses(slate).values()) == {"unknown"}
    assert (slate.known_at, set(slate.ranked["known_at"])) == (None, {""})
    assert "nothing was reported for 2025-12-01 by 17:30" in slate.warnings[0]
    assert build(model, listed, *tonight(), has_reports=False).warnings == ()
