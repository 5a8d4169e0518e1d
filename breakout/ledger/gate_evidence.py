"""The checks of a promotion that use the ledger (the record of served predictions).

A candidate can predict as a shadow (a challenger scored in parallel with the production model) before its promotion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd

from breakout.errors import DataError
from breakout.evaluation.formatting import format_count, format_interval
from breakout.experiment.evaluating import evaluation_parameters
from breakout.ledger.grading import GRADED, GRADING_COLUMNS, grade_counted
from breakout.ledger.opening import open_ledger
from breakout.ledger.scoreboard import GAME, MIN_GRADED, build_scoreboard
from breakout.production.registry import Check

if TYPE_CHECKING:
    from datetime import datetime

    from breakout.bundle.folder import Bundle
    from breakout.ledger.scoreboard import ModelScore
    from breakout.production.rules import RuleName
    from breakout.settings import PromoteConfig
    from breakout.warehouse.base import Warehouse

GRADED_ENOUGH = "enough graded in the ledger"
E_VALUE = "e-value in the ledger"
CALIBRATED = "calibrated in the ledger"


def check_ledger_evidence(
    candidate: Bundle,
    production: str | None,
    rule: RuleName,
    warehouse: Warehouse,
    config: PromoteConfig,
    now: datetime,
) -> tuple[Check, ...]:
    """Return three checks of the predictions that a candidate made as a shadow.

    - Enough predictions are graded (have the outcome `breakout` or `no`), on enough game dates.
    - The e-value is high enough. The e-value measures the evidence that the candidate is better than production; 1
      means no evidence.
    - The interval of the bias (mean probability minus breakout rate) contains 0.

    `production` is the fingerprint of the model in production, or None. If a model is in production, only games that
    both models predicted are used. If the first check fails, the other two are returned as not run. The check of the
    e-value is run only if `rule` is `better`.

    DataError if the ledger or the games cannot be read, or if a file of the ledger is damaged.
    """
    ledger = open_ledger(config.ledger, config.paths.outputs)
    entries = ledger.read_entries(GRADING_COLUMNS)
    if entries.damaged:
        raise DataError(f"{' '.join(entries.damaged)} A promotion by the ledger needs all of its entries.")
    today = now.astimezone(ZoneInfo(config.ledger.timezone)).date()
    graded = grade_counted(entries.rows.to_pandas(), warehouse, config.ledger, today)
    is_candidate = (graded["role"] == "shadow") & (graded["bundle"] == candidate.fingerprint)
    is_production = (graded["role"] == "production") & (graded["bundle"] == production)
    shadow = graded[is_candidate]
    if production is not None:  # leave out games that only the candidate predicted, which cannot be compared
        shadow = shadow.merge(graded.loc[is_production, GAME], on=GAME)
    both = pd.concat([shadow, graded[is_production]], ignore_index=True)
    scored = build_scoreboard(both, evaluation_parameters(config.evaluation, config.seed), {}, config.ledger.which)
    found = next((score for score in scored if score.role == "shadow"), None)
    enough = _count(found, shadow, config, is_shadow=bool(is_candidate.any()))
    if found is None or not enough.is_passed:
        return (enough, *skip_ledger_evidence("not enough graded entries")[1:])
    return (enough, _e_value(found, rule, config.promote.min_e_value), _calibration(found))


def skip_ledger_evidence(reason: str) -> tuple[Check, ...]:
    """Return the three checks of `check_ledger_evidence`, marked as not run; the field `figure` of each is `reason`."""
    return tuple(Check(name, None, reason) for name in (GRADED_ENOUGH, E_VALUE, CALIBRATED))


def _count(found: ModelScore | None, shadow: pd.DataFrame, config: PromoteConfig, *, is_shadow: bool) -> Check:
    """Return the check that enough of a candidate's predictions are graded, on enough dates.

    `shadow` has the candidate's predictions that the check may use. `found` is the score of these predictions; if it is
    None, no prediction can be used and the check fails. `is_shadow` is false if the candidate never predicted as a
    shadow.
    """
    limits = config.promote
    needed = f"{limits.min_games:,} games of {limits.min_dates} dates needed"
    if found is None:
        reason = (
            "no entries of games that production predicted too"
            if is_shadow
            else "no entries as a shadow; run `breakout shadow add bundle=DIR`"
        )
        figure = f"{reason}; {needed}"
        return Check(GRADED_ENOUGH, is_passed=False, figure=figure)
    dates = shadow.loc[shadow["outcome"].isin(GRADED), "game_date"].nunique()
    is_enough = found.n_graded >= max(limits.min_games, MIN_GRADED) and dates >= limits.min_dates
    too_early = "" if is_enough else "too early: "
    return Check(
        GRADED_ENOUGH,
        is_enough,
        f"{too_early}{format_count(found.n_graded, 'game')} of {format_count(dates, 'date')}; {needed}",
    )


def _e_value(found: ModelScore, rule: RuleName, limit: float) -> Check:
    """Return the check that a candidate's e-value against production is at least `limit`.

    The check is returned as not run for any rule but `better`, or if `found` has no comparison with production.
    """
    against = found.against_production
    if rule != "better" or against is None:
        return Check(E_VALUE, None, f"the rule {rule} sets no limit")
    figure = f"{against.e_value:.3g} after {format_count(len(against.days.dates), 'date')}; at least {limit:g} needed"
    return Check(E_VALUE, against.e_value >= limit, figure)


def _calibration(found: ModelScore) -> Check:
    if found.scores is None:
        return Check(CALIBRATED, None, "too few graded entries for an interval")
    bias = format_interval(found.scores.bias, "+.4f")
    return Check(CALIBRATED, found.is_calibrated, f"mean probability minus breakout rate {bias}; must hold 0")
