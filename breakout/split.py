"""The dates of training, validation and evaluation, and the selection of rows by date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from breakout import settings
from breakout.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from breakout.dataset import Dataset
    from breakout.settings import ValidationConfig, WalkForwardWindowConfig
    from breakout.settings.groups import WindowConfig
    from breakout.warehouse.base import Warehouse


@dataclass(frozen=True)
class DateRange:
    """The days from `start` to `end`, both inclusive."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"


@dataclass(frozen=True)
class Split:
    """A training range and a later evaluation range; `evaluation` is None if the run only trains.

    ConfigurationError unless training ends before evaluation starts.
    """

    train: DateRange
    evaluation: DateRange | None

    def __post_init__(self) -> None:
        if self.evaluation is not None and self.train.end >= self.evaluation.start:
            raise ConfigurationError(
                f"training {self.train} must end before evaluation {self.evaluation} starts: "
                "a model is never evaluated on games it was trained on."
            )


@dataclass(frozen=True)
class Fold:
    """One window of a walk forward: a training range and a later evaluation range of at most one month or week.

    `label` is the month of the evaluation range, such as 2026-01. If the folds are weeks, `label` is the first day of
    the evaluation range.
    """

    label: str
    train: DateRange
    evaluation: DateRange

    @property
    def split(self) -> Split:
        return Split(self.train, self.evaluation)


def resolve_window(window: WindowConfig, warehouse: Warehouse) -> Split:
    """Return the training and evaluation ranges that the settings `window` define.

    For a walk forward, these are the ranges of the last fold. A trailing window without `as_of` ends with the newest
    game in the warehouse; DataError if the date of that game cannot be read. ConfigurationError unless training ends
    before evaluation starts.
    """
    if isinstance(window, settings.DateWindowConfig):
        evaluation = None
        if window.eval_start is not None and window.eval_end is not None:
            evaluation = DateRange(window.eval_start, window.eval_end)
        return Split(DateRange(window.train_start, window.train_end), evaluation)
    if isinstance(window, settings.TrailingWindowConfig):
        as_of = window.as_of or warehouse.latest_game_date() + timedelta(days=1)
        return trailing_split(as_of, window.train_days, window.eval_days)
    return resolve_folds(window)[-1].split


def trailing_split(as_of: date, train_days: int, eval_days: int) -> Split:
    """Return a split: evaluation on the `eval_days` days before `as_of`, training on the `train_days` before these.

    The evaluation range is None if `eval_days` is 0.
    """
    eval_start = as_of - timedelta(days=eval_days)
    train = DateRange(eval_start - timedelta(days=train_days), eval_start - timedelta(days=1))
    return Split(train, DateRange(eval_start, as_of - timedelta(days=1)) if eval_days else None)


def resolve_folds(window: WalkForwardWindowConfig) -> tuple[Fold, ...]:
    """Return the folds of a walk forward: one for each calendar month or week from `eval_start` to `eval_end`.

    The training range of a fold is from `train_start` to the day before the evaluation range. If `train_days` is set,
    only the last `train_days` of these days are used. The first and the last fold may be shorter than a month or week.
    Folds without games are included; `folds_with_games` removes them.
    """
    folds = []
    start = window.eval_start
    while start <= window.eval_end:
        end = min(_last_day(start, window.step), window.eval_end)
        first = window.train_start
        if window.train_days is not None:
            first = max(first, start - timedelta(days=window.train_days))
        label = f"{start:%Y-%m}" if window.step == "month" else str(start)
        folds.append(Fold(label, DateRange(first, start - timedelta(days=1)), DateRange(start, end)))
        start = end + timedelta(days=1)
    return tuple(folds)


def _last_day(day: date, step: str) -> date:
    if step == "week":
        return day + timedelta(days=6 - day.weekday())
    next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return next_month - timedelta(days=1)


def folds_with_games(folds: tuple[Fold, ...], dates: np.ndarray, kept: int | None) -> tuple[Fold, ...]:
    """Return the latest `kept` folds that have a game to evaluate; if `kept` is None, all such folds.

    `dates` are the game dates of the rows, shape (n,). DataError if no fold has a game to evaluate.
    """
    played = tuple(fold for fold in folds if date_mask(dates, fold.evaluation).any())
    if not played:
        raise DataError("no fold holds a game to evaluate; move window.eval_start..eval_end to dates with games.")
    return played[-kept:] if kept else played


def date_mask(dates: np.ndarray, days: DateRange) -> np.ndarray:
    """Return a bool mask of shape (n,), true for each of the n dates that lies within `days`."""
    return np.asarray((dates >= np.datetime64(days.start)) & (dates <= np.datetime64(days.end)))


def select_dates(rows: Dataset, days: DateRange) -> Dataset:
    """Return the rows within a range of dates.

    If `rows.wider` (all rows to fit on) is not None, it is limited to these dates too.
    """
    chosen = rows.take(date_mask(rows.dates, days))
    return chosen if rows.wider is None else replace(chosen, wider=select_dates(rows.wider, days))


def validation_mask(dates: np.ndarray, rule: ValidationConfig) -> np.ndarray:
    """Return a mask of the validation part: the training rows of the latest dates.

    `dates` are the dates of the training rows; `dates` and the mask have shape (n,). `rule` sets one of three keys:

    - `start`: the validation part begins on this date.
    - `days`: the validation part covers this many days, up to the latest row.
    - `fraction`: the validation part has at least this fraction of the rows, and as few dates as possible.

    DataError if no date is left to fit on or to validate on.
    """
    distinct, counts = np.unique(dates, return_counts=True)
    if rule.start is not None:
        is_kept = distinct >= np.datetime64(rule.start)
    elif rule.days is not None:
        is_kept = distinct > distinct[-1:] - np.timedelta64(rule.days, "D")
    else:
        # The floating-point product may be slightly too large. Without the tolerance of 1e-9, the validation part would
        # then have one date more than needed.
        later = np.cumsum(counts[::-1])[::-1] - counts
        is_kept = later < (rule.fraction or 0) * len(dates) - 1e-9
    if is_kept.all() or not is_kept.any():
        raise DataError(
            f"the training window has rows on {len(distinct)} dates{_describe_ends(distinct)}, which leaves "
            f"{int((~is_kept).sum())} to fit on and {int(is_kept.sum())} for validation; lengthen the training window "
            "or change the settings of `validation`."
        )
    return np.asarray(dates >= distinct[is_kept][0])


def _describe_ends(distinct: np.ndarray) -> str:
    return f" ({distinct[0]} to {distinct[-1]})" if len(distinct) else ""
