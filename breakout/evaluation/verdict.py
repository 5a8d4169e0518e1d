"""The verdict on a model: its level, its reason and its warnings.

The limits of the levels are constants, not settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from breakout.evaluation.formatting import format_count, format_interval, format_number, format_range
from breakout.evaluation.intervals import PairedDifference
from breakout.evaluation.metrics import AUC, LOG_LOSS
from breakout.evaluation.resamples import Interval
from breakout.evaluation.rows import EQUALITY_TOLERANCE
from breakout.evaluation.thresholds import ThresholdRow, TopRows
from breakout.models.kinds import kind_title

VerdictLevel = Literal["READY_FOR_SHADOW", "MARGINAL", "NEEDS_IMPROVEMENT", "TOO_FEW_GAMES"]

READY_AUC = 0.65
READY_PRECISION = 0.55
READY_FLAGGED = 20
READY_LIFT = 1.3
VERDICT_FRACTION = 0.1  # If no threshold was chosen, the lift of this top fraction of the games decides.
MARGINAL_AUC = 0.60
LEAK_AUC = 0.70
FEW_ROWS = 100
# If there are fewer dates than FEW_DATES, a 95 % percentile interval contains the true value in clearly less than 95 %
# of cases.
FEW_DATES = 10


@dataclass(frozen=True)
class Verdict:
    """The verdict on an evaluated model.

    - `level`: whether to score the model in parallel with the production model (see `decide_verdict`).
    - `auc`: measured on `n_rows` games of `n_dates` dates.
    - `warnings`: reasons to doubt the verdict.
    """

    level: VerdictLevel
    reason: str
    auc: Interval
    n_rows: int
    n_dates: int
    warnings: tuple[str, ...]


def decide_verdict(
    auc: Interval,
    chosen: ThresholdRow | None,
    *,
    top: TopRows | None,
    bias: Interval | None,
    beaten_by: Sequence[str] = (),
    n_rows: int,
    n_dates: int,
    confidence: float,
) -> Verdict:
    """Return the verdict; its level is the first of these levels whose condition is true:

    - TOO_FEW_GAMES: fewer than 100 games, or fewer than 10 dates.
    - READY_FOR_SHADOW (score the model in parallel with the production model): all three conditions below are true.
    - MARGINAL: the AUC is at least 0.60.
    - NEEDS_IMPROVEMENT: all other results, including an undefined AUC.

    The conditions of READY_FOR_SHADOW are:

    - The AUC is at least 0.65.
    - The interval of `bias` contains 0, or there is no such interval.
    - The chosen threshold flags at least 20 games with a precision of at least 0.55. If no threshold was chosen, the
      interval of the lift of the top 10 % starts at 1.3 or higher.

    The arguments are:

    - `chosen`: the row of the chosen threshold; None if no threshold was chosen.
    - `top`: the top 10 % of the games by probability; None if not computed.
    - `bias`: mean probability minus breakout rate; None if not known.
    - `beaten_by`: sentences about better baselines, which become warnings.
    - `confidence`: the confidence of the intervals, such as 0.95.
    """
    games = f"{format_count(n_rows, 'game')} of {format_count(n_dates, 'date')}"
    reason = f"{_describe_auc(auc, confidence, games)}; {_describe_threshold(chosen, top)}."
    is_useful = _is_precise(chosen) if chosen is not None else _has_lift(top)
    is_ready = is_useful and not _is_biased(bias)
    warnings = (*_warnings(auc, bias, n_rows, n_dates, confidence), *beaten_by)
    return Verdict(_level(auc.estimate, n_rows, n_dates, is_ready=is_ready), reason, auc, n_rows, n_dates, warnings)


def _level(auc: float | None, n_rows: int, n_dates: int, *, is_ready: bool) -> VerdictLevel:
    if n_rows < FEW_ROWS or n_dates < FEW_DATES:
        return "TOO_FEW_GAMES"
    if auc is None or auc < MARGINAL_AUC - EQUALITY_TOLERANCE:
        return "NEEDS_IMPROVEMENT"
    return "READY_FOR_SHADOW" if is_ready and auc >= READY_AUC - EQUALITY_TOLERANCE else "MARGINAL"


def _is_precise(chosen: ThresholdRow) -> bool:
    is_precise = chosen.hits >= READY_PRECISION * chosen.flagged - EQUALITY_TOLERANCE
    return is_precise and chosen.flagged >= READY_FLAGGED


def _has_lift(top: TopRows | None) -> bool:
    return top is not None and top.lift.low is not None and top.lift.low >= READY_LIFT - EQUALITY_TOLERANCE


def _is_biased(bias: Interval | None) -> bool:
    return bias is not None and bias.low is not None and not bias.holds(0.0)


def describe_better_baselines(differences: Mapping[str, Mapping[str, PairedDifference]]) -> tuple[str, ...]:
    """Return a sentence for each baseline that is better than the model.

    `differences` maps the name of a baseline to the model's metrics minus the baseline's. A baseline is better if
    the interval of the AUC difference lies below 0, or the interval of the log-loss difference above 0. The baseline
    "logistic" is also better if its AUC is higher and its log loss is lower, even if the intervals contain 0.
    """
    return tuple(
        f"The baseline {kind_title(name)} is better{how}: AUC {format_number(found[AUC].reference)} against "
        f"{format_number(found[AUC].candidate)}, log loss {format_number(found[LOG_LOSS].reference, '.4f')} against "
        f"{format_number(found[LOG_LOSS].candidate, '.4f')}."
        for name, found in differences.items()
        if (how := _is_better(name, found)) is not None
    )


def _is_better(name: str, found: Mapping[str, PairedDifference]) -> str | None:
    """Return the words that follow "The baseline ... is better" in a warning; None if the baseline is not better."""
    auc, loss = found[AUC].difference, found[LOG_LOSS].difference
    if (auc.high is not None and auc.high < 0) or (loss.low is not None and loss.low > 0):
        return " beyond chance"
    is_both = auc.estimate is not None and loss.estimate is not None and auc.estimate < 0 < loss.estimate
    return " in both AUC and log loss, though not beyond chance" if name == "logistic" and is_both else None


def _describe_auc(auc: Interval, confidence: float, games: str) -> str:
    if auc.estimate is None:
        return f"AUC is undefined on {games}, which hold one class only"
    ends = format_range(auc)
    interval = f"{confidence:.0%} interval {ends}, resampling game dates" if ends else "no interval"
    return f"AUC {format_number(auc.estimate)} ({interval}) on {games}"


def _describe_threshold(chosen: ThresholdRow | None, top: TopRows | None) -> str:
    if chosen is None:
        found = "no threshold was chosen, because none reached the target precision on validation"
        if top is None:
            return found
        rates = f"hit rate {format_interval(top.hit_rate)}, lift {format_interval(top.lift, '.2f')}"
        return f"{found}; top {top.fraction:.0%}: {rates}"
    if chosen.precision.estimate is None:
        return f"nobody reaches the chosen threshold of {chosen.threshold:.3f}"
    precision = f"precision {chosen.precision.estimate:.3f} with {chosen.flagged:,} flagged"
    return f"at the chosen threshold of {chosen.threshold:.3f}, {precision}"


def _warnings(auc: Interval, bias: Interval | None, n_rows: int, n_dates: int, confidence: float) -> list[str]:
    warnings = []
    if auc.estimate is not None and auc.estimate > LEAK_AUC:
        warnings.append(f"AUC above {LEAK_AUC:.2f}: a leak until proven otherwise.")
    if n_rows < FEW_ROWS:
        warnings.append(f"Only {format_count(n_rows, 'evaluation row')}, fewer than {FEW_ROWS}: that settles nothing.")
    if n_dates == 1:
        warnings.append("One game date only: nothing can be said about the spread, so there are no intervals.")
    elif n_dates < FEW_DATES:
        warnings.append(f"Only {n_dates} game dates, fewer than {FEW_DATES}: intervals over so few are too narrow.")
    if auc.holds(0.5):
        warnings.append("The interval of the AUC holds 0.5: chance alone is not ruled out.")
    if bias is not None and _is_biased(bias):
        figures = f"{format_number(bias.estimate, '+.3f')}, {confidence:.0%} interval {format_range(bias, '+.3f')}"
        warnings.append(f"The mean probability is not the breakout rate, beyond chance: the difference is {figures}.")
    return warnings
