"""The counts, the graded rows, the hits and the misses on the ledger's page, from entries made by hand."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from breakout.evaluation.resamples import EvaluationParameters
from breakout.ledger.against_price import LedgerMarket
from breakout.ledger.grading import GRADE_SCHEMA, Which, choose_counted, grade_entries, list_graded
from breakout.ledger.review import LedgerReview
from breakout.ledger.scoreboard import MIN_GRADED, build_scoreboard
from breakout.report.game_tables import hit_and_miss_tables
from breakout.report.html.pages import render_ledger
from breakout.report.ledger_tables import describe_counts
from tests.ledger.entries import DAY, GAME, entry, frame, results

HIT, MISS = 20, 10  # points scored by a player who needs 15 for a breakout


def graded(*entries: dict[str, Any], **points: int) -> pd.DataFrame:
    """Return the entries, graded by the points of the players named in `points`; other players did not play."""
    rows = results(*((GAME, DAY, player, "BOS", scored, 30.0) for player, scored in (points | {"other": 5}).items()))
    counted = choose_counted(frame(*entries), "first")
    return grade_entries(counted, rows, {GAME: DAY}, DAY + timedelta(days=1), lost_after_days=3)


def review(rows: pd.DataFrame, parameters: EvaluationParameters, which: Which = "first") -> LedgerReview:
    return LedgerReview(
        graded=rows,
        scoreboard=build_scoreboard(rows, parameters, {}, which),
        market=LedgerMarket((), ()),
        changes=pa.Table.from_pylist([], GRADE_SCHEMA),
        corrections=pd.DataFrame({"player_lookup": [], "game_id": [], "was": [], "outcome": [], "reason": []}),
        overdue=0,
        damaged=(),
        which=which,
    )


@pytest.fixture
def parameters() -> EvaluationParameters:
    return EvaluationParameters(5, 42, 0.95, 5, (), ())


def test_late_entries_are_named_beside_the_counts_and_no_heading_stands_over_nothing(
    parameters: EvaluationParameters,
) -> None:
    found = review(graded(entry("ann", is_late=True), entry("bea", is_late=True), ann=HIT), parameters)
    sentences = describe_counts(found)
    page = render_ledger(found)
    assert any(sentence.startswith("2 entries") and "tip-off" in sentence for sentence in sentences)
    assert all(sentence in page for sentence in sentences)
    assert 'id="scores"' in page
    assert not any(f'id="{section}"' in page for section in ("reliability", "weeks", "games"))


def test_with_enough_graded_entries_the_rates_have_their_sections(parameters: EvaluationParameters) -> None:
    names = [f"player{number}" for number in range(MIN_GRADED)]
    points = {name: HIT if number % 4 == 0 else MISS for number, name in enumerate(names)}
    shadows = [entry(name, role="shadow", bundle="b2") for name in names]
    found = review(graded(*map(entry, names), *shadows, **points), parameters)
    page = render_ledger(found)
    assert all(f'id="{section}"' in page for section in ("reliability", "weeks", "games"))
    names = re.findall(' id="([^"]+)"', page)
    assert len(names) == len(set(names)), "an id names one place of a page"
    assert len(describe_counts(found)) == 1  # only the rule, because no entry is late and rates are shown


@pytest.mark.parametrize("which", ["first", "last"])
def test_the_rule_that_chose_among_several_predictions_is_named(which: Which, parameters: EvaluationParameters) -> None:
    found = review(graded(entry("ann"), ann=HIT), parameters, which)
    assert f"ledger.which={which}" in describe_counts(found)[0]
    assert f"ledger.which={which}" in render_ledger(found)


def test_hits_and_misses_are_productions_graded_entries_the_highest_probability_first() -> None:
    rows = graded(
        entry("ann", probability=0.1),
        entry("bea", probability=0.5),
        entry("cat", probability=0.4),
        entry("dot", probability=0.9),  # has no points, so she did not play
        entry("eve", probability=0.8, is_late=True),
        entry("bea", probability=0.7, role="shadow", bundle="b2"),
        ann=HIT,
        bea=HIT,
        cat=MISS,
        eve=HIT,
    )
    hits, misses = hit_and_miss_tables(rows)
    assert [[cell.text for cell in row] for row in hits.rows] == [
        ["1", "Bea", str(DAY), "NYK at BOS", "0.500", "15", "20"],
        ["3", "Ann", str(DAY), "NYK at BOS", "0.100", "15", "20"],
    ]
    assert [[cell.text for cell in row] for row in misses.rows] == [
        ["2", "Cat", str(DAY), "NYK at BOS", "0.400", "15", "10"]
    ]


def test_graded_entries_are_listed_with_role_model_points_and_outcome() -> None:
    rows = graded(
        entry("ann", role="shadow", name="rival"), entry("bea"), entry("cat", is_late=True), ann=HIT, bea=MISS, cat=HIT
    )
    columns = ["player_lookup", "role", "model", "probability", "points_for_breakout", "points", "outcome"]
    assert list_graded(rows)[columns].to_numpy().tolist() == [
        ["ann", "shadow", "rival", 0.2, 15, 20, "breakout"],
        ["bea", "production", "model", 0.2, 15, 10, "no"],
    ]
    assert list_graded(graded(entry("ann"))).empty
