"""A slate is scored exactly as its games are once they are played, and says who is left out and why."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakout.bundle import load_bundle
from breakout.slate import Slate, build_slate, points_for_breakout
from breakout.warehouse.sample import open_sample
from tests.programs.conftest import QUICK, Answer, Trained, call, newest_run
from tests.programs.sample_files import ingest, warehouse_words

KEYS = ["player_lookup", "game_id"]
DAY = date(2026, 1, 15)


def predict(run: Path, day: date | str, *words: str) -> Answer:
    return call("predict", f"bundle={run}", f"date={day}", *words)


def slate(run: Path, day: date, max_days_since_game: int = 14) -> Slate:
    warehouse = open_sample()
    try:
        return build_slate(load_bundle(run), warehouse, day, max_days_since_game)
    finally:
        warehouse.close()


@pytest.mark.parametrize("name", ["default", "mended", "experimental"])
def test_predictions_from_data_cut_the_day_before_equal_bitwise_what_evaluate_gives_with_all_data(
    trained: Trained, tmp_path: Path, name: str
) -> None:
    ingest(tmp_path / "data", date(2023, 10, 1), date(2026, 1, 14))
    out = tmp_path / "slate.parquet"
    answer = predict(trained[name], DAY, f"out={out}", *warehouse_words(tmp_path / "data"))
    assert answer.code == 0, answer.err
    evaluated = call("evaluate", f"bundle={trained[name]}", f"start={DAY}", f"paths.outputs={tmp_path}", *QUICK)
    assert evaluated.code == 0, evaluated.err
    predictions = pd.read_parquet(newest_run(tmp_path, "evaluate") / "predictions.parquet")
    played = predictions[predictions["game_date"] == DAY]
    both = played.merge(pd.read_parquet(out), on=KEYS, suffixes=("_played", "_slate"))
    assert len(both) >= 40
    assert both["probability_played"].to_numpy().tobytes() == both["probability_slate"].to_numpy().tobytes()
    # Who was scored although he was no candidate had changed teams or was away for longer.
    absent = set(played["player_lookup"]) - set(both["player_lookup"])
    skipped = pd.read_parquet(tmp_path / "slate.skipped.parquet")
    stale = set(skipped[skipped["reason"].str.startswith("has not played")]["player_lookup"])
    assert absent <= stale


def test_a_past_slate_does_not_depend_on_whether_its_games_are_known(trained: Trained, tmp_path: Path) -> None:
    ingest(tmp_path / "data", date(2023, 10, 1), date(2026, 1, 14))
    before, after = tmp_path / "before.parquet", tmp_path / "after.parquet"
    assert predict(trained["default"], DAY, f"out={before}", *warehouse_words(tmp_path / "data")).code == 0
    assert predict(trained["default"], DAY, f"out={after}").code == 0
    pd.testing.assert_frame_equal(pd.read_parquet(before), pd.read_parquet(after), check_exact=True)


def test_csv_parquet_and_json_hold_the_same_slate_bit_for_bit(trained: Trained, tmp_path: Path) -> None:
    frames = {}
    for suffix in ("csv", "parquet", "json"):
        out = tmp_path / f"slate.{suffix}"
        assert predict(trained["default"], "2026-02-06", f"out={out}").code == 0
        assert out.with_name(f"slate.skipped.{suffix}").exists()
    frames["csv"] = pd.read_csv(tmp_path / "slate.csv")
    frames["parquet"] = pd.read_parquet(tmp_path / "slate.parquet").assign(
        game_date=lambda frame: frame["game_date"].astype(str)
    )
    frames["json"] = pd.DataFrame(json.loads((tmp_path / "slate.json").read_text()))
    for suffix in ("csv", "json"):
        assert list(frames[suffix].columns) == list(frames["parquet"].columns)
        assert frames[suffix].to_dict("list") == frames["parquet"].to_dict("list")


def test_the_ranking_holds_the_documented_columns_highest_probability_first(trained: Trained) -> None:
    ranked = slate(trained["default"], date(2026, 2, 6)).ranked
    assert {"player_lookup", "game_id", "game_date", "split", "probability"} <= set(ranked.columns)
    assert "is_breakout" not in ranked
    assert ranked["probability"].is_monotonic_decreasing
    assert ranked["probability"].between(0, 1).all()
    assert set(ranked["split"]) == {"slate"}
    assert not ranked.isna().any().any()
    assert not ranked.duplicated(KEYS).any()
    home = ranked["game_id"].str.split("_").str[-1] == ranked["team_abbr"]
    assert (home.astype("int64") == ranked["is_home"]).all()


def test_everyone_on_a_scheduled_team_is_ranked_or_skipped_with_a_reason_and_never_both(trained: Trained) -> None:
    found = slate(trained["default"], date(2026, 2, 6))
    assert "probability" not in found.skipped
    assert not set(found.ranked["player_lookup"]) & set(found.skipped["player_lookup"])
    known = open_sample()
    sql = """SELECT player_lookup FROM (
      SELECT player_lookup, team_abbr, ROW_NUMBER() OVER (PARTITION BY player_lookup ORDER BY game_date DESC) AS recency
      FROM nba_analytics.player_game_summary
      WHERE season_year = 2025 AND season_type = 'regular' AND minutes_played > 0)
    WHERE recency = 1 AND team_abbr IN UNNEST(@teams)"""
    teams = sorted({*found.ranked["team_abbr"], *found.skipped["team_abbr"]})
    roster = set(known.query(sql, {"teams": teams}).to_pandas()["player_lookup"])
    known.close()
    assert roster == {*found.ranked["player_lookup"], *found.skipped["player_lookup"]}
    assert len(teams) == 12


def test_each_reason_is_true_and_each_candidate_fits(trained: Trained) -> None:
    found = slate(trained["default"], date(2026, 2, 6), max_days_since_game=3)
    ranked, skipped = found.ranked, found.skipped
    assert ranked["season_points_avg"].between(8, 16).all()
    assert (ranked["games_before"] >= 5).all()
    assert ranked["days_since_last_game"].between(1, 3).all()
    conditions = {
        "fewer than 5 games this season": skipped["games_before"] < 5,
        "averages fewer than 8 points": skipped["season_points_avg"] < 8,
        "averages more than 16 points": skipped["season_points_avg"] > 16,
        "has not played for more than 3 days": skipped["days_since_last_game"] > 3,
    }
    assert set(skipped["reason"]) == set(conditions)
    for reason, is_true in conditions.items():
        assert is_true[skipped["reason"] == reason].all()


def test_the_limit_of_days_is_inclusive(trained: Trained) -> None:
    at_14 = slate(trained["default"], date(2026, 2, 6)).ranked
    longest = int(at_14["days_since_last_game"].max())
    same = slate(trained["default"], date(2026, 2, 6), max_days_since_game=longest).ranked
    pd.testing.assert_frame_equal(at_14, same)
    fewer = slate(trained["default"], date(2026, 2, 6), max_days_since_game=longest - 1).ranked
    assert len(fewer) < len(at_14)


def test_a_traded_player_is_ranked_for_the_team_he_last_played_for(trained: Trained) -> None:
    sql = """SELECT DISTINCT later.player_lookup, later.team_abbr
    FROM nba_analytics.player_game_summary AS earlier
    JOIN nba_analytics.player_game_summary AS later USING (player_lookup, season_year)
    WHERE season_year = 2025 AND earlier.team_abbr != later.team_abbr AND earlier.game_date < later.game_date
      AND later.game_date > DATE '2026-01-25'"""
    known = open_sample()
    moved = dict(known.query(sql, {}).to_pandas().itertuples(index=False, name=None))
    known.close()
    found = slate(trained["default"], date(2026, 2, 6))
    everyone = pd.concat([found.ranked, found.skipped])
    met = everyone[everyone["player_lookup"].isin(list(moved))]
    assert len(met)
    assert all(moved[row.player_lookup] == row.team_abbr for row in met.itertuples())


def test_the_named_features_are_those_that_moved_the_row_most(trained: Trained) -> None:
    ranked = slate(trained["logistic"], date(2026, 2, 6)).ranked
    for text in ranked["top_features"]:
        added = [abs(float(part.rsplit(" ", 1)[1])) for part in text.split("; ")]
        assert len(added) == 3
        assert added == sorted(added, reverse=True)
    assert set(slate(trained["base_rate"], date(2026, 2, 6)).ranked["top_features"]) == {""}


@given(games=st.integers(5, 82), points=st.integers(0, 1500), multiplier=st.sampled_from([1.1, 1.25, 1.4, 1.5, 2.0]))
def test_points_for_breakout_is_the_fewest_that_the_label_calls_a_breakout(
    games: int, points: int, multiplier: float
) -> None:
    fewest = points_for_breakout(points, games, multiplier)
    exact = Fraction(str(multiplier)) * points
    assert fewest * games >= exact
    assert fewest == 0 or (fewest - 1) * games < exact


@pytest.mark.parametrize(
    ("day", "code", "told"),
    [
        ("2026-02-14", 3, "there are no games of the type regular on 2026-02-14; the next are on 2026-02-19"),
        ("2026-07-01", 3, "reaches from 2025-10-21 to 2026-04-12 and lacks 2026-07-01"),
        ("2026-01-10", 2, "its training ends on 2026-01-10"),
        ("2025-12-01", 2, "its training ends on 2026-01-10"),
        ("2026-02-31", 2, "date must be a date"),
    ],
)
def test_a_day_that_cannot_be_ranked_is_refused_in_a_sentence(trained: Trained, day: str, code: int, told: str) -> None:
    answer = predict(trained["default"], day)
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err
    assert answer.err.count("\n") == 1


def test_without_a_schedule_nothing_is_predicted(trained: Trained, tmp_path: Path) -> None:
    ingest(tmp_path / "data", date(2025, 10, 1), date(2026, 1, 14))
    words = [word for word in warehouse_words(tmp_path / "data") if not word.startswith("warehouse.schedule")]
    answer = predict(trained["default"], DAY, *words)
    assert answer.code == 3
    assert "warehouse.schedule=PATH" in answer.err


def test_games_that_the_warehouse_does_not_know_yet_are_told(trained: Trained, tmp_path: Path) -> None:
    assert "not in it yet" not in predict(trained["default"], "2026-02-06").out
    ingest(tmp_path / "data", date(2023, 10, 1), date(2026, 1, 12))
    answer = predict(trained["default"], DAY, *warehouse_words(tmp_path / "data"))
    told = " ".join(answer.out.split())
    assert "the warehouse ends on 2026-01-12: 14 games scheduled between then and 2026-01-15 are not in it yet" in told


def test_an_output_of_another_kind_is_refused_before_anything_is_read(trained: Trained, tmp_path: Path) -> None:
    answer = predict(trained["default"], "2026-02-06", f"out={tmp_path / 'slate.xlsx'}")
    assert answer.code == 2
    assert ".csv, .parquet or .json" in answer.err


def test_a_prediction_is_the_models_own_probability(trained: Trained) -> None:
    bundle = load_bundle(trained["mended"])
    rows = bundle.training_features().head(50)
    raw = bundle.model.predict_probability(rows)
    assert np.array_equal(bundle.predict_probability(rows), bundle.calibrator.apply(raw))
