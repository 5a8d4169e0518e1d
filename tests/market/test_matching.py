"""Price files from disk to lines: each fault that a user's file may have, with its count or its message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from breakout.errors import DataError
from breakout.market.lines import LATE, NO_ROW, STALE, UNKNOWN, VOID, MatchedLines
from breakout.market.matching import KnownNames, information_time, match_prices
from breakout.market.quotes import read_prices
from breakout.settings import AvailabilityConfig, PricesConfig, SampleWarehouseConfig
from breakout.warehouse.duckdb import DuckDBWarehouse
from tests.builders import History, day

CONFIG = PricesConfig(None, None, "decimal", "multiplicative", 0.25, 0.02, 0.0)
SAMPLE = SampleWarehouseConfig("sample")
TODAY = day(10)
HEADER = "game_date,player_lookup,line,over_price,under_price,book,quoted_at\n"
IN_TIME = f"{TODAY}T15:00:00Z"  # 10:00 in New York, newer than the information and older than tip-off
LADDER = np.clip(1.0 - np.arange(1, 61) / 30.0, 0.0, 1.0)  # P(points >= k) = 1 - k / 30

Match = Callable[..., MatchedLines]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[DuckDBWarehouse]:
    """Yield a warehouse with one game on TODAY, which tips off at 19:30.

    Ann scored 20, Bob 15 and Dee 30. Cid did not play. Predictions contain no row of Dee.
    """
    history = History()
    for player, points in (("ann", 20), ("bob", 15), ("dee", 30)):
        history.plays(10, points, player=player)
    history.plays(10, None, player="cid", minutes=0.0)
    history.plays(8, 10, player="cid")
    history.tips_off(10, "19:30")
    with history.open() as opened:
        yield opened


def predicted(*players: str, known_at: datetime | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "game_date": TODAY,
            "game_id": f"{TODAY:%Y%m%d}_NYK_BOS",
            "player_lookup": players,
            "ladder": [LADDER] * len(players),
            "known_at": pd.Timestamp(known_at or information_time(TODAY, None)),
        }
    )


def match_text(
    text: str, folder: Path, warehouse: DuckDBWarehouse, predictions: pd.DataFrame, **config: Any
) -> MatchedLines:
    path = folder / "prices.csv"
    path.write_text(text, encoding="utf-8")
    prices = replace(CONFIG, file=str(path), **config)
    days = predictions["game_date"]
    return match_prices(read_prices(prices, SAMPLE, days.min(), days.max()), prices.margin, warehouse, predictions)


@pytest.fixture
def match(warehouse: DuckDBWarehouse, tmp_path: Path) -> Match:
    def of(text: str, header: str = HEADER, known_at: datetime | None = None, **config: Any) -> MatchedLines:
        return match_text(header + text, tmp_path, warehouse, predicted("ann", "bob", known_at=known_at), **config)

    return of


def quote(player: str = "ann", line: float = 19.5, prices: str = "2.0,1.8", book: str = "a", at: str = IN_TIME) -> str:
    return f"{TODAY},{player},{line},{prices},{book},{at}\n"


def test_a_line_has_our_probability_the_markets_and_the_points(match: Match) -> None:
    (line,) = match(quote()).lines.to_dict("records")
    assert line["ours"] == pytest.approx(10 / 30)
    assert line["market"] == pytest.approx(1.8 / 3.8)
    assert (line["points"], line["over_price"], line["under_price"], line["over_book"]) == (20, 2.0, 1.8, "a")


def test_american_odds_give_the_same_line_as_decimal_ones(match: Match) -> None:
    american = match(quote(prices="150,-200"), odds="american").lines
    pd.testing.assert_frame_equal(american, match(quote(prices="2.5,1.5")).lines)


def test_a_whole_line_is_priced_given_no_push(match: Match) -> None:
    (line,) = match(quote(line=15)).lines.to_dict("records")
    assert line["push"] == pytest.approx(1 / 30)  # exactly 15 points
    assert line["ours"] == pytest.approx((14 / 30) / (29 / 30))


def test_a_missing_side_gives_no_market_probability(match: Match) -> None:
    found = match(quote(prices="2.0,"))
    (line,) = found.lines.to_dict("records")
    assert np.isnan(line["market"])
    assert np.isnan(line["under_price"])
    assert not line["is_main"]
    assert found.n_one_sided == 1


def test_a_book_with_one_side_adds_its_price_to_the_probability_of_the_others(match: Match) -> None:
    (line,) = match(quote(book="a") + quote(book="b", prices="2.2,")).lines.to_dict("records")
    assert line["market"] == pytest.approx(1.8 / 3.8)
    assert (line["over_price"], line["over_book"], line["under_book"]) == (2.2, "b", "a")


def test_several_books_of_a_line_are_one_line_at_the_best_price(match: Match) -> None:
    (line,) = match(quote(book="a") + quote(book="b", prices="1.9,1.9")).lines.to_dict("records")
    assert (line["over_price"], line["over_book"]) == (2.0, "a")
    assert (line["under_price"], line["under_book"]) == (1.9, "b")
    assert line["market"] == pytest.approx((1.8 / 3.8 + 0.5) / 2)


def test_the_same_quote_twice_is_refused(match: Match) -> None:
    with pytest.raises(DataError, match=r"the key stands more than once in 2 rows"):
        match(quote() + quote(prices="2.1,1.7"))


def test_the_same_quote_under_two_spellings_is_refused(match: Match) -> None:
    with pytest.raises(DataError, match=r"2 rows are the same quote of a player under several names"):
        match(quote("ann") + quote("Ann"))


def test_an_earlier_quote_of_a_book_comes_before_a_later_one(match: Match) -> None:
    later = f"{TODAY}T20:00:00Z"
    (line,) = match(quote(at=later, prices="1.5,2.5") + quote()).lines.to_dict("records")
    assert line["over_price"] == 2.0


def test_unknown_names_are_listed_with_a_similar_one(match: Match) -> None:
    found = match(quote() + quote("bobb") + quote("Nobody At-All"))
    assert found.left_out[UNKNOWN] == 2
    assert found.unknown_names == ("Nobody At-All", "bobb (did you mean bob?)")
    assert len(found.lines) == 1


def test_full_names_match_without_a_lookup(match: Match) -> None:
    header = HEADER.replace("player_lookup", "player_full_name")
    assert match(quote("ANN"), header).lines["player_lookup"].tolist() == ["ann"]


def test_a_quote_must_be_newer_than_the_information_and_older_than_tip_off(match: Match) -> None:
    times = {
        15.5: f"{day(11)}T00:29:59Z",  # 19:29:59 in New York
        16.5: f"{day(11)}T00:30:00Z",
        17.5: f"{TODAY}T10:00:01Z",
        18.5: f"{TODAY}T10:00:00Z",  # 05:00 in New York, when the games of the day before are over
    }
    found = match("".join(quote(line=line, at=at) for line, at in times.items()))
    assert found.lines["line"].tolist() == [15.5, 17.5]
    assert {name: count for name, count in found.left_out.items() if count} == {LATE: 1, STALE: 1}


def test_a_status_that_is_newer_than_the_quote_leaves_it_out(match: Match) -> None:
    cutoff = information_time(TODAY, AvailabilityConfig("17:30", "America/New_York", 0))
    assert match(quote(), known_at=cutoff).left_out[STALE] == 1


def test_a_game_without_tip_off_is_taken_to_begin_at_noon(tmp_path: Path) -> None:
    history = History()
    history.plays(10, 20)
    with history.open() as without:
        quotes = HEADER.strip() + ",is_closing\n"
        rows = [(15.5, "16:59:59", "false"), (16.5, "17:00:00", "false"), (17.5, "17:00:00", "true")]
        quotes += "".join(f"{TODAY},ann,{line},2.0,1.8,a,{TODAY}T{at}Z,{closing}\n" for line, at, closing in rows)
        found = match_text(quotes, tmp_path, without, predicted("ann"))
    assert found.lines["line"].tolist() == [15.5, 17.5]
    assert found.left_out[LATE] == 1
    assert found.n_unknown_tip_off == 2


def test_a_quote_without_a_time_is_used_and_counted(match: Match) -> None:
    found = match(quote(at=""))
    assert (len(found.lines), found.n_untimed) == (1, 1)


def test_players_without_a_row_are_void_or_not_predicted(match: Match) -> None:
    found = match(quote() + quote("cid") + quote("dee"))
    assert (found.left_out[VOID], found.left_out[NO_ROW]) == (1, 1)
    assert found.lines["player_lookup"].tolist() == ["ann"]


def test_alternate_lines_are_lines_of_their_own_with_one_main_line(match: Match) -> None:
    lines = match(quote() + quote(line=24.5, prices="4.0,1.2") + quote(line=17.5, prices="1.6,2.3")).lines
    assert lines["line"].tolist() == [17.5, 19.5, 24.5]
    assert lines["is_main"].tolist() == [False, True, False]


def test_a_closing_quote_is_the_close_of_an_earlier_one(match: Match) -> None:
    header = HEADER.strip() + ",is_closing\n"
    first = quote().strip() + ",false\n"
    last = quote(prices="1.7,2.1", at=f"{day(11)}T00:00:00Z").strip() + ",true\n"
    (line,) = match(first + last, header).lines.to_dict("records")
    assert line["market"] == pytest.approx(1.8 / 3.8)
    assert line["closing"] == pytest.approx(2.1 / 3.8)
    assert not line["over_is_closing"]


def test_a_book_has_one_close_its_last_with_both_sides(match: Match) -> None:
    header = HEADER.strip() + ",is_closing\n"
    rows = [
        quote(at=IN_TIME).strip() + ",false",
        quote(prices="1.9,1.9", at=f"{day(11)}T00:00:00Z").strip() + ",true",
        quote(prices="1.7,2.1", at=f"{day(11)}T00:10:00Z").strip() + ",true",
        quote(prices="1.7,", at=f"{day(11)}T00:20:00Z").strip() + ",true",
        quote(prices="1.8,1.8", at="").strip() + ",true",
        quote(prices="1.9,1.9", book="b", at=f"{day(11)}T00:00:00Z").strip() + ",true",
    ]
    (line,) = match("\n".join(rows) + "\n", header).lines.to_dict("records")
    assert line["closing"] == pytest.approx((2.1 / 3.8 + 0.5) / 2)


@pytest.mark.parametrize(
    ("row", "config", "sentence"),
    [
        (quote(prices="0.9,1.8"), {}, "over_price is not above 1"),
        (quote(prices="-110,-110"), {}, r"over_price is not above 1 \(American odds are prices.odds=american\)"),
        (quote(prices="1.91,1.91"), {"odds": "american"}, "over_price is between -100 and 100"),
        (quote(prices="150,120"), {}, "promise a sure profit"),
        (quote(prices=","), {}, "over_price and under_price are both missing"),
        (quote(line=19.25), {}, "line is neither a whole number nor a half"),
        (quote(line=75.5), {}, "line is neither a whole number nor a half from 0 to 59.5"),
        (quote(player=""), {}, "player_lookup and player_full_name are both missing"),
        (quote(at=f"{TODAY} 11:00:00"), {}, "quoted_at must be TIMESTAMP, with a time zone"),
        (quote(prices="two,1.8"), {}, "over_price must be FLOAT64"),
        (quote(player="=cmd()"), {}, "player_lookup begins with"),
    ],
)
def test_a_quote_that_would_give_a_wrong_number_is_refused(
    match: Match, row: str, config: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        match(row, **config)


def test_dates_of_another_time_zone_are_refused(tmp_path: Path) -> None:
    history = History()
    for number in range(10):
        history.plays(8, 10, player=f"p{number}")
    history.plays(10, 10)
    quotes = HEADER + "".join(quote(f"p{number}") for number in range(10))
    with history.open() as opened, pytest.raises(DataError, match="10 of 10 quoted players did not play on the date"):
        match_text(quotes, tmp_path, opened, predicted("ann"))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("game_date,player_lookup,points,over_price,under_price\n2026-01-01,ann,9.5,2,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="lacks the column line"):
        read_prices(replace(CONFIG, file=str(path)), SAMPLE, date(2026, 1, 1), date(2026, 1, 1))


def test_a_missing_file_names_the_setting() -> None:
    with pytest.raises(DataError, match=r"correct prices.file=PATH"):
        read_prices(replace(CONFIG, file="nowhere.csv"), SAMPLE, date(2026, 1, 1), date(2026, 1, 1))


def test_the_information_of_a_row_is_the_morning_or_a_later_cutoff() -> None:
    winter = date(2026, 1, 15)
    assert information_time(winter, None) == datetime(2026, 1, 15, 10, tzinfo=UTC)
    afternoon = AvailabilityConfig("17:30", "America/New_York", 0)
    assert information_time(winter, afternoon) == datetime(2026, 1, 15, 22, 30, tzinfo=UTC)
    assert information_time(winter, replace(afternoon, days_before=1)) == datetime(2026, 1, 15, 10, tzinfo=UTC)


def test_a_player_with_two_games_on_a_date_is_not_matched(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    rows = pd.concat([predicted("ann", "bob"), predicted("ann").assign(game_id="another")])
    found = match_text(HEADER + quote("ann") + quote("bob"), tmp_path, warehouse, rows)
    assert found.lines["player_lookup"].tolist() == ["bob"]


def test_a_game_that_was_moved_to_another_date_has_no_points(tmp_path: Path) -> None:
    history = History()
    history.plays(10, 20)
    history.plays(11, 20)
    moved = predicted("ann").assign(game_id=f"{day(11):%Y%m%d}_NYK_BOS")
    later = predicted("ann").assign(game_id="later", game_date=day(12))
    with history.open() as opened:
        found = match_text(HEADER + quote("ann"), tmp_path, opened, pd.concat([moved, later]))
    assert found.lines["points"].isna().all()


def test_a_name_that_folds_to_nothing_is_nobodys() -> None:
    known = KnownNames.of({"ghost": "", "ann": "Ann Bell"})
    assert known.find("", "李明") is None
    assert known.find("", "Ann Bell") == "ann"


def test_a_file_without_names_is_refused_for_that_and_not_for_equal_keys(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("game_date,name,line,over_price,under_price\n" + "2026-01-01,ann,9.5,2,2\n" * 2, encoding="utf-8")
    with pytest.raises(DataError, match="player_lookup and player_full_name are both missing in 2 rows"):
        read_prices(replace(CONFIG, file=str(path)), SAMPLE, date(2026, 1, 1), date(2026, 1, 1))
