"""The verdict's three levels at their exact limits, and its warnings."""

from __future__ import annotations

import pytest

from breakout.evaluation.resamples import Interval
from breakout.evaluation.thresholds import ThresholdRow
from breakout.evaluation.verdict import Verdict, decide_verdict


def chosen_row(hits: int, flagged: int) -> ThresholdRow:
    precision = Interval(hits / flagged if flagged else None, None, None, 0)
    return ThresholdRow(0.31, True, precision, 0.1, 0.1, 0.1, flagged, hits)


def verdict_of(auc: float | None, chosen: ThresholdRow | None, n_rows: int = 1515, n_dates: int = 26) -> Verdict:
    low, high = (None, None) if auc is None or n_dates == 1 else (auc - 0.03, auc + 0.03)
    return decide_verdict(Interval(auc, low, high, 0), chosen, n_rows=n_rows, n_dates=n_dates, confidence=0.95)


@pytest.mark.parametrize(
    ("auc", "hits", "flagged", "level"),
    [
        (0.65, 11, 20, "READY_FOR_SHADOW"),
        (0.649999, 11, 20, "MARGINAL"),
        (0.65, 10, 20, "MARGINAL"),
        (0.65, 19, 19, "MARGINAL"),
        (0.65, 0, 0, "MARGINAL"),
        (0.60, 20, 20, "MARGINAL"),
        (0.599999, 20, 20, "NEEDS_IMPROVEMENT"),
        (0.1 + 0.2 + 0.3, 0, 0, "MARGINAL"),
    ],
)
def test_levels_change_exactly_at_their_limits(auc: float, hits: int, flagged: int, level: str) -> None:
    assert verdict_of(auc, chosen_row(hits, flagged)).level == level


def test_without_an_auc_the_verdict_is_needs_improvement_and_says_why() -> None:
    verdict = verdict_of(None, chosen_row(20, 20))
    assert verdict.level == "NEEDS_IMPROVEMENT"
    assert "one class only" in verdict.reason


def test_without_a_chosen_threshold_nothing_is_ready() -> None:
    verdict = verdict_of(0.68, None)
    assert (verdict.level, verdict.warnings) == ("MARGINAL", ())


def test_the_reason_states_interval_games_and_dates() -> None:
    reason = verdict_of(0.609, chosen_row(6, 15)).reason
    assert "AUC 0.609 (95% interval 0.579 to 0.639, resampling game dates)" in reason
    assert "1,515 games of 26 dates" in reason
    assert "precision 0.400 with 15 flagged" in reason


def test_an_auc_above_seventy_is_called_a_leak_until_proven_otherwise() -> None:
    assert "a leak until proven otherwise" in verdict_of(0.71, None).warnings[0]
    assert verdict_of(0.70, None).warnings == ()


def test_fewer_than_a_hundred_rows_warn() -> None:
    assert "99 evaluation rows" in verdict_of(0.66, None, n_rows=99).warnings[0]
    assert verdict_of(0.66, None, n_rows=100).warnings == ()


def test_fewer_than_ten_dates_warn_that_intervals_are_too_narrow() -> None:
    assert "Only 9 game dates" in verdict_of(0.66, None, n_dates=9).warnings[0]
    assert verdict_of(0.66, None, n_dates=10).warnings == ()


def test_one_date_alone_has_no_interval_and_says_so() -> None:
    verdict = verdict_of(0.66, None, n_rows=120, n_dates=1)
    assert verdict.reason.startswith("AUC 0.660 (no interval) on 120 games of 1 date;")
    assert "no intervals" in verdict.warnings[0]


def test_an_interval_that_holds_one_half_warns() -> None:
    assert "chance alone" in verdict_of(0.52, None).warnings[0]
