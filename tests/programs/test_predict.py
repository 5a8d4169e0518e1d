"""Tests of `breakout predict`: a slate has the probabilities that its games get once they are played."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakout.bundle.folder import read_bundle
from breakout.dataset import Rows, build_dataset, fewest_points
from breakout.errors import ConfigurationError, DataError
from breakout.market.matching import KnownNames
from breakout.production.scoring import score_window
from breakout.production.slate import Slate, build_slate
from breakout.production.slate_choice import exclude_players, resolve_day
from breakout.production.slate_output import write_slate
from breakout.settings import SampleWarehouseConfig
from breakout.split import DateRange
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.commands import Answer, Trained, call, fingerprint
from tests.sample_files import HISTORY, WHOLE, ingest, warehouse_overrides

KEYS = ["player_lookup", "game_id"]
DAY = date(2026, 1, 15)
TOMORROW = date(2026, 2, 6)


def predict(run: Path, day: date | str, *words: str) -> Answer:
    return call("predict", f"bundle={run}", f"date={day}", *words)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of source files whose games end on the day before DAY."""
    folder = tmp_path_factory.mktemp("cut")
    ingest(folder, date(2023, 10, 1), DAY - timedelta(days=1))
    return folder


@pytest.fixture(scope="module")
def before(cut: Path) -> Iterator[DuckDBWarehouse]:
    """Open the files of `cut` once for all tests that only read them."""
    files = {table: f"{cut}/{table}_*.parquet" for table in HISTORY}
    warehouse = DuckDBWarehouse(files | {table: f"{cut}/{table}.parquet" for table in WHOLE})
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def sample() -> Iterator[DuckDBWarehouse]:
    warehouse = open_sample()
    yield warehouse
    warehouse.close()


@pytest.fixture(scope="module")
def tomorrow(trained: Trained, sample: DuckDBWarehouse) -> Slate:
    """Return the default model's slate of the first day without results; tests must not change it."""
    return build_slate(read_bundle(trained["default"]), sample, TOMORROW, max_days_since_game=3)


@pytest.mark.parametrize("name", ["default", "calibrated", "experimental", "reported"])
def test_predictions_from_data_cut_the_day_before_equal_bitwise_what_an_evaluation_gives_with_all_data(
    trained: Trained, before: DuckDBWarehouse, sample: DuckDBWarehouse, name: str
) -> None:
    bundle = read_bundle(trained[name])
    slate = build_slate(bundle, before, DAY, max_days_since_game=14)
    played = score_window(bundle, sample, DateRange(DAY, DAY)).predictions()
    both = played.merge(slate.ranked, on=KEYS, suffixes=("_played", "_slate"))
    assert len(both) >= 40
    assert both["probability_played"].to_numpy().tobytes() == both["probability_slate"].to_numpy().tobytes()
    # A player may be evaluated without being a candidate: he changed teams, returned, or played although listed out.
    absent = set(played["player_lookup"]) - set(both["player_lookup"])
    is_left_out = slate.skipped["reason"].str.startswith(("has not played", "listed out"))
    left_out = set(slate.skipped[is_left_out]["player_lookup"])
    assert absent <= left_out


def test_a_past_slate_does_not_depend_on_whether_its_games_are_known(
    trained: Trained, tmp_path: Path, cut: Path, sample: DuckDBWarehouse
) -> None:
    out = tmp_path / "before.parquet"
    assert predict(trained["default"], DAY, f"out={out}", *warehouse_overrides(cut)).code == 0
    after = build_slate(read_bundle(trained["default"]), sample, DAY, max_days_since_game=14)
    for path, frame in ((out, after.ranked), (tmp_path / "before.skipped.parquet", after.skipped)):
        pd.testing.assert_frame_equal(pd.read_parquet(path), frame, check_exact=True, check_dtype=False)


def test_csv_parquet_and_json_hold_the_same_slate_bit_for_bit(tomorrow: Slate, tmp_path: Path) -> None:
    frames = {}
    for suffix in ("csv", "parquet", "json"):
        out = tmp_path / f"slate.{suffix}"
        assert write_slate(tomorrow, str(out), SampleWarehouseConfig("sample")) == [
            str(out),
            str(out.with_name(f"slate.skipped.{suffix}")),
        ]
    frames["csv"] = pd.read_csv(tmp_path / "slate.csv")
    frames["parquet"] = pd.read_parquet(tmp_path / "slate.parquet").assign(
        game_date=lambda frame: frame["game_date"].astype(str)
    )
    frames["json"] = pd.DataFrame(json.loads((tmp_path / "slate.json").read_text()))
    for suffix in ("csv", "json"):
        assert list(frames[suffix].columns) == list(frames["parquet"].columns)
        assert frames[suffix].to_dict("list") == frames["parquet"].to_dict("list")


def test_the_ranking_holds_the_documented_columns_highest_probability_first(tomorrow: Slate) -> None:
    ranked = tomorrow.ranked
    assert {"player_lookup", "game_id", "game_date", "split", "probability"} <= set(ranked.columns)
    assert "is_breakout" not in ranked
    assert ranked["probability"].is_monotonic_decreasing
    assert ranked["probability"].between(0, 1).all()
    assert set(ranked["split"]) == {"slate"}
    assert not ranked.isna().any().any()
    assert not ranked.duplicated(KEYS).any()
    home = ranked["game_id"].str.split("_").str[-1] == ranked["team_abbr"]
    assert (home.astype("int64") == ranked["is_home"]).all()


def test_everyone_on_a_scheduled_team_is_ranked_or_skipped_with_a_reason_and_never_both(
    tomorrow: Slate, sample: DuckDBWarehouse
) -> None:
    found = tomorrow
    assert "probability" not in found.skipped
    assert not set(found.ranked["player_lookup"]) & set(found.skipped["player_lookup"])
    sql = """SELECT player_lookup FROM (
      SELECT player_lookup, team_abbr, ROW_NUMBER() OVER (PARTITION BY player_lookup ORDER BY game_date DESC) AS recency
      FROM nba_analytics.player_game_summary
      WHERE season_year = 2025 AND season_type = 'regular' AND minutes_played > 0)
    WHERE recency = 1 AND team_abbr IN UNNEST(@teams)"""
    teams = sorted({*found.ranked["team_abbr"], *found.skipped["team_abbr"]})
    roster = set(sample.query(sql, {"teams": teams}).to_pandas()["player_lookup"])
    assert roster == {*found.ranked["player_lookup"], *found.skipped["player_lookup"]}
    assert len(teams) == 12


def test_each_reason_is_true_and_each_candidate_fits(tomorrow: Slate) -> None:
    ranked, skipped = tomorrow.ranked, tomorrow.skipped
    assert ranked["season_points_avg"].between(8, 16).all()
    assert (ranked["games_before"] >= 5).all()
    assert ranked["days_since_last_game"].between(1, 3).all()
    conditions = {
        "fewer than 5 games this season": skipped["games_before"] < 5,
        "averages fewer than 8 points": skipped["season_points_avg"] < 8,
        "averages more than 16 points": skipped["season_points_avg"] > 16,
        "has not played for more than 3 days": skipped["days_since_last_game"] > 3,
        "listed out at 17:30": skipped["availability_status"] == "out",
    }
    assert set(skipped["reason"]) == set(conditions)
    for reason, is_true in conditions.items():
        assert is_true[skipped["reason"] == reason].all()


def test_the_named_features_are_those_that_moved_the_row_most(
    trained: Trained, tomorrow: Slate, sample: DuckDBWarehouse
) -> None:
    bundle = read_bundle(trained["default"])
    rows = build_dataset(sample, bundle.features, TOMORROW, TOMORROW, row_source="slate")
    contributions, names = bundle.model.shap_values(rows), bundle.contract.names
    number = {
        key: index for index, key in enumerate(zip(rows.keys["player_lookup"], rows.keys["game_id"], strict=True))
    }
    for row in tomorrow.ranked.itertuples():
        index = number[str(row.player_lookup), str(row.game_id)]
        added = contributions[index]
        largest = np.argsort(-np.abs(added))[:3]
        told = [part.replace(" (default)", "") for part in str(row.top_features).split("; ")]
        assert told == [f"{names[k]} {rows.X.iloc[index, k]:.4g} {added[k]:+.2f}" for k in largest]
    base_rate = build_slate(read_bundle(trained["base_rate"]), sample, TOMORROW, max_days_since_game=3)
    assert set(base_rate.ranked["top_features"]) == {""}


@given(games=st.integers(5, 82), points=st.integers(0, 1500), multiplier=st.sampled_from([1.1, 1.25, 1.4, 1.5, 2.0]))
def test_points_for_breakout_is_the_fewest_that_the_label_calls_a_breakout(
    games: int, points: int, multiplier: float
) -> None:
    fewest = fewest_points(np.array([points]), np.array([games]), multiplier)[0]
    exact = Fraction(str(multiplier)) * points
    assert fewest * games >= exact
    assert fewest == 0 or (fewest - 1) * games < exact


@pytest.mark.parametrize(
    ("day", "code", "told"),
    [
        ("2026-07-01", 3, "the schedule ends on 2026-04-12 and lacks 2026-07-01"),
        ("2026-01-10", 2, "its training ends on 2026-01-10"),
        ("2025-12-01", 2, "its training ends on 2026-01-10"),
        ("2026-02-31", 2, "is in no calendar"),
        ("20260206", 2, "date must be text of the form 2026-01-31"),
    ],
)
def test_a_day_that_cannot_be_ranked_is_refused_in_a_sentence(trained: Trained, day: str, code: int, told: str) -> None:
    answer = predict(trained["default"], day)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 2, 14), "there are no games of the type regular on 2026-02-14; the next are on 2026-02-19"),
        # The query reads the games within 400 days of the day, here those since 2025-10-25, in the middle of a season.
        (date(2026, 11, 29), "the schedule ends on 2026-04-12 and lacks 2026-11-29"),
    ],
)
def test_a_day_without_games_is_refused(trained: Trained, sample: DuckDBWarehouse, day: date, told: str) -> None:
    with pytest.raises(DataError, match=told):
        build_slate(read_bundle(trained["default"]), sample, day, max_days_since_game=3)


def test_without_a_schedule_nothing_is_predicted(trained: Trained, cut: Path) -> None:
    words = [word for word in warehouse_overrides(cut) if not word.startswith("warehouse.schedule")]
    answer = predict(trained["default"], DAY, *words)
    assert answer.code == 3
    assert "warehouse.schedule=PATH" in answer.err


def test_games_that_the_warehouse_does_not_know_yet_are_told(trained: Trained, tomorrow: Slate, tmp_path: Path) -> None:
    assert not [warning for warning in tomorrow.warnings if "that it lacks" in warning]
    ingest(tmp_path / "data", date(2023, 10, 1), date(2026, 1, 12))
    answer = predict(trained["default"], DAY, *warehouse_overrides(tmp_path / "data"))
    told = " ".join(answer.out.split())
    assert "the warehouse ends on 2026-01-12; games scheduled from 2026-01-01 to 2026-01-14 that it lacks: 14." in told


def test_an_output_of_another_kind_is_refused_before_anything_is_read(trained: Trained, tmp_path: Path) -> None:
    answer = predict(trained["default"], "2026-02-06", f"out={tmp_path / 'slate.xlsx'}")
    assert answer.code == 2
    assert ".csv, .parquet, .json or .html" in answer.err


def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "slate.csv").mkdir()
    answer = predict(trained["default"], "2026-02-06", f"out={tmp_path / 'slate.csv'}")
    assert (answer.code, answer.out, answer.err.count("\n")) == (3, "", 1)
    assert "slate.csv cannot be written (Is a directory)" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["slate.csv"]


def test_a_prediction_is_the_models_own_probability(trained: Trained) -> None:
    bundle = read_bundle(trained["calibrated"])
    rows = Rows(bundle.training_features().head(50))
    raw = bundle.model.predict_probability(rows)
    assert np.array_equal(bundle.predict_probability(rows), bundle.calibrator.apply(raw))


def test_excluded_players_are_skipped_with_the_reason_and_top_keeps_the_best(
    trained: Trained, tomorrow: Slate, tmp_path: Path
) -> None:
    best, second = tomorrow.ranked["player_lookup"].head(2)
    name = tomorrow.ranked["player_full_name"].iloc[1]
    out = tmp_path / "slate.csv"
    words = ("max_days_since_game=3", f"out={out}", "top=4", f"exclude=[{best},'{name}',lebronjames]")
    answer = predict(trained["default"], TOMORROW, *words)
    assert answer.code == 0, answer.err
    expected = tomorrow.ranked["player_lookup"].iloc[2:6]
    assert pd.read_csv(out)["player_lookup"].tolist() == expected.tolist()
    skipped = pd.read_csv(tmp_path / "slate.skipped.csv")
    reasons = dict(zip(skipped["player_lookup"], skipped["reason"], strict=True))
    assert {lookup for lookup, reason in reasons.items() if reason == "excluded"} == {best, second}
    assert len(skipped) == len(tomorrow.skipped) + 2


def test_an_unknown_player_cannot_be_excluded_and_the_nearest_name_is_offered(
    tomorrow: Slate, sample: DuckDBWarehouse
) -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean lebronjames\?"):
        exclude_players(tomorrow, ["lebronjame"], sample)


def test_a_player_without_a_game_that_day_is_ignored_by_a_full_name_unlike_his_lookup_name(
    tomorrow: Slate, sample: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownNames.of({"nicolasclaxton": "Nic Claxton"})
    monkeypatch.setattr("breakout.market.matching.read_known_names", lambda *_: known)
    assert exclude_players(tomorrow, ["Nic Claxton"], sample).ranked.equals(tomorrow.ranked)


def test_a_player_is_excluded_by_an_earlier_spelling_of_his_name_and_nobody_by_an_empty_one(
    tomorrow: Slate, sample: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = tomorrow.ranked["player_lookup"].iloc[0]
    known = KnownNames.of({best: "Earlier Spelling Sr."})
    monkeypatch.setattr("breakout.market.matching.read_known_names", lambda *_: known)
    excluded = exclude_players(tomorrow, ["Earlier Spelling Sr."], sample)
    assert best not in set(excluded.ranked["player_lookup"])
    unnamed = replace(tomorrow, ranked=tomorrow.ranked.assign(player_full_name="李凯尔"))
    with pytest.raises(ConfigurationError, match="周琦"):
        exclude_players(unnamed, ["周琦"], sample)


@pytest.mark.parametrize(
    ("given", "expected"), [("today", "2026-02-05"), ("tomorrow", "2026-02-06"), ("2026-01-31", "2026-01-31")]
)
def test_today_is_the_day_in_the_us_east(given: str, expected: str) -> None:
    assert resolve_day(given, datetime(2026, 2, 6, 3, tzinfo=UTC)) == date.fromisoformat(expected)


@pytest.mark.parametrize("given", ["2026-02-31", "yesterday"])
def test_a_day_of_no_calendar_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError):
        resolve_day(given)


def test_production_is_the_default_of_predict(trained: Trained, outputs: Path, tmp_path: Path) -> None:
    words = (f"date={TOMORROW}", "top=1")
    answer = call("predict", f"paths.outputs={outputs}", *words)
    assert (answer.code, fingerprint(trained["base_rate"]) in answer.out) == (0, True)
    assert call("predict", f"paths.outputs={tmp_path / 'none'}", *words).code == 3


def test_a_bundle_of_another_cutoff_is_refused_unless_that_is_allowed(trained: Trained, tmp_path: Path) -> None:
    refused = predict(trained["reported"], TOMORROW, "availability.cutoff=13:30")
    assert (refused.code, refused.out) == (1, "")
    assert "availability.cutoff was 17:30, is 13:30" in refused.err
    out = tmp_path / "slate.parquet"
    allowed = predict(
        trained["reported"], TOMORROW, "availability.cutoff=13:30", "allow_contract_mismatch=true", f"out={out}"
    )
    assert allowed.code == 0, allowed.err
    assert "availability.cutoff was 17:30, is 13:30" in " ".join(allowed.out.split())
    slate = pd.read_parquet(out)
    assert slate["contract_mismatch"].all()
    assert slate["known_at"].max() <= "2026-02-06T18:30:00Z"


def test_a_bundle_without_features_of_availability_is_scored_at_any_cutoff(trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "slate.parquet"
    assert predict(trained["logistic"], TOMORROW, "availability.cutoff=13:30", f"out={out}").code == 0
    assert "contract_mismatch" not in pd.read_parquet(out)
    reasons = set(pd.read_parquet(tmp_path / "slate.skipped.parquet")["reason"])
    assert "listed out at 13:30" in reasons
    assert "listed out at 17:30" not in reasons


def test_what_moved_a_row_is_named_in_words_where_the_feature_has_any(
    trained: Trained, sample: DuckDBWarehouse
) -> None:
    slate = build_slate(read_bundle(trained["reported"]), sample, TOMORROW, max_days_since_game=3)
    assert slate.ranked["top_features"].str.contains(r"\b\d+ points of team-mates out [+-]\d").all()


def test_the_page_lists_candidates_in_order_and_who_is_out(trained: Trained, tomorrow: Slate, tmp_path: Path) -> None:
    out = tmp_path / "slate.html"
    assert predict(trained["default"], TOMORROW, f"out={out}", f"paths.outputs={tmp_path}").code == 0
    html = out.read_text(encoding="utf-8")
    names = [str(name).replace("'", "&#39;") for name in tomorrow.ranked["player_full_name"]]
    places = [html.index(f'<td data-sort="{name}">') for name in names]
    assert places == sorted(places)
    assert "Tyrese Haliburton" in html[html.index('<h2 id="absent">') : html.index('<h2 id="skipped">')]
