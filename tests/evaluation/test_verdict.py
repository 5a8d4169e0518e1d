"""The levels of the verdict at their exact limits, and its warnings."""

from __future__ import annotations

import pytest

from breakout.evaluation.intervals import PairedDifference
from breakout.evaluation.resamples import Interval
from breakout.evaluation.thresholds import ThresholdRow, TopRows
from breakout.evaluation.verdict import Verdict, decide_verdict, describe_better_baselines


def chosen_row(hits: int, flagged: int) -> ThresholdRow:
    precision = Interval(hits / flagged if flagged else None, None, None, 0)
    return ThresholdRow(0.31, True, precision, 0.1, 0.1, 0.1, flagged, hits)


def verdict_of(
    auc: float | None,
    chosen: ThresholdRow | None,
    n_rows: int = 1515,
    n_dates: int = 26,
    lift: float | None = None,
    bias: float = 0.0,
) -> Verdict:
    low, high = (None, None) if auc is None or n_dates == 1 else (auc - 0.03, auc + 0.03)
    return decide_verdict(
        Interval(auc, low, high, 0),
        chosen,
        top=None if lift is None else TopRows(0.1, 152, Interval(0.3, 0.2, 0.4, 0), Interval(2.0, lift, 3.0, 0)),
        bias=Interval(bias, bias - 0.01, bias + 0.01, 0),
        n_rows=n_rows,
        n_dates=n_dates,
        confidence=0.95,
    )


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


@pytest.mark.parametrize(("lift", "level"), [(None, "MARGINAL"), (1.3, "READY_FOR_SHADOW"), (1.299, "MARGINAL")])
def test_without_a_chosen_threshold_the_lift_of_the_top_tenth_decides(lift: float | None, level: str) -> None:
    assert verdict_of(0.68, None, lift=lift).level == level


@pytest.mark.parametrize(("bias", "level"), [(0.009, "READY_FOR_SHADOW"), (0.011, "MARGINAL"), (-0.011, "MARGINAL")])
def test_biased_probabilities_are_not_ready_and_warn(bias: float, level: str) -> None:
    verdict = verdict_of(0.68, chosen_row(20, 20), bias=bias)
    assert verdict.level == level
    assert len(verdict.warnings) == (level == "MARGINAL")


@pytest.mark.parametrize(("n_rows", "n_dates"), [(99, 26), (1515, 9), (300, 1)])
def test_too_few_games_have_no_level_of_quality(n_rows: int, n_dates: int) -> None:
    assert verdict_of(0.68, chosen_row(20, 20), n_rows, n_dates).level == "TOO_FEW_GAMES"


def difference(metric: str, reference: float, low: float, high: float) -> PairedDifference:
    middle = (low + high) / 2
    return PairedDifference(metric, reference + middle, reference, Interval(middle, low, high, 0), 0.5, metric == "auc")


@pytest.mark.parametrize(
    ("name", "auc", "loss", "words"),
    [
        ("logistic", (-0.03, 0.01), (-0.001, 0.003), "not beyond chance"),
        ("logistic", (-0.03, 0.01), (-0.003, 0.001), None),  # the lower log loss is the model's
        ("base_rate", (-0.03, 0.01), (-0.001, 0.003), None),
        ("base_rate", (0.01, 0.09), (0.001, 0.003), "beyond chance"),
        ("logistic", (-0.03, -0.01), (-0.003, 0.001), "beyond chance"),
    ],
)
def test_a_better_baseline_is_named(
    name: str, auc: tuple[float, float], loss: tuple[float, float], words: str | None
) -> None:
    found = {"auc": difference("auc", 0.6, *auc), "log_loss": difference("log_loss", 0.47, *loss)}
    sentences = describe_better_baselines({name: found})
    assert len(sentences) == (words is not None)
    assert words is None or words in sentences[0]


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
