"""The import of box scores: made-up games in the columns of users' files, and the resulting tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from breakout.box_scores.differences import compare_folders
from breakout.box_scores.extracts import join, only_season, whole_numbers
from breakout.box_scores.hoopr import extract_hoopr
from breakout.box_scores.importing import ImportResult, import_lines
from breakout.box_scores.injury_reports import build_reports, extract_injury_report, report_time
from breakout.box_scores.kaggle import extract_kaggle, rows_of_season
from breakout.box_scores.names import code_of_full_name, code_of_name, minutes_of, player_lookup, team_code
from breakout.box_scores.nba_api import extract_nba_api
from breakout.box_scores.source_files import as_text, frame_of_json, read_source
from breakout.box_scores.table_writing import CORRECTIONS, PLAYERS, TEAMS, StoredTables
from breakout.errors import ConfigurationError, DataError
from breakout.report.terminal.imports import print_import
from breakout.settings.composition import compose
from breakout.warehouse.files.table_folder import read_manifest
from breakout.warehouse.opening import open_warehouse
from tests.commands import call

FIRST, SECOND = datetime(2024, 11, 1, 9, tzinfo=UTC), datetime(2024, 11, 2, 9, tzinfo=UTC)
Row = dict[str, Any]
NAMES = ("Ann", "Bob", "Cal", "Dan", "Eve")
COUNTS = ("FGM", "FGA", "FG3M", "FG3A", "FTM", "FTA", "OREB", "REB", "AST", "STL", "BLK", "TOV", "PF", "PTS")


def side(game: str, day: str, matchup: str, won: str | None = "W", **first: Any) -> tuple[list[Row], Row]:
    """Return the rows of five players of a team, and the team's row.

    Each player plays 48 minutes; they score 2, 4, 6, 8 and 10 points. `first` replaces values of the first player.
    """
    team = matchup.split(maxsplit=1)[0]
    base: Row = {"SEASON_ID": "22024", "TEAM_ABBREVIATION": team, "GAME_ID": game, "GAME_DATE": day, "MATCHUP": matchup}
    base |= {"WL": won, "PLUS_MINUS": 0}
    players = []
    for number in range(1, 6):
        counts = dict.fromkeys(COUNTS, 1) | {"PTS": 2 * number, "FGA": 10, "FTA": 5, "TOV": 2}
        name = f"{NAMES[number - 1]} {team.title()}"
        players.append(base | counts | {"PLAYER_ID": f"{team}{number}", "PLAYER_NAME": name, "MIN": "48"})
    totals = {name: sum(int(player[name]) for player in players) for name in COUNTS}
    players[0] |= first
    return players, base | totals | {"MIN": "240"}


def lines(*sides: tuple[list[Row], Row], has_teams: bool = True) -> Any:
    players = as_text(pd.DataFrame([row for rows, _ in sides for row in rows]))
    teams = as_text(pd.DataFrame([row for _, row in sides]))
    found = [extract_nba_api(players, "players.csv")]
    return join([*found, extract_nba_api(teams, "teams.csv")] if has_teams else found)


def game(number: int = 61, day: str = "2024-10-22", kind: str = "002", **first: Any) -> list[tuple[list[Row], Row]]:
    name = f"{kind}2400{number:03}"
    return [side(name, day, "BOS vs. NYK", "W", **first), side(name, day, "NYK @ BOS", "L")]


def write(folder: Path, *sides: tuple[list[Row], Row], now: datetime = FIRST, **options: Any) -> ImportResult:
    return import_lines(lines(*sides, **options), "nba_api", folder, now)


def rows(folder: Path, table: str) -> pd.DataFrame:
    return StoredTables(folder).read(table)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "lookup"),
    [
        ("Luka Dončić", "lukadoncic"),
        ("P.J. Washington", "pjwashington"),
        ("Jaime Jaquez Jr.", "jaimejaquezjr"),
        ("Karl-Anthony Towns", "karlanthonytowns"),
        ("Žan Łøđß", "zanlodss"),
    ],
)
def test_a_lookup_is_the_folded_letters_and_digits_of_a_name(name: str, lookup: str) -> None:
    assert player_lookup(name) == lookup


def test_codes_of_other_sources_and_years_become_todays() -> None:
    codes = ("BRK", "PHO", "CHO", "NOH", "SEA", "VAN", "NJN", "GS", "utah")
    assert [team_code(code) for code in codes] == ["BKN", "PHX", "CHA", "NOP", "SEA", "VAN", "NJN", "GSW", "UTA"]
    assert [code_of_name("New Jersey", "Nets"), code_of_name("Brooklyn", "Nets")] == ["NJN", "BKN"]
    names = ("Portland Trail Blazers", "PortlandTrailBlazers", "LA Clippers", "Team USA")
    assert [code_of_full_name(name) for name in names] == ["POR", "POR", "LAC", "Team USA"]


def test_minutes_are_read_in_every_form() -> None:
    forms = pd.Series(["34", "34:12", "PT34M12.00S", "34.2", None, "0"], dtype="string")
    assert minutes_of(forms, "a").fillna(-1).tolist() == [34.0, 34.2, 34.2, 34.2, -1.0, 0.0]
    with pytest.raises(DataError, match=r"a: 'DNP' is no length of play"):
        minutes_of(pd.Series(["DNP"]), "a")


def test_keys_possessions_and_usage_follow_the_formulas(tmp_path: Path) -> None:
    write(tmp_path, *game(PLAYER_NAME="Ännä O'Bos Jr."))
    player = rows(tmp_path, PLAYERS).set_index("player_lookup").loc["annaobosjr"]
    assert (player["game_id"], player["opponent_team_abbr"]) == ("20241022_NYK_BOS", "NYK")
    assert (player["season_year"], player["season_type"], player["points"]) == (2024, "regular", 2)
    # 100 (10 + 0.44 * 5 + 2) (240 / 5) / (48 (50 + 0.44 * 25 + 10)) = 100 * 14.2 / 71
    assert player["usage_rate"] == 20.0
    team = rows(tmp_path, TEAMS).set_index("team_abbr").loc["NYK"]
    assert team["possessions"] == 66  # 50 + 0.44 * 25 - 5 + 10, for both teams
    assert bool(team["is_possessions_estimated"])
    assert (team["points_scored"], team["minutes_total"], bool(team["home_game"])) == (30, 240, False)


def test_possessions_of_the_source_are_used_if_it_has_them_for_both_teams(tmp_path: Path) -> None:
    both, one = game(), game(62, "2024-10-24")
    for number, (_, team) in enumerate([*both, one[0]]):
        team["POSS"] = 97 + number
    write(tmp_path, *both, *one)
    teams = rows(tmp_path, TEAMS).set_index(["game_id", "team_abbr"]).sort_index()
    found = teams.loc["20241022_NYK_BOS"]
    assert found["possessions"].to_dict() == {"BOS": 97, "NYK": 98}
    assert not found["is_possessions_estimated"].any()
    estimated = teams.loc["20241024_NYK_BOS"]
    assert (set(estimated["possessions"]), estimated["is_possessions_estimated"].all()) == ({66}, True)
    before = content(tmp_path)
    result = write(tmp_path, *both, now=SECOND)  # a repeated import changes no file
    assert (content(tmp_path), result.estimated_games) == (before, 1)
    write(tmp_path, *game(63, "2024-10-26"), now=SECOND)
    again = rows(tmp_path, TEAMS).set_index(["game_id", "team_abbr"]).sort_index()
    assert again.loc["20241022_NYK_BOS"]["possessions"].to_dict() == {"BOS": 97, "NYK": 98}


def test_the_same_rows_again_change_no_byte(tmp_path: Path) -> None:
    write(tmp_path, *game())
    before = content(tmp_path)
    assert write(tmp_path, *game(), now=SECOND).changes.is_empty
    assert content(tmp_path) == before


def test_new_days_are_added_and_earlier_months_keep_their_files(tmp_path: Path) -> None:
    write(tmp_path, *game())
    before = content(tmp_path)
    changes = write(tmp_path, *game(62, "2024-11-01"), now=SECOND).changes
    assert (changes.added[PLAYERS], changes.replaced[PLAYERS]) == (10, 0)
    kept = {name for name in before if name.endswith(".parquet")}
    assert {name: text for name, text in content(tmp_path).items() if name in kept} == {
        name: before[name] for name in kept
    }
    assert rows(tmp_path, PLAYERS).groupby("game_date")["imported_at"].first().tolist() == [FIRST, SECOND]


def test_a_corrected_row_replaces_the_old_one_and_is_listed(tmp_path: Path) -> None:
    write(tmp_path, *game())
    changes = write(tmp_path, *game(AST=9), now=SECOND).changes
    assert (changes.added[PLAYERS], changes.replaced[PLAYERS]) == (0, 1)
    listed = rows(tmp_path, CORRECTIONS).iloc[0]
    assert tuple(listed[["game_id", "who", "column", "old", "new"]]) == (
        "20241022_NYK_BOS", "annbos", "assists", "1", "9",
    )  # fmt: skip
    assert (listed["imported_at"], listed["replaced_at"]) == (FIRST, SECOND)
    players = rows(tmp_path, PLAYERS)
    assert players.loc[players["assists"] == 9, "imported_at"].tolist() == [SECOND]
    assert (players["imported_at"] == FIRST).sum() == 9


def test_two_players_of_one_name_are_told_apart_and_listed(tmp_path: Path) -> None:
    result = write(tmp_path, *game(PLAYER_NAME="Ann Nyk"))
    assert result.shared_names[0].lookups == ("annnykBOS1", "annnykNYK1")
    assert {"annnykBOS1", "annnykNYK1"} <= set(rows(tmp_path, PLAYERS)["player_lookup"])


@pytest.mark.parametrize("place", ["vs.", "@"])
def test_a_neutral_site_takes_its_home_team_from_the_schedule_or_is_named(tmp_path: Path, place: str) -> None:
    sides = [side("0022400147", "2024-11-02", f"{team} {place} {other}", won) for team, other, won in
             (("MIA", "WAS", "W"), ("WAS", "MIA", "L"))]  # fmt: skip
    result = write(tmp_path, *sides)
    assert result.left_out[0].games == ("2024-11-02 MIA and WAS (0022400147)",)
    listed = {
        "gameId": "0022400147",
        "gameDateEst": "2024-11-02T00:00:00Z",
        "gameDateTimeUTC": "2024-11-03T01:00:00Z",
        "homeTeam": {"teamTricode": "MIA"},
        "awayTeam": {"teamTricode": "WAS"},
    }
    answer = json.dumps({"leagueSchedule": {"gameDates": [{"games": [listed]}]}}).encode()
    schedule = extract_nba_api(frame_of_json(answer, "schedule.json"), "schedule.json")
    import_lines(join([lines(*sides), schedule]), "nba_api", tmp_path, SECOND)
    assert set(rows(tmp_path, PLAYERS)["game_id"]) == {"20241102_WAS_MIA"}
    assert rows(tmp_path, "schedule")["tip_off"].tolist() == [pd.Timestamp("2024-11-03T01:00Z")]


def test_a_game_of_an_old_season_has_todays_codes(tmp_path: Path) -> None:
    name = "0020500061"  # in 2005-06, New Orleans played in Oklahoma City as NOK, and today's Brooklyn was NJN
    sides = [side(name, "2005-11-09", "NOK vs. NJN"), side(name, "2005-11-09", "NJN @ NOK", "L")]
    write(tmp_path, *sides)
    assert set(rows(tmp_path, PLAYERS)["game_id"]) == {"20051109_NJN_NOP"}
    assert set(rows(tmp_path, TEAMS)["season_year"]) == {2005}


def test_the_log_of_a_player_without_a_name_adds_to_known_games_only(tmp_path: Path) -> None:
    """PlayerGameLog has no column of names, so the import finds the player by his id."""
    write(tmp_path, *game())
    log = as_text(pd.DataFrame([row for row in game(AST=9)[0][0] if row["PLAYER_ID"] == "BOS1"]))
    extract = extract_nba_api(log.drop(columns=["PLAYER_NAME", "TEAM_ABBREVIATION"]), "player.csv")
    result = import_lines(extract, "nba_api", tmp_path, SECOND)
    assert result.changes.replaced[PLAYERS] == 1
    assert rows(tmp_path, PLAYERS).set_index("player_lookup").loc["annbos", "assists"] == 9
    alone = import_lines(extract, "nba_api", tmp_path / "alone", SECOND)
    assert [left.games for left in alone.left_out] == [("20241022_NYK_BOS",)]


def test_exhibitions_and_unfinished_games_are_left_out_and_counted(tmp_path: Path) -> None:
    star = [side("0032400001", "2025-02-16", "EST vs. WST"), side("0032400001", "2025-02-16", "WST @ EST", "L")]
    running = [
        side("0022400063", "2024-10-23", "LAL vs. MIN", None),
        side("0022400063", "2024-10-23", "MIN @ LAL", None),
    ]
    result = write(tmp_path, *game(), *game(1, "2024-10-05", "001"), *star, *running)
    assert {left.reason.split(",")[0]: len(left.games) for left in result.left_out} == {
        "preseason": 1,
        "All-Star and Rising Stars": 1,
        "not finished when they were downloaded": 1,
    }
    assert set(rows(tmp_path, TEAMS)["game_id"]) == {"20241022_NYK_BOS"}


def test_the_heading_of_the_left_out_games_counts_games_and_not_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = write(tmp_path, *game(), *game(1, "2024-10-05", "001"), *game(2, "2024-10-06", "001"))
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    print_import(result, tmp_path, manifest)
    assert "games with rows left out: 2\n  2 games left out, preseason" in capsys.readouterr().out


def test_a_game_in_one_file_only_is_left_out_and_named(tmp_path: Path) -> None:
    both, lone = game(), game(62, "2024-10-24")
    extract = lines(*both, *lone)
    only = extract.teams[extract.teams["source_game_id"] == "0022400061"]
    result = import_lines(
        join([lines(*both, *lone, has_teams=False), type(extract)(teams=only)]), "nba_api", tmp_path, FIRST
    )
    assert [left.games for left in result.left_out] == [("20241024_NYK_BOS",)]


def test_a_file_below_the_home_folder_of_an_unknown_user_is_refused(tmp_path: Path) -> None:
    answer = call("import", "kaggle", "~nosuchuser/games.csv", f"to={tmp_path / 'tables'}")
    assert answer.code == 2
    assert "~nosuchuser/games.csv" in answer.err


def test_files_of_which_nothing_can_be_imported_are_refused(tmp_path: Path) -> None:
    pd.DataFrame([row for _, row in game()]).to_csv(tmp_path / "teams.csv", index=False)
    answer = call("import", "nba_api", tmp_path / "teams.csv", f"to={tmp_path / 'tables'}")
    assert answer.code == 3
    assert "without players of both teams: 20241022_NYK_BOS" in answer.err


def test_without_a_teams_file_totals_are_sums_of_whole_games_only(tmp_path: Path) -> None:
    half = game(62, "2024-10-24")
    half[0][0].pop()  # the row of one player of five
    result = write(tmp_path, *game(), *half, has_teams=False)
    assert (result.summed_games, [left.games for left in result.left_out]) == (1, [("20241024_NYK_BOS",)])
    assert rows(tmp_path, TEAMS)["points_scored"].tolist() == [30, 30]


def test_overtime_minutes_come_from_the_players_where_the_team_has_none(tmp_path: Path) -> None:
    sides = game()
    for players, _ in sides:
        for player in players:
            player["MIN"] = "53:00"
    write(tmp_path, *sides, has_teams=False)
    assert rows(tmp_path, TEAMS)["minutes_total"].tolist() == [265, 265]


def test_a_row_of_a_player_who_did_not_play_has_no_usage(tmp_path: Path) -> None:
    write(tmp_path, *game(MIN=None, PTS=0))
    player = rows(tmp_path, PLAYERS).set_index("player_lookup").loc["annbos"]
    assert str(player["minutes_played"]) == "nan"
    assert str(player["usage_rate"]) == "nan"


def test_contradicting_rows_of_one_player_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds Ann Bos twice"):
        import_lines(join([lines(*game()), lines(*game(AST=9))]), "nba_api", tmp_path, FIRST)


def one_of_three_teams() -> list[tuple[list[Row], Row]]:
    return [*game(), side("0022400061", "2024-10-22", "LAL @ BOS", "L")]


def on_two_days() -> list[tuple[list[Row], Row]]:
    return [game()[0], game(day="2024-10-23")[1]]


def under_two_ids() -> list[tuple[list[Row], Row]]:
    return [*game(), *game(62)]


@pytest.mark.parametrize(
    ("sides", "problem"),
    [
        (one_of_three_teams, "game 0022400061 has 3 teams"),
        (on_two_days, "game 0022400061 has dates 2024-10-22 and 2024-10-23"),
        (under_two_ids, "game 20241022_NYK_BOS stands twice, as 0022400061, 0022400062"),
    ],
)
def test_a_game_of_three_teams_on_two_days_or_under_two_ids_is_refused(
    sides: Callable[[], list[tuple[list[Row], Row]]], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=problem):
        write(tmp_path, *sides())
    assert not list(tmp_path.glob("*/*.parquet"))


def test_a_player_for_two_teams_in_one_game_is_refused(tmp_path: Path) -> None:
    sides = game()
    sides[1][0][0] |= {"PLAYER_ID": "BOS1", "PLAYER_NAME": "Ann Bos"}
    with pytest.raises(DataError, match="holds Ann Bos twice"):
        write(tmp_path, *sides)


def test_an_unknown_code_in_a_game_of_a_known_team_is_refused(tmp_path: Path) -> None:
    sides = [side("0022400061", "2024-10-22", "BOS vs. XYZ"), side("0022400061", "2024-10-22", "XYZ @ BOS", "L")]
    with pytest.raises(DataError, match="'XYZ' is no code of an NBA team"):
        write(tmp_path, *sides)


def test_an_absent_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_source(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_source(tmp_path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "is empty"),
        (b"GAME_ID,PTS\n0022400061,3\n00224", "ends in the middle of a row"),
        (b'{"resultSets": [{"headers": ["A"], "rowSet": [[1', "is not whole JSON"),
        (b'{"error": "busy"}', "holds neither rows, resultSets nor a leagueSchedule"),
        (b"PAR1 and nothing else", "is damaged and cannot be read as Parquet"),
    ],
)
def test_a_half_written_file_is_refused(tmp_path: Path, text: bytes, problem: str) -> None:
    (tmp_path / "games").write_bytes(text)
    with pytest.raises(DataError, match=problem):
        read_source(tmp_path / "games")


def report_of_five(rows_of_file: pd.DataFrame, where: str) -> Any:
    return extract_injury_report(rows_of_file, where, FIRST)


@pytest.mark.parametrize("extract", [extract_nba_api, extract_hoopr, extract_kaggle, report_of_five])
def test_the_wrong_file_for_the_kind_is_refused(extract: Any) -> None:
    with pytest.raises(DataError, match=r"a\.csv is .*it lacks"):
        extract(as_text(pd.DataFrame({"gamma": ["1"]})), "a.csv")


def test_a_folder_takes_box_scores_of_one_source(tmp_path: Path) -> None:
    write(tmp_path, *game())
    with pytest.raises(ConfigurationError, match="holds box scores of nba_api"):
        import_lines(lines(*game()), "hoopr", tmp_path, SECOND)


def test_a_warehouse_reads_what_was_imported(tmp_path: Path) -> None:
    write(tmp_path, *game(), *game(62, "2024-11-01"))
    config = compose("train", ["warehouse=duckdb", f"warehouse.folder={tmp_path}"])
    with open_warehouse(config.warehouse) as warehouse:
        found = warehouse.query("SELECT COUNT(*) AS n, MAX(game_id) AS g FROM nba_analytics.player_game_summary", {})
    assert found.to_pylist() == [{"n": 20, "g": "20241101_NYK_BOS"}]


def test_a_write_that_breaks_off_leaves_the_earlier_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, *game())
    before = rows(tmp_path, PLAYERS)

    def fail(*_: object) -> None:
        raise OSError("killed")

    monkeypatch.setattr("breakout.warehouse.files.table_folder.save_json", fail)
    with pytest.raises(OSError, match="killed"):
        write(tmp_path, *game(AST=9), now=SECOND)
    pd.testing.assert_frame_equal(rows(tmp_path, PLAYERS), before)


def test_missing_values_as_r_writes_them_are_missing(tmp_path: Path) -> None:
    (tmp_path / "box.csv").write_text('"","minutes","plus_minus"\n"1","NA","+5"\n"2","34",""\n', encoding="utf-8")
    found = read_source(tmp_path / "box.csv")
    assert found["minutes"].isna().tolist() == [True, False]
    assert whole_numbers(found["plus_minus"], "box.csv").tolist() == [5, pd.NA]


def hoopr_rows(extract: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the players' lines and the teams' lines of an extract as frames with hoopR's columns."""
    names = {"field_goals_attempted": "fg_attempts", "free_throws_attempted": "ft_attempts", "assists": "assists"}
    names |= {"offensive_rebounds": "offensive_rebounds", "game_date": "game_date", "team_abbreviation": "team"}
    names |= {"opponent_team_abbreviation": "opponent", "game_id": "source_game_id"}
    shared = {"season": "2025", "season_type": "2"}
    players = extract.players.assign(place="home").rename(columns={"source_player_id": "athlete_id"})
    place = players["is_home"].map({True: "home", False: "away"})
    box = {name: players[column] for name, column in (names | {"points": "points", "minutes": "minutes"}).items()}
    box |= {"turnovers": players["turnovers"], "athlete_id": players["athlete_id"], "home_away": place}
    frame = pd.DataFrame(box | {"athlete_display_name": players["player_full_name"]}).assign(**shared)
    teams = extract.teams
    totals = {name: teams[column] for name, column in (names | {"team_score": "points"}).items()}
    totals |= {
        "total_turnovers": teams["turnovers"],
        "team_home_away": teams["is_home"].map({True: "home", False: "away"}),
    }
    return as_text(frame), as_text(pd.DataFrame(totals).assign(**shared))


def test_a_season_that_is_no_number_is_refused() -> None:
    players, _ = hoopr_rows(lines(*game()))
    with pytest.raises(DataError, match=r"box\.csv: season 2024-25 is no year"):
        extract_hoopr(players.assign(season="2024-25"), "box.csv")


def test_hoopr_gives_the_tables_of_nba_api_and_differences_are_listed(tmp_path: Path) -> None:
    write(tmp_path / "league", *game(), *game(62, "2024-12-17"))
    players, teams = hoopr_rows(lines(*game(AST=7), *game(62, "2024-12-17")))
    found = join([extract_hoopr(players, "a"), extract_hoopr(teams, "b")])
    import_lines(found, "hoopr", tmp_path / "espn", FIRST)
    assert rows(tmp_path / "espn", TEAMS).groupby("game_id")["season_type"].first().tolist() == ["regular", "cup_final"]
    differing = {
        (one.table, one.column): one for one in compare_folders(tmp_path / "league", tmp_path / "espn").columns
    }
    assert differing[PLAYERS, "assists"].examples == ("20241022_NYK_BOS, annbos: 1 and 7",)
    assert not {(TEAMS, "possessions"), (TEAMS, "minutes_total"), (PLAYERS, "usage_rate")} & set(differing)


def test_kaggle_rows_are_read_by_the_names_of_cities(tmp_path: Path) -> None:
    cities = {"BOS": ("Boston", "Celtics"), "NYK": ("New York", "Knicks")}
    source = lines(*game()).players
    frame = pd.DataFrame(
        {
            "firstName": source["player_full_name"].str.split().str[0],
            "lastName": source["player_full_name"].str.split().str[1],
            "personId": source["source_player_id"],
            "gameId": "22400061",
            "gameDate": "2024-10-22 19:30:00",
            "playerteamCity": [cities[team][0] for team in source["team"]],
            "playerteamName": [cities[team][1] for team in source["team"]],
            "opponentteamCity": [cities[team][0] for team in source["opponent"]],
            "opponentteamName": [cities[team][1] for team in source["opponent"]],
            "home": source["is_home"].astype(int),
            "numMinutes": "48.00",
            "points": source["points"],
            "fieldGoalsAttempted": source["fg_attempts"],
        }
    )
    import_lines(only_season(extract_kaggle(as_text(frame), "k.csv"), "2024-25"), "kaggle", tmp_path, FIRST)
    assert [len(rows_of_season(as_text(frame), season)) for season in (None, "2024-25", "2023-24")] == [10, 10, 0]
    players = rows(tmp_path, PLAYERS)
    assert set(players["game_id"]) == {"20241022_NYK_BOS"}
    assert players.set_index("player_lookup").loc["evenyk", "points"] == 10
    with pytest.raises(DataError, match="no rows of season=2023-24"):
        only_season(extract_kaggle(as_text(frame), "k.csv"), "2023-24")


def report(*players: tuple[str, str], waiting: bool = False) -> pd.DataFrame:
    base: Row = {"Game Date": "10/22/2024", "Game Time": "07:30 (ET)", "Matchup": "NYK@BOS", "Team": "Boston Celtics"}
    listed = [
        base | {"Player Name": name, "Current Status": status, "Reason": "Injury/Illness - Left Knee; Sprain"}
        for name, status in players
    ]
    missing: Row = {"Player Name": None, "Current Status": None, "Reason": "NOT YET SUBMITTED"}
    return as_text(pd.DataFrame(listed + ([base | missing] if waiting else [])))


def reported(folder: Path, rows_of_report: pd.DataFrame, name: str) -> None:
    extract = extract_injury_report(rows_of_report, name, report_time(None, name))
    import_lines(extract, "injury_report", folder, FIRST)


def test_reports_become_changes_in_any_order_of_import(tmp_path: Path) -> None:
    write(tmp_path, *game(PLAYER_NAME="Ann Bos Jr."))
    reported(tmp_path, report(("Bos, Bob", "Out")), "Injury-Report_2024-10-22_05PM.json")
    reported(
        tmp_path, report(("Bos Jr., Ann", "Questionable"), ("Bos, Bob", "Out")), "Injury-Report_2024-10-22_11_30AM.json"
    )
    reported(tmp_path, report(waiting=True), "Injury-Report_2024-10-22_01PM.json")
    found = rows(tmp_path, "availability")
    assert [tuple(row) for row in found[["player_lookup", "status", "reported_at"]].itertuples(index=False)] == [
        ("annbosjr", "questionable", pd.Timestamp("2024-10-22T15:30Z")),
        ("annbosjr", "not_listed", pd.Timestamp("2024-10-22T21:30Z")),
        ("bobbos", "out", pd.Timestamp("2024-10-22T15:30Z")),
    ]
    assert set(found["reason"].dropna()) == {"injury_illness"}


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("Injury-Report_2024-01-15_05PM.json", "2024-01-15T22:30"),  # the league's name for its report of 17:30
        ("Injury-Report_2026-01-06_05_15PM.csv", "2026-01-06T22:15"),
        ("injuries 2024-07-15T17:30.csv", "2024-07-15T21:30"),
        ("Injury-Report_2024-01-15_12AM.json", "2024-01-15T05:30"),
    ],
)
def test_the_time_of_a_report_is_read_from_its_name(name: str, time: str) -> None:
    assert report_time(None, name).astimezone(UTC) == datetime.fromisoformat(time).replace(tzinfo=UTC)


def test_a_report_of_september_2020_belongs_to_the_season_that_ended_in_october() -> None:
    dates = pd.to_datetime(["2020-07-31", "2020-09-01", "2020-10-11", "2020-12-22", "2021-07-20", "2021-10-19"])
    players = pd.DataFrame(
        {
            "season_year": [2019, 2020, 2021],
            "player_lookup": ["bob2019", "bob2020", "bob2021"],
            "player_full_name": "Bob Bos",
            "team_abbr": "BOS",
        }
    )
    reports = pd.DataFrame(
        {
            "game_date": dates,
            "team_abbr": "BOS",
            "player_full_name": "Bob Bos",
            "status": "out",
            "reason": None,
            "reported_at": dates,
        }
    )
    found, _ = build_reports(reports, players)
    assert found["player_lookup"].tolist() == ["bob2019"] * 3 + ["bob2020"] * 2 + ["bob2021"]


def test_reasons_without_spaces_are_known() -> None:
    listed = report(("Bos, Bob", "Out"), ("Bos, Ann", "Out"))
    listed["Reason"] = ["GLeague-Two-Way", "Injury/Illness-LeftKnee;Sprain"]
    extract = extract_injury_report(listed, "a.json", FIRST)
    assert extract.reports is not None
    assert extract.reports["reason"].tolist() == ["g_league", "injury_illness"]


def test_an_unknown_status_and_an_unknown_time_are_refused() -> None:
    with pytest.raises(DataError, match="status 'maybe' is not one of out"):
        extract_injury_report(report(("Bos, Bob", "Maybe")), "a.json", FIRST)
    with pytest.raises(ConfigurationError, match="names no time of the report"):
        report_time(None, "a.json")
    assert report_time("2024-01-15T17:30", "a.json").astimezone(UTC) == datetime(2024, 1, 15, 22, 30, tzinfo=UTC)
