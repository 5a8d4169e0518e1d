"""A script that writes the table of docs/models.md on recipes for the distribution of points.

Run `python docs/points_recipes.py` (about ten minutes). It fits every recipe on each fold of a walk-forward over the
embedded seasons with features=tonight, and writes the table between the marks in docs/models.md. Differences are
paired: both recipes are evaluated on the same games and on the same resamples of dates.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast
from unittest import mock

import numpy as np
from catboost import CatBoostRegressor, Pool
from scipy.special import ndtr

from breakout import settings
from breakout.dataset import Dataset, Rows
from breakout.evaluation.intervals import bootstrap_metrics, paired_differences
from breakout.evaluation.points_metrics import evaluate_points, score_crps
from breakout.evaluation.resamples import DateResamples, Interval, draw_date_resamples
from breakout.experiment.fitting import split_parts
from breakout.experiment.plan import open_plan
from breakout.experiment.windows import played_folds
from breakout.models import points
from breakout.models.base import FitParts, logit
from breakout.models.catboost import build_pool
from breakout.models.kinds import fit_twice
from breakout.models.ladder import EDGE, LADDER_LENGTH, PointsDistribution, predict_ladder
from breakout.settings.composition import compose
from breakout.split import date_mask, select_dates

PAGE = Path(__file__).with_name("models.md")
START, END = "<!-- recipes: written by docs/points_recipes.py -->", "<!-- end of recipes -->"
STEPS = np.arange(1, LADDER_LENGTH + 1)
QUANTILES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)

# A function that fits a model and returns the ladders of later rows, of shape (rows, LADDER_LENGTH).
Recipe = Callable[[FitParts, Rows], np.ndarray]


class Walk(NamedTuple):
    """The ladders of all evaluated games by one recipe, and the CPU seconds of its fits and predictions."""

    ladder: np.ndarray
    seconds: float


def main() -> None:
    config = configure("model=points")
    with open_plan(config) as plan:
        span = plan.build_span()
        folds = played_folds(plan, span)
    walks: list[tuple[FitParts, Dataset]] = [
        (split_parts(config, select_dates(span, fold.train)), span.take(date_mask(span.dates, fold.evaluation)))
        for fold in folds
    ]
    rows = span.take(np.logical_or.reduce([date_mask(span.dates, fold.evaluation) for fold in folds]))
    draws = draw_date_resamples(rows.dates, bootstrap_resamples=1000, seed=config.seed, confidence=0.95)
    classifiers = {
        "CatBoost": walk_probabilities(walks, configure("model=catboost")),
        "logistic regression, C = 0.02": walk_probabilities(walks, configure("model=logistic", "model.C=0.02")),
    }
    found = {name: walk(name, walks, recipe) for name, recipe in recipes().items()}
    reference = next(iter(found.values()))
    found["stack with CatBoost"] = stack(reference, rows, classifiers["CatBoost"])
    found["stack with both classifiers"] = stack(reference, rows, *classifiers.values())
    lines = [
        f"{len(rows):,} games of {draws.n_dates} dates, {len(folds)} folds, 95% intervals.",
        "",
        "| recipe | AUC | log loss | minus the first | CRPS | minus the first | held in 50, 80, 95% | PIT, p | time |",
        "|---|---|---|---|---|---|---|---|---|",
        *(table_row(name, one, reference, rows, draws) for name, one in found.items()),
        "",
        "| the first minus | AUC | log loss |",
        "|---|---|---|",
        *(compare_row(name, reference, probability, rows, draws) for name, probability in classifiers.items()),
    ]
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(START)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{START}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


def configure(*words: str) -> settings.ExperimentConfig:
    """Return the settings of a walk-forward with features=tonight and the overrides `words`."""
    overrides = ["mode=experimental", "features=tonight", "window=walk_forward", *words]
    return cast("settings.ExperimentConfig", compose("train", overrides))


def recipes() -> dict[str, Recipe]:
    """Return the recipes by name; the first is model=points with its defaults."""
    return {
        "`model=points`": configured(),
        "seed 1": configured("seed=1"),
        "seed 2": configured("seed=2"),
        "trained on the target's band alone": lambda parts, later: configured()(
            FitParts(replace(parts.fit, wider=None), replace(parts.validation, wider=None)), later
        ),
        "one spread for all": configured("model.spread_iterations=1"),
        "all rows and features, 254 bins, at most 500 trees at 0.05, stopped early": unsampled,
        "`RMSEWithUncertainty` in place of two regressions": with_uncertainty,
        "log-normal": log_normal,
        "`MultiQuantile` in place of mean, spread and shape": quantiles,
    }


def configured(*words: str) -> Recipe:
    """Return the recipe that fits model=points with the overrides `words`."""
    config = configure("model=points", *words)

    def predict(parts: FitParts, later: Rows) -> np.ndarray:
        fits = fit_twice(config.model, parts, config.seed, {}, is_refit=True)
        ladder = predict_ladder(fits.final, later)
        if ladder is None:
            raise TypeError(f"{fits.final.kind} predicts no ladder")
        return ladder

    return predict


def unsampled(parts: FitParts, later: Rows) -> np.ndarray:
    stopped = configured(
        "model.iterations=500",
        "model.learning_rate=0.05",
        "model.early_stopping_rounds=30",
        "model.spread_iterations=100",
    )
    with mock.patch.multiple(points, BORDERS=254, SAMPLING={}):
        return stopped(parts, later)


def with_uncertainty(parts: FitParts, later: Rows) -> np.ndarray:
    """Fit mean and variance of the `deviations` in one model with two outputs.

    The shape of the distribution is that of the standardised errors on the validation part.
    """
    fit, joined, held_out = parts.fit.widest, parts.joined().fit.widest, parts.validation
    first, final = (fit_regression(rows, deviations(rows), "RMSEWithUncertainty") for rows in (fit, joined))

    def mean_and_spread(model: CatBoostRegressor, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
        mean, variance = model.predict(build_pool(rows.X), prediction_type="RMSEWithUncertainty").T
        return mean, np.maximum(np.sqrt(variance), points.LEAST_SPREAD)

    mean, spread = mean_and_spread(first, held_out)
    shape = np.sort((deviations(held_out) - mean) / spread)
    mean, spread = mean_and_spread(final, later)
    scale = scale_of(later)
    return ladder_of(PointsDistribution(average(later) + mean * scale, spread * scale, shape))


def log_normal(parts: FitParts, later: Rows) -> np.ndarray:
    """Fit mean and spread of log((points + 1) / (S + 1)), where S is the season average; assume normal errors."""
    rows = parts.joined().fit.widest
    if rows.points is None:
        raise ValueError("played rows have points")
    y = np.log((rows.points + 1) / (average(rows) + 1))
    early, late = np.array_split(np.arange(len(rows)), 2)
    before = fit_regression(rows.take(early), y[early])
    sizes = np.abs(y[late] - before.predict(build_pool(rows.take(late).X)))
    mean, spread = fit_regression(rows, y), fit_regression(rows.take(late), sizes, trees=50)
    X = build_pool(later.X)
    deviation = np.maximum(points.SIZE_TO_SPREAD * spread.predict(X), 0.1)
    centre = np.log(average(later) + 1) + mean.predict(X)
    errors = (np.log(STEPS + 0.5) - centre[:, None]) / deviation[:, None]
    return np.asarray(np.clip(ndtr(-errors), EDGE, 1 - EDGE))


def quantiles(parts: FitParts, later: Rows) -> np.ndarray:
    """Fit the QUANTILES of the `deviations` in one model.

    Their distribution function is linear between the quantiles. Below the first and above the last quantile it reaches
    0 and 1 at a distance of a quarter of the range between the two.
    """
    rows = parts.joined().fit.widest
    levels = ",".join(str(level) for level in QUANTILES)
    model = fit_regression(rows, deviations(rows), f"MultiQuantile:alpha={levels}")
    found = np.sort(model.predict(build_pool(later.X)), axis=1)
    reach = (found[:, -1] - found[:, 0])[:, None] * 0.25
    edges = np.concatenate([found[:, :1] - reach, found, found[:, -1:] + reach], axis=1)
    errors = (STEPS - 0.5 - average(later)[:, None]) / scale_of(later)[:, None]
    below = np.stack([np.interp(one, edge, (0.0, *QUANTILES, 1.0)) for one, edge in zip(errors, edges, strict=True)])
    return np.asarray(np.clip(1 - below, EDGE, 1 - EDGE))


def fit_regression(rows: Rows, y: np.ndarray, loss: str = "RMSE", trees: int = 200) -> CatBoostRegressor:
    """Fit a CatBoost regression of `y` with the defaults of model=points, except for `loss` and `trees`."""
    pool: Pool = build_pool(rows.X, y)
    pool.quantize(border_count=points.BORDERS)
    regressor = CatBoostRegressor(
        depth=4,
        iterations=trees,
        learning_rate=0.08,
        l2_leaf_reg=3.0,
        loss_function=loss,
        random_seed=42,
        thread_count=1,
        allow_writing_files=False,
        verbose=False,
        **points.SAMPLING,
    )
    return regressor.fit(pool)


def stack(reference: Walk, rows: Dataset, *classifiers: np.ndarray) -> Walk:
    """Shift each ladder of `reference` in log odds, so that its breakout probability is the mean over all models.

    The mean is taken in log odds, over the ladder's own probability and those of the `classifiers`.
    """
    own = logit(breakout_of(reference.ladder, rows))
    shift = np.mean([own, *map(logit, classifiers)], axis=0) - own
    return Walk(1 / (1 + np.exp(-logit(reference.ladder) - shift[:, None])), reference.seconds)


def walk(name: str, walks: list[tuple[FitParts, Dataset]], recipe: Recipe) -> Walk:
    started = time.process_time()
    ladder = np.concatenate([recipe(parts, later) for parts, later in walks])
    print(f"walked forward: {name}", flush=True)
    return Walk(ladder, time.process_time() - started)


def walk_probabilities(walks: list[tuple[FitParts, Dataset]], config: settings.ExperimentConfig) -> np.ndarray:
    """Return the probability of a breakout for every evaluated game, by the model of `config`."""
    fits = [fit_twice(config.model, parts, config.seed, {}, is_refit=True).final for parts, _ in walks]
    return np.concatenate([model.predict_probability(later) for model, (_, later) in zip(fits, walks, strict=True)])


def table_row(name: str, one: Walk, first: Walk, rows: Dataset, draws: DateResamples) -> str:
    p, reference = breakout_of(one.ladder, rows), breakout_of(first.ladder, rows)
    scored = points_of(rows)
    metrics = bootstrap_metrics(rows.label, p, draws, ece_bins=10)
    found = evaluate_points(one.ladder, scored, average(rows), {}, draws, bins=10)
    gained, worse = "-", "-"
    if one is not first:
        loss = paired_differences(rows.label, p, reference, draws)["log_loss"].difference
        gained = format_interval(loss)
        scores = score_crps(one.ladder, scored) - score_crps(first.ladder, scored)
        worse = format_interval(draws.interval(float(scores.mean()), draws.means(scores)))
    held = ", ".join(f"{100 * (part.share.estimate or 0):.1f}" for part in found.coverage)
    chance = "-" if found.pit.p_value is None else f"{found.pit.p_value:.2f}"
    return (
        f"| {name} | {metrics['auc'].estimate:.4f} | {metrics['log_loss'].estimate:.4f} | {gained} "
        f"| {found.crps.estimate:.3f} | {worse} | {held} | {chance} | {one.seconds / first.seconds:.1f} |"
    )


def compare_row(name: str, first: Walk, probability: np.ndarray, rows: Dataset, draws: DateResamples) -> str:
    found = paired_differences(rows.label, breakout_of(first.ladder, rows), probability, draws)
    cells = (format_interval(found[key].difference) for key in ("auc", "log_loss"))
    return f"| {name} | {' | '.join(cells)} |"


def format_interval(found: Interval) -> str:
    return f"{found.estimate:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


def ladder_of(found: PointsDistribution) -> np.ndarray:
    return found.at_least(np.broadcast_to(STEPS, (len(found.mean), LADDER_LENGTH)))


def breakout_of(ladder: np.ndarray, rows: Dataset) -> np.ndarray:
    """Return each row's probability of a breakout, which is one entry of its ladder."""
    if rows.points_for_breakout is None:
        raise ValueError("built rows have the points for a breakout")
    return np.asarray(ladder[np.arange(len(rows)), rows.points_for_breakout - 1])


def deviations(rows: Rows) -> np.ndarray:
    """Return z = (points - S) / sqrt(S), where S is the season average."""
    return np.asarray((points_of(rows) - average(rows)) / scale_of(rows))


def scale_of(rows: Rows) -> np.ndarray:
    return np.asarray(np.sqrt(average(rows)))


def average(rows: Rows) -> np.ndarray:
    if rows.season_average is None:
        raise ValueError("built rows have the season average")
    return rows.season_average


def points_of(rows: Rows) -> np.ndarray:
    if rows.points is None:
        raise ValueError("played rows have points")
    return rows.points.astype("float64")


if __name__ == "__main__":
    main()
