"""The rows that are kept for validation, and the dates of windows."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakout import settings
from breakout.dataset import build_dataset
from breakout.errors import ConfigurationError, DataError
from breakout.split import DateRange, Split, resolve_window, trailing_split, validation_mask
from breakout.warehouse.sample import open_sample
from tests.builders import History, day, features_config


def rule(fraction: float) -> settings.ValidationConfig:
    return settings.ValidationConfig(fraction, None, None, refit=True)


def dates(*rows_a_day: int) -> np.ndarray:
    """Return the dates of rows: one number of rows for each day from 2025-11-01 on."""
    days = np.datetime64("2025-11-01") + np.arange(len(rows_a_day))
    return np.repeat(days, rows_a_day)


@pytest.mark.parametrize(
    ("rows_a_day", "fraction", "kept_back"),
    [
        ((10, 10, 10, 10), 0.15, [*range(30, 40)]),
        ((20, 20, 20, 20), 0.25, [*range(60, 80)]),  # exactly a quarter is enough
        ((20, 20, 21, 19), 0.25, [*range(40, 80)]),  # the last date lacks one row, so the whole date before counts too
        ((85, 5, 5, 5), 0.15, [*range(85, 100)]),  # as floats, 0.15 * 100 may differ from 15
        ((84, 6, 5, 5), 0.15, [*range(84, 100)]),
        ((1, 98, 1), 0.15, [*range(1, 100)]),  # a date with many rows is not divided
        ((50, 0, 0, 50), 0.15, [*range(50, 100)]),  # days without games do not count
        ((3, 2, 1), 0.01, [5]),
        ((3, 2, 1), 0.5, [3, 4, 5]),
    ],
)
def test_validation_is_the_fewest_latest_dates_that_hold_the_fraction(
    rows_a_day: tuple[int, ...], fraction: float, kept_back: list[int]
) -> None:
    assert validation_mask(dates(*rows_a_day), rule(fraction)).nonzero()[0].tolist() == kept_back


@pytest.mark.parametrize(
    ("days", "start", "kept_back"),
    [
        (1, None, [6]),
        (3, None, [3, 4, 5, 6]),  # the three days include one without games
        (None, date(2025, 11, 3), [3, 4, 5, 6]),
        (None, date(2025, 11, 4), [6]),  # a start on a day without games
    ],
)
def test_validation_by_days_or_by_its_start_does_not_depend_on_the_number_of_rows(
    days: int | None, start: date | None, kept_back: list[int]
) -> None:
    found = settings.ValidationConfig(None, days, start, refit=True)
    assert validation_mask(dates(2, 1, 3, 0, 1), found).nonzero()[0].tolist() == kept_back


@pytest.mark.parametrize(("days", "start"), [(5, None), (None, date(2025, 11, 1)), (None, date(2025, 11, 6))])
def test_a_validation_part_that_leaves_nothing_on_one_side_is_refused(days: int | None, start: date | None) -> None:
    with pytest.raises(DataError, match="2025-11-01 to 2025-11-05"):
        validation_mask(dates(2, 1, 3, 0, 1), settings.ValidationConfig(None, days, start, refit=True))


def test_validation_needs_no_sorted_rows() -> None:
    shuffled = np.random.default_rng(3).permutation(dates(10, 10, 10, 10))
    assert (validation_mask(shuffled, rule(0.15)) == (shuffled == np.datetime64("2025-11-04"))).all()


@pytest.mark.parametrize(
    ("rows_a_day", "fraction"), [((), 0.15), ((100,), 0.15), ((10, 90), 0.95), ((88, 2, 5, 5), 0.15)]
)
def test_a_window_with_no_date_left_to_fit_on_is_refused(rows_a_day: tuple[int, ...], fraction: float) -> None:
    with pytest.raises(DataError, match=f"rows on {len(rows_a_day)} dates.*lengthen the training window"):
        validation_mask(dates(*rows_a_day), rule(fraction))


@given(st.lists(st.integers(0, 30), min_size=2, max_size=30), st.floats(0.01, 0.6))
def test_validation_is_never_smaller_than_asked_nor_a_date_too_large(rows_a_day: list[int], fraction: float) -> None:
    given_dates = dates(*rows_a_day)
    try:
        mask = validation_mask(given_dates, rule(fraction))
    except DataError:
        first = given_dates.min() if len(given_dates) else None
        assert (given_dates != first).sum() < fraction * len(given_dates) or len(given_dates) == 0
        return
    assert given_dates[~mask].max() < given_dates[mask].min()
    assert mask.sum() >= fraction * len(given_dates) - 1e-6
    without_its_first_date = mask & (given_dates > given_dates[mask].min())
    assert without_its_first_date.sum() < fraction * len(given_dates)


def test_the_first_window_of_the_sample_keeps_its_last_days_back() -> None:
    sample = open_sample()
    rows = build_dataset(sample, features_config(["home_away"]), date(2025, 11, 2), date(2026, 1, 10))
    sample.close()
    mask = validation_mask(rows.dates, rule(0.15))
    assert rows.dates[mask].min() > rows.dates[~mask].max()
    assert 0.15 * len(rows) <= mask.sum() < 0.15 * len(rows) + 120


@pytest.mark.parametrize(
    ("as_of", "train_days", "eval_days", "train", "evaluation"),
    [
        (date(2026, 2, 6), 70, 26, "2025-11-02..2026-01-10", "2026-01-11..2026-02-05"),
        (date(2026, 2, 6), 1, 1, "2026-02-04..2026-02-04", "2026-02-05..2026-02-05"),
        (date(2026, 3, 1), 28, 0, "2026-02-01..2026-02-28", "None"),
        (date(2024, 3, 1), 1, 1, "2024-02-28..2024-02-28", "2024-02-29..2024-02-29"),
    ],
)
def test_a_trailing_window_ends_the_day_before_as_of(
    as_of: date, train_days: int, eval_days: int, train: str, evaluation: str
) -> None:
    split = trailing_split(as_of, train_days, eval_days)
    assert (str(split.train), str(split.evaluation)) == (train, evaluation)
    assert split.train.days == train_days


def test_a_trailing_window_without_as_of_follows_the_newest_game() -> None:
    history = History()
    history.season(10, 10, 10)
    warehouse = history.open()
    window = settings.TrailingWindowConfig(kind="trailing", train_days=3, eval_days=2, as_of=None)
    split = resolve_window(window, warehouse)
    warehouse.close()
    assert split.evaluation == DateRange(day(3), day(4))
    assert split.train == DateRange(day(0), day(2))


def test_dates_are_taken_as_they_are_and_may_only_train() -> None:
    warehouse = History().open()
    window = settings.DateWindowConfig(
        "dates", date(2025, 11, 2), date(2026, 1, 10), date(2026, 1, 11), date(2026, 2, 5)
    )
    split = resolve_window(window, warehouse)
    assert (str(split.train), str(split.evaluation)) == ("2025-11-02..2026-01-10", "2026-01-11..2026-02-05")
    only_train = settings.DateWindowConfig("dates", date(2025, 11, 2), date(2026, 2, 5), None, None)
    assert resolve_window(only_train, warehouse).evaluation is None
    warehouse.close()


@pytest.mark.parametrize("days_late", [0, 1, 30])
def test_an_evaluation_that_touches_training_is_refused(days_late: int) -> None:
    end = date(2026, 1, 10)
    start = end - timedelta(days=days_late)
    with pytest.raises(ConfigurationError, match=r"must end before evaluation .* starts"):
        Split(DateRange(date(2025, 11, 2), end), DateRange(start, date(2026, 2, 5)))


def test_ranges_that_follow_each_other_share_no_day() -> None:
    split = trailing_split(date(2026, 2, 6), 70, 26)
    assert split.evaluation is not None
    for earlier, later in pairwise([split.train, split.evaluation]):
        assert later.start - earlier.end == timedelta(days=1)
