"""The verdict on a model: one of three levels, its reason and its warnings, decided from computed figures.

The limits are fixed for this project and are not settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from breakout.evaluation.formatting import format_count, format_number, format_range
from breakout.evaluation.resamples import Interval
from breakout.evaluation.rows import EQUALITY_TOLERANCE
from breakout.evaluation.thresholds import ThresholdRow

VerdictLevel = Literal["READY_FOR_SHADOW", "MARGINAL", "NEEDS_IMPROVEMENT"]

READY_AUC = 0.65
READY_PRECISION = 0.55
READY_FLAGGED = 20
MARGINAL_AUC = 0.60
LEAK_AUC = 0.70
FEW_ROWS = 100
# Percentile intervals over fewer dates than this cover the true value clearly less often than their level.
FEW_DATES = 10


@dataclass(frozen=True)
class Verdict:
    """The verdict on an evaluated model: whether it is ready to be a shadow of production, and the reason.

    `auc` was measured on `n_rows` games of `n_dates` dates; `warnings` are reasons to doubt the verdict.
    """

    level: VerdictLevel
    reason: str
    auc: Interval
    n_rows: int
    n_dates: int
    warnings: tuple[str, ...]


def decide_verdict(
    auc: Interval, chosen: ThresholdRow | None, *, n_rows: int, n_dates: int, confidence: float
) -> Verdict:
    """Decide by the AUC, and by precision and flagged games at the chosen threshold (None if none was chosen).

    READY_FOR_SHADOW: AUC >= 0.65, precision >= 0.55 and at least 20 flagged. MARGINAL: AUC >= 0.60. NEEDS_IMPROVEMENT:
    all other results, and a result without AUC.
    """
    games = f"{format_count(n_rows, 'game')} of {format_count(n_dates, 'date')}"
    reason = f"{_describe_auc(auc, confidence, games)}; {_describe_threshold(chosen)}."
    return Verdict(_level(auc.estimate, chosen), reason, auc, n_rows, n_dates, _warnings(auc, n_rows, n_dates))


def _level(auc: float | None, chosen: ThresholdRow | None) -> VerdictLevel:
    if auc is None or auc < MARGINAL_AUC - EQUALITY_TOLERANCE:
        return "NEEDS_IMPROVEMENT"
    if auc < READY_AUC - EQUALITY_TOLERANCE or chosen is None or chosen.flagged < READY_FLAGGED:
        return "MARGINAL"
    is_precise = chosen.hits >= READY_PRECISION * chosen.flagged - EQUALITY_TOLERANCE
    return "READY_FOR_SHADOW" if is_precise else "MARGINAL"


def _describe_auc(auc: Interval, confidence: float, games: str) -> str:
    if auc.estimate is None:
        return f"AUC is undefined on {games}, which hold one class only"
    ends = format_range(auc)
    interval = f"{confidence:.0%} interval {ends}, resampling game dates" if ends else "no interval"
    return f"AUC {format_number(auc.estimate)} ({interval}) on {games}"


def _describe_threshold(chosen: ThresholdRow | None) -> str:
    if chosen is None:
        return "no threshold was chosen"
    if chosen.precision.estimate is None:
        return f"nobody reaches the chosen threshold of {chosen.threshold:.3f}"
    precision = f"precision {chosen.precision.estimate:.3f} with {chosen.flagged:,} flagged"
    return f"at the chosen threshold of {chosen.threshold:.3f}, {precision}"


def _warnings(auc: Interval, n_rows: int, n_dates: int) -> tuple[str, ...]:
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
    return tuple(warnings)
