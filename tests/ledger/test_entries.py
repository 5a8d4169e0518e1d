"""Tests of the entries of a slate: their values, and which of them are late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from breakout.bundle.folder import Bundle, read_bundle
from breakout.ledger.entries import build_entries, end_of_day
from breakout.production.slate import RANKED_COLUMNS, Slate, build_slate
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from breakout.warehouse.tip_offs import read_tip_offs
from tests.commands import Trained

DAY = date(2026, 1, 20)
TIP_OFF = datetime(2026, 1, 21, 0, 30, tzinfo=UTC)  # 19:30 in New York
NEW_YORK = "America/New_York"


@pytest.fixture(scope="module")
def bundle(trained: Trained) -> Bundle:
    return read_bundle(trained["earlier"])


@pytest.fixture(scope="module")
def slate(bundle: Bundle) -> Slate:
    with open_sample() as warehouse:
        return build_slate(bundle, warehouse, DAY, 14, now=datetime(2026, 1, 20, 23, tzinfo=UTC))


def late_games(slate: Slate, bundle: Bundle, predicted_at: datetime, tip_offs: dict[str, datetime]) -> set[str]:
    """Return the games whose entries are late if the slate is predicted at `predicted_at`."""
    at_that_time = replace(slate, predicted_at=predicted_at)
    rows = build_entries(at_that_time, bundle, "production", "digest", tip_offs, NEW_YORK).to_pylist()
    return {row["game_id"] for row in rows if row["is_late"]}


def test_an_entry_is_late_from_the_tip_off_of_its_own_game_on(slate: Slate, bundle: Bundle) -> None:
    first, second = sorted(set(slate.ranked["game_id"]))[:2]
    tip_offs = {first: TIP_OFF, second: TIP_OFF + timedelta(hours=2)}
    assert late_games(slate, bundle, TIP_OFF - timedelta(microseconds=1), tip_offs) == set()
    assert late_games(slate, bundle, TIP_OFF, tip_offs) == {first}
    assert late_games(slate, bundle, TIP_OFF + timedelta(hours=2), tip_offs) == {first, second}


def test_without_a_tip_off_an_entry_is_late_from_the_end_of_the_game_date_on(slate: Slate, bundle: Bundle) -> None:
    midnight = datetime(2026, 1, 21, 5, tzinfo=UTC)
    assert end_of_day(DAY, NEW_YORK) == midnight
    assert late_games(slate, bundle, midnight - timedelta(microseconds=1), {}) == set()
    assert late_games(slate, bundle, midnight, {}) == set(slate.ranked["game_id"])
    assert end_of_day(date(2026, 3, 8), NEW_YORK) == datetime(2026, 3, 9, 4, tzinfo=UTC)  # summer time began that day


def test_the_ranked_players_of_a_model_without_a_ladder_have_the_listed_columns(slate: Slate) -> None:
    assert tuple(slate.ranked.columns) == RANKED_COLUMNS


def test_an_entry_has_the_features_and_the_probability_of_the_model(slate: Slate, bundle: Bundle) -> None:
    entries = build_entries(slate, bundle, "shadow", "digest", {}, NEW_YORK).to_pylist()
    assert [row["player_lookup"] for row in entries] == slate.ranked["player_lookup"].tolist()
    assert [row["probability"] for row in entries] == slate.ranked["probability"].tolist()
    first = entries[0]
    assert (first["bundle"], first["contract"]) == (bundle.fingerprint, bundle.contract.fingerprint)
    assert (first["role"], first["data"], first["run_id"]) == ("shadow", "digest", bundle.manifest.run_id)
    assert dict(first["features"]).keys() == set(bundle.contract.names)
    assert first["known_at"] == slate.known_at


def test_tip_offs_are_read_by_game() -> None:
    game = {"game_date": DAY, "home_team_abbr": "BOS", "away_team_abbr": "NYK", "season_year": 2025}
    known = game | {"game_id": "20260120_NYK_BOS", "season_type": "regular", "tip_off": TIP_OFF}
    unknown = known | {"game_id": "20260120_LAL_MIA", "tip_off": None}
    later = known | {"game_id": "20260121_NYK_BOS", "game_date": DAY + timedelta(days=1)}
    with DuckDBWarehouse.from_arrow({"schedule": pa.Table.from_pylist([known, unknown, later])}) as warehouse:
        assert read_tip_offs(warehouse, DAY, DAY) == {"20260120_NYK_BOS": TIP_OFF}
