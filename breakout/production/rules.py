"""The rules that decide whether a candidate may go into production, from its metrics on later games.

The games are after the training of both the candidate and the production model.

    first_model   if no model is in production: the AUC must be above 0.5 and the log loss below that of a constant
                  prediction, both beyond chance; the verdict of the evaluation must be MARGINAL or better
    better        if the recipe differs from production's: the AUC must be better, log loss and Brier score not worse
    not_worse     for a retrain (only the dates differ from production): the log loss must not be worse

A recipe has the settings of a model, except dates and paths. "Better" and "not worse" are limits for the difference
candidate minus production and for its interval:

- AUC is better if the lower bound is above `promote.margin`.
- Log loss and Brier score are not worse if the upper bound is below `promote.tolerance`. The rule `better` also needs a
  difference of at most 0.

Each rule needs at least `promote.min_dates` game dates and `promote.min_games` games. A retrain on all games leaves
too few later games. It passes if its recipe was promoted earlier, after a comparison whose last date is at most
`promote.max_age_days` days before the end of the retrain's training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from breakout.errors import ConfigurationError, GateError, NoGamesError
from breakout.evaluation.formatting import format_count, format_interval, format_range
from breakout.evaluation.intervals import PairedDifference, paired_differences
from breakout.experiment.evaluating import evaluate_scored, evaluation_parameters
from breakout.production.bundle_gate import check_contract
from breakout.production.head_to_head import HeadToHead, IncomparableError, compare_bundles
from breakout.production.recipe import build_recipe, recipe_differences, recipe_digest
from breakout.production.registry import Check
from breakout.production.scoring import later_window, score_window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.bundle.folder import Bundle
    from breakout.evaluation.resamples import Interval
    from breakout.experiment.evaluating import ScoredRows
    from breakout.production.registry import Registry
    from breakout.settings import PromoteConfig, PromotionGateConfig
    from breakout.split import DateRange
    from breakout.warehouse.base import Warehouse

RuleName = Literal["first_model", "better", "not_worse"]

GAMES = "enough later games"
AGAINST_PRODUCTION = {
    "auc": "AUC against production",
    "log_loss": "log loss not worse",
    "brier": "Brier score not worse",
}
AGAINST_BASE_RATE = ("AUC above chance", "log loss below the base rate's", "verdict of its evaluation")
NAMES: dict[RuleName, tuple[str, ...]] = {
    "first_model": AGAINST_BASE_RATE,
    "better": tuple(AGAINST_PRODUCTION.values()),
    "not_worse": tuple(AGAINST_PRODUCTION.values()),
}


@dataclass(frozen=True)
class Rule:
    """The rule by which a candidate for production is checked, and the reason why this rule applies."""

    name: RuleName
    reason: str


@dataclass(frozen=True)
class GateComparison:
    """The results of the checks of a candidate for production on games after its training.

    - `window`: the dates of these games; None if there was no comparison.
    - `metrics`: the candidate's metrics on these games; None if there was no comparison.
    - `is_too_early`: whether there are too few games after the training of the compared models.
    - `is_by_recipe`: whether the checks rely on an earlier promotion of the same recipe (the settings except dates and
      paths).
    - `warnings`: sentences about a log loss that is significantly higher than production's but tolerated by the rule.
    """

    checks: tuple[Check, ...]
    window: DateRange | None = None
    metrics: Mapping[str, Interval] | None = None
    is_too_early: bool = False
    is_by_recipe: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def is_passed(self) -> bool:
        """Whether no check of the candidate failed; a check that was not run did not fail."""
        return all(check.is_passed is not False for check in self.checks)


def choose_rule(candidate: Bundle, production: Bundle | None, asked: Literal["better", "not_worse"] | None) -> Rule:
    """Return the rule by which a candidate for production is checked, and the reason for the rule.

    - `first_model` if no model is in production.
    - Otherwise the rule `asked`, unless it is None.
    - Otherwise `not_worse` for a retrain of the production model (only the dates differ), and `better` for others.

    ConfigurationError if `asked` is not_worse and the candidate is no such retrain.
    """
    if production is None:
        return Rule("first_model", "no model is in production")
    differing = recipe_differences(build_recipe(candidate), build_recipe(production))
    if asked == "not_worse" and differing:
        raise ConfigurationError(
            "promote.rule=not_worse is for a retrain of the model in production, but the candidate differs from it in "
            f"{', '.join(differing)}; leave promote.rule out."
        )
    if asked is not None:
        return Rule(asked, "asked for by promote.rule")
    if differing:
        return Rule("better", f"it differs from production in {', '.join(differing)}")
    return Rule("not_worse", "a retrain: its settings and contract are those of production, only the windows differ")


def list_unexamined(rule: Rule, reason: str) -> tuple[Check, ...]:
    """Return the checks of a rule as not run; each shows `reason` in place of a measured value.

    The check of the number of games (GAMES) is left out.
    """
    return tuple(Check(name, None, reason) for name in NAMES[rule.name])


def compare_with_base_rate(
    candidate: Bundle, rule: Rule, warehouse: Warehouse, config: PromoteConfig
) -> GateComparison:
    """Check a first model, when no model is in production, on the games after its training.

    The check GAMES fails if there are too few games, and the other checks are then not run. The other checks are:

    - AUC: its interval must lie above 0.5.
    - Log loss: the interval of candidate minus base rate (the fraction of breakouts in the training) must lie below 0.
    - Verdict of the evaluation: it must be MARGINAL or better.

    ConfigurationError if `config.end` is before `config.start`, if these dates overlap the training window, or if a
    feature needs injury reports and no table of them is configured. DataError if the warehouse cannot be read.
    """
    try:
        window = later_window(candidate.train_end, config.start, config.end, warehouse)
        scored = score_window(candidate, warehouse, window)
    except NoGamesError as error:
        return _no_games(rule, f"too early: {error}", is_too_early=True)
    games = _count_games(scored, window, config.promote)
    if not games.is_passed:
        return GateComparison((games, *list_unexamined(rule, "too few games")), is_too_early=True)
    parameters = evaluation_parameters(config.evaluation, config.seed)
    found = evaluate_scored([scored], scored.rows, parameters, candidate.settings.target)
    base_rate = candidate.baselines["base_rate"].predict_probability(scored.rows)
    paired = paired_differences(scored.rows.label, scored.probability, base_rate, parameters.draw(scored.rows.dates))
    auc, log_loss = found.metrics["auc"], paired["log_loss"]
    checks = (
        Check(AGAINST_BASE_RATE[0], _is_above(auc, 0.5), f"{format_interval(auc)}; lower bound above 0.5 needed"),
        Check(
            AGAINST_BASE_RATE[1],
            _is_below(log_loss.difference, 0.0),
            f"{_format_difference(log_loss)}; upper bound below 0 needed",
        ),
        Check(
            AGAINST_BASE_RATE[2],
            found.verdict.level != "NEEDS_IMPROVEMENT",
            f"{found.verdict.level}; MARGINAL or better needed",
        ),
    )
    return GateComparison((games, *checks), window, found.metrics)


def compare_with_production(
    candidate: Bundle,
    production: Bundle,
    rule: Rule,
    warehouse: Warehouse,
    config: PromoteConfig,
) -> GateComparison:
    """Check a candidate against the model in production, on games after the training of both.

    The check GAMES fails, and the other checks are not run, if

    - there are too few games,
    - the two models cannot be compared, or
    - the production model's contract (definitions of features and label) is not the contract of the installed version.

    ConfigurationError if config.start..config.end overlaps a training window or ends before it begins, or if a feature
    needs injury reports and no table of them is configured. DataError if the warehouse cannot be read.
    """
    try:
        found = _compare(candidate, production, warehouse, config)
    except NoGamesError as error:
        return _no_games(rule, f"too early: {error}", is_too_early=True)
    except (IncomparableError, GateError) as error:
        return _no_games(rule, f"no comparison: {error}")
    games = _count_games(found.candidate_scored, found.window, config.promote)
    if not games.is_passed:
        return GateComparison((games, *list_unexamined(rule, "too few games")), is_too_early=True)
    differences = found.comparison.differences
    checks = decide(rule.name, differences, config.promote)
    warnings = _tolerated_losses(rule.name, differences["log_loss"], config.promote)
    return GateComparison((games, *checks), found.window, found.comparison.candidate.metrics, warnings=warnings)


def rely_on_recipe(candidate: Bundle, rule: Rule, registry: Registry, max_age_days: int) -> GateComparison | None:
    """Check whether a candidate can rely on an earlier promotion of its recipe instead of a comparison.

    A retrain on all games needs this check, because it leaves no games after its training. A recipe has the settings of
    a model, except dates and paths. Return None if no promotion of the recipe has a comparison. The check passes
    unless the latest comparison ends more than `max_age_days` days before the candidate's training ends. The other
    checks of `rule` are in the result with `is_passed` None. DataError if the registry is damaged.
    """
    event = registry.latest_comparison(recipe_digest(candidate))
    if event is None or event.facts.window is None:
        return None
    start, end = event.facts.window
    age = (candidate.train_end - end).days
    check = Check(
        "same recipe passed lately",
        age <= max_age_days,
        f"as {event.bundle} ({event.facts.name}) on {start}..{end}, which ends {format_count(abs(age), 'day')} "
        f"{'after' if age < 0 else 'before'} the end of this training; at most {max_age_days} before it allowed",
    )
    checks = (check, *list_unexamined(rule, "trained on all games; its recipe was compared before"))
    return GateComparison(checks, is_by_recipe=True)


def _no_games(rule: Rule, reason: str, *, is_too_early: bool = False) -> GateComparison:
    checks = (Check(GAMES, is_passed=False, figure=reason), *list_unexamined(rule, "no games to compare on"))
    return GateComparison(checks, is_too_early=is_too_early)


def _count_games(scored: ScoredRows, window: DateRange, limits: PromotionGateConfig) -> Check:
    games, dates = len(scored.rows), len(set(scored.rows.dates.tolist()))
    is_enough = games >= limits.min_games and dates >= limits.min_dates
    found = f"{format_count(games, 'game')} of {format_count(dates, 'date')}, {window}"
    needed = f"{limits.min_games:,} games of {limits.min_dates} dates needed"
    return Check(GAMES, is_enough, f"{'' if is_enough else 'too early: '}{found}; {needed}")


def _compare(candidate: Bundle, production: Bundle, warehouse: Warehouse, config: PromoteConfig) -> HeadToHead:
    try:
        check_contract(production)
    except GateError as error:
        way_out = "If it cannot be used any more, `breakout production retire` lets the next model be the first."
        raise GateError(f"{error} {way_out}") from None
    parameters = evaluation_parameters(config.evaluation, config.seed)
    return compare_bundles(candidate, production, warehouse, (config.start, config.end), parameters)


def decide(
    rule: RuleName, differences: Mapping[str, PairedDifference], limits: PromotionGateConfig
) -> tuple[Check, ...]:
    """Return the checks of the rule `better` or `not_worse`: AUC, log loss and Brier score against production.

    `differences` holds candidate minus production for the metrics `auc`, `log_loss` and `brier`. `limits` has the
    margin for AUC and the tolerance for the other two. The rule `not_worse` limits only the log loss; the checks of AUC
    and Brier score are returned with `is_passed` None.
    """
    return tuple((_better if rule == "better" else _not_worse)(differences, limits))


def _better(differences: Mapping[str, PairedDifference], limits: PromotionGateConfig) -> list[Check]:
    auc = differences["auc"]
    checks = [
        Check(
            AGAINST_PRODUCTION["auc"],
            _is_above(auc.difference, limits.margin),
            f"{_format_difference(auc)}; lower bound above {limits.margin:g} needed",
        )
    ]
    for metric in ("log_loss", "brier"):
        paired = differences[metric]
        estimate = paired.difference.estimate
        is_passed = estimate is not None and estimate <= 0 and _is_below(paired.difference, limits.tolerance)
        needed = f"at most 0 and upper bound below {limits.tolerance:g} needed"
        checks.append(Check(AGAINST_PRODUCTION[metric], is_passed, f"{_format_difference(paired)}; {needed}"))
    return checks


def _not_worse(differences: Mapping[str, PairedDifference], limits: PromotionGateConfig) -> list[Check]:
    checks = []
    for metric, name in AGAINST_PRODUCTION.items():
        figure = _format_difference(differences[metric])
        if metric == "log_loss":
            is_passed = _is_below(differences[metric].difference, limits.tolerance)
            if _is_above(differences[metric].difference, 0.0):
                figure += f"; worse beyond chance{', within the tolerance' if is_passed else ''}"
            checks.append(Check(name, is_passed, f"{figure}; upper bound below {limits.tolerance:g} needed"))
        else:
            checks.append(Check(name, None, f"{figure}; the rule not_worse sets no limit"))
    return checks


def _tolerated_losses(rule: RuleName, log_loss: PairedDifference, limits: PromotionGateConfig) -> tuple[str, ...]:
    """Return a warning if the rule `not_worse` passes although the log loss is significantly higher than production's.

    Significantly higher means that the interval of the difference candidate minus production lies above 0.
    """
    difference = log_loss.difference
    is_allowed = rule == "not_worse" and _is_below(difference, limits.tolerance)
    if not (is_allowed and _is_above(difference, 0.0)):
        return ()
    warning = (
        f"the log loss of this retrain is worse than production's beyond chance, {_format_difference(log_loss)}, and "
        f"passes because promote.tolerance={limits.tolerance:g} allows it; a lower tolerance, or promote.rule=better, "
        "refuses it."
    )
    return (warning,)


def _is_above(found: Interval, limit: float) -> bool:
    return found.low is not None and found.low > limit


def _is_below(found: Interval, limit: float) -> bool:
    return found.high is not None and found.high < limit


def _format_difference(paired: PairedDifference) -> str:
    """Return the difference of a metric between two models, and its interval, as text.

    For example `+0.0012 (-0.0002 to +0.0040)`. If four decimals would round a number to 0, all numbers have one
    significant digit instead, as in `+1e-03 (-2e-05 to +4e-03)`.
    """
    found = paired.difference
    if found.estimate is None:
        return "undefined: one class only"
    values = [value for value in (found.estimate, found.low, found.high) if value]
    is_tiny = any(abs(value) < 0.00005 for value in values)
    formatted = format_interval(found, "+.0e" if is_tiny else "+.4f")
    return formatted if format_range(found) else f"{formatted} (no interval)"
