"""Tests of the data files of `breakout daily`: ranked and skipped players of production and of every shadow."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from breakout.ledger.day_output import MODEL_COLUMNS, write_day
from breakout.ledger.recording import DaySlate
from breakout.production.slate import RANKED_COLUMNS, SKIPPED_COLUMNS, Slate
from breakout.production.statuses import ReportedStatuses

DAY = date(2026, 1, 20)


def slate(bundle: str, **columns: Any) -> Slate:
    """Return a slate with three ranked players and one skipped; `columns` are added to `ranked`."""
    ranked = pd.DataFrame(dict.fromkeys(RANKED_COLUMNS, "text"), index=range(3)).assign(
        game_date=DAY, player_lookup=["ann", "bea", "cat"], probability=[0.3, 0.2, 0.1], bundle=bundle, **columns
    )
    skipped = pd.DataFrame([dict.fromkeys(SKIPPED_COLUMNS, "text") | {"game_date": DAY, "player_lookup": "dot"}])
    now = datetime(2026, 1, 20, 15, tzinfo=UTC)
    return Slate(DAY, ranked, pd.DataFrame(), skipped, (), now, cast("ReportedStatuses", None))


LADDER = [[0.5, 0.25], [0.25, 0.125], [0.125, 0.0625]]
PRODUCTION = DaySlate("production", "b1", slate("b1"), "model")
SHADOW = DaySlate("shadow", "b2", slate("b2", ladder=LADDER), "rival")
BROKEN = DaySlate("shadow", "b3", None, error="damaged")


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".json":
        return pd.DataFrame(json.loads(path.read_text()))
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_all_models_are_in_one_file_that_names_role_model_and_bundle(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"day.{suffix}"
    written = write_day((PRODUCTION, SHADOW, BROKEN), str(out), None)
    assert written == [str(out), str(tmp_path / f"day.skipped.{suffix}")]
    rows, skipped = map(read, map(Path, written))
    assert tuple(rows.columns[:3]) == MODEL_COLUMNS
    assert set(rows.columns) == {*MODEL_COLUMNS, *RANKED_COLUMNS, "ladder"}
    assert rows[["role", "model", "bundle"]].drop_duplicates().to_numpy().tolist() == [
        ["production", "model", "b1"],
        ["shadow", "rival", "b2"],
    ]
    assert rows["player_lookup"].tolist() == ["ann", "bea", "cat"] * 2
    assert rows["ladder"][:3].isna().all()
    ladders = [json.loads(one) if isinstance(one, str) else np.asarray(one).tolist() for one in rows["ladder"][3:]]
    assert ladders == LADDER
    assert skipped["role"].tolist() == ["production", "shadow"]


def test_top_limits_the_rows_of_each_model(tmp_path: Path) -> None:
    out = tmp_path / "day.csv"
    write_day((PRODUCTION, SHADOW), str(out), 2)
    assert read(out)["player_lookup"].tolist() == ["ann", "bea"] * 2


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_day_without_slates_replaces_the_file_of_an_earlier_day(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"day.{suffix}"
    write_day((PRODUCTION,), str(out), None)
    write_day((), str(out), None)
    assert read(out).empty
    assert set(read(out).columns) == {*MODEL_COLUMNS, *RANKED_COLUMNS}


def test_a_model_without_candidates_changes_no_type_of_the_others(tmp_path: Path) -> None:
    out = tmp_path / "day.parquet"
    empty = replace(slate("b2"), ranked=slate("b2").ranked.head(0))
    write_day((PRODUCTION, DaySlate("shadow", "b2", empty, "rival")), str(out), None)
    assert read(out)["probability"].tolist() == [0.3, 0.2, 0.1]
