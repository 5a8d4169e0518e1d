"""Tests of the comparison of the ledger's models with the market."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from breakout.evaluation.market_metrics import MARKET
from breakout.ledger.against_price import compare_ledger_with_market
from breakout.ledger.past_predictions import ladder_predictions
from breakout.ledger.scoreboard import MIN_GRADED
from breakout.report.ledger_tables import ledger_market_table
from breakout.settings import GradeConfig
from breakout.settings.composition import compose
from tests.builders import History, day
from tests.ledger.entries import frame
from tests.market.markets import parameters

LADDER = np.clip(1.0 - np.arange(1, 61) / 30.0, 1e-4, 1.0).tolist()


def graded(players: int, dates: int = 4) -> tuple[History, pd.DataFrame, str]:
    """Return a history, the graded entries of its players, and a price file with one line for each entry."""
    history, rows, quotes = History(), [], "game_date,player_lookup,line,over_price,under_price\n"
    for number in range(dates):
        for player in range(players):
            history.plays(number, 8 + player % 7, player=f"p{player}")
            row = {"player_lookup": f"p{player}", "game_date": day(number), "ladder": LADDER}
            rows.append(row | {"game_id": f"{day(number):%Y%m%d}_NYK_BOS", "outcome": "no", "points": 8.0 + player % 7})
            quotes += f"{day(number)},p{player},{9.5 + player % 3},1.9,1.9\n"
    entries = frame(*({"predicted_at": datetime(2025, 11, 1, tzinfo=UTC)} | _entry(row) for row in rows))
    return history, entries.assign(outcome="no"), quotes


def _entry(row: dict[str, object]) -> dict[str, object]:
    return {"role": "production", "bundle": "b1", "name": "model"} | {
        name: value for name, value in row.items() if name not in ("outcome", "points")
    }


def config(folder: Path, quotes: str) -> GradeConfig:
    path = folder / "prices.csv"
    path.write_text(quotes, encoding="utf-8")
    composed = compose("grade", [f"prices={path}"])
    assert isinstance(composed, GradeConfig)
    return composed


@pytest.mark.parametrize(("players", "has_figures"), [(25, True), (24, False)])
def test_figures_are_shown_from_100_lines_on(players: int, has_figures: bool, tmp_path: Path) -> None:
    history, entries, quotes = graded(players)
    with history.open() as warehouse:
        found = compare_ledger_with_market(entries, warehouse, config(tmp_path, quotes), parameters())
    (score,) = found.scores
    assert score.n_lines == 4 * players
    assert (score.n_lines >= MIN_GRADED) is has_figures
    assert (score.metrics is not None) is has_figures
    if score.metrics is not None:
        assert score.metrics.metrics[MARKET]["log_loss"].estimate == pytest.approx(np.log(2))
    assert ledger_market_table(found).rows


def test_nothing_is_compared_without_prices() -> None:
    history, entries, _ = graded(2, 1)
    composed = compose("grade")
    assert isinstance(composed, GradeConfig)
    with history.open() as warehouse:
        assert compare_ledger_with_market(entries, warehouse, composed, parameters()).scores == ()


def test_an_entry_is_known_at_the_morning_of_its_game_date_or_at_a_newer_status() -> None:
    noon = datetime(2026, 1, 5, 17, tzinfo=UTC)
    entries = frame(
        {**_entry({}), **_game("ann"), "known_at": noon},
        {**_entry({}), **_game("bob"), "known_at": noon - timedelta(days=1)},
        {**_entry({}), **_game("cid"), "known_at": None},
    )
    found = ladder_predictions(entries.assign(outcome="no")).set_index("player_lookup")["known_at"]
    assert found["ann"] == noon
    assert found["bob"] == found["cid"] == datetime(2026, 1, 5, 10, tzinfo=UTC)


def test_the_first_of_two_models_in_a_role_counts_for_a_player() -> None:
    later = {**_entry({"bundle": "b2"}), **_game("ann"), "predicted_at": datetime(2026, 1, 5, 16, tzinfo=UTC)}
    first = {**_entry({"bundle": "b1"}), **_game("ann"), "predicted_at": datetime(2026, 1, 5, 15, tzinfo=UTC)}
    assert ladder_predictions(frame(later, first).assign(outcome="no"))["bundle"].tolist() == ["b1"]


def _game(player: str) -> dict[str, object]:
    return {"player_lookup": player, "game_date": date(2026, 1, 5), "game_id": "20260105_NYK_BOS", "ladder": LADDER}
