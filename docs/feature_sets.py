"""A script that writes the tables of docs/models.md on feature sets, single features and missing-value indicators.

Run `python docs/feature_sets.py` (half an hour). It fits every fold of the experiments in SETS, and of the ten shared
features with each further feature, and writes the tables between the marks in docs/models.md. With the arguments
`sets`, `singles` or `indicators` it writes only the tables of that kind. Differences are paired: both models are
evaluated on the same games and on the same resamples of dates.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from breakout import settings
from breakout.evaluation.intervals import PairedDifference, bootstrap_metrics, paired_differences
from breakout.evaluation.resamples import EvaluationParameters
from breakout.experiment.fitting import split_parts
from breakout.experiment.plan import open_plan
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY
from breakout.models.base import FitParts, logit
from breakout.models.kinds import fit_twice
from breakout.settings.composition import compose
from breakout.split import date_mask, folds_with_games

if TYPE_CHECKING:
    from breakout.dataset import Dataset
    from breakout.evaluation.resamples import DateResamples
    from breakout.settings.model_groups import ModelConfig
    from breakout.split import Fold

PAGE = Path(__file__).with_name("models.md")
START, END = "<!-- tables: written by docs/feature_sets.py -->", "<!-- end of the tables -->"
# Pairs of sets to compare directly. The set `ten` is compared with every other set anyway.
CLOSER = (("form", "context"), ("tonight", "form"), ("tonight", "context"))
SINGLES_START, SINGLES_END = (
    "<!-- single features: written by docs/feature_sets.py -->",
    "<!-- end of single features -->",
)
TEN = tuple(BREAKOUT_FEATURE_ORDER)
SECOND_SEASON = np.datetime64("2025-10-01")
KINDS = ("logistic", "catboost")
# The experiment of each set in conf/experiment/research, with its features and the settings of both kinds of models.
SETS = {"ten": "walk_ten", "context": "walk_context", "all": "walk_all", "form": "form", "tonight": "tonight"}
SINGLES = (
    "The ten and one more feature, minus the ten. 99% intervals, because {count} features are tried. A feature "
    "*deserves promotion* if the log loss falls beyond its interval with both models, and falls in both seasons with "
    "both."
)
INDICATORS_START, INDICATORS_END = (
    "<!-- indicators: written by docs/feature_sets.py -->",
    "<!-- end of indicators -->",
)
Scores = dict[str, np.ndarray]


@cache
def experiment(name: str, *words: str) -> settings.ExperimentConfig:
    return cast("settings.ExperimentConfig", compose("train", [f"experiment=research/{SETS[name]}", *words]))


def main() -> None:
    asked = set(sys.argv[1:]) or {"sets", "singles", "indicators"}
    span, folds, rows = read_games(every_feature())
    if "sets" in asked:
        write(START, END, write_sets(span, folds, rows))
    if "singles" in asked:
        ten = walk(span, folds, "ten", TEN)
        singles = {name: walk(span, folds, "ten", (*TEN, name)) for name in REGISTRY if name not in TEN}
        # With 95% intervals, about one in twenty of these features would differ from 0 by chance alone.
        write(SINGLES_START, SINGLES_END, [single_table(rows, ten, singles, draw(rows, confidence=0.99))])
    if "indicators" in asked:
        write(INDICATORS_START, INDICATORS_END, [indicator_table(span, folds, rows)])


def write_sets(span: Dataset, folds: Sequence[Fold], rows: Dataset) -> list[str]:
    """Return the table of the feature sets for both seasons, and the table for 2025-26 alone."""
    sets = {name: walk(span, folds, name, experiment(name).features.names) for name in SETS}
    is_second = rows.dates >= SECOND_SEASON
    second = {name: {kind: p[is_second] for kind, p in scores.items()} for name, scores in sets.items()}
    later = rows.take(is_second)
    return [
        "**Both seasons.** " + set_table(rows, sets, draw(rows, confidence=0.95)),
        "**2025-26 alone.** " + set_table(later, second, draw(later, confidence=0.95)),
    ]


def indicator_table(span: Dataset, folds: Sequence[Fold], rows: Dataset) -> str:
    """Return the table of what logistic regression gains from indicators of missing values.

    Each feature that is missing in any row gets an indicator: a column that is 1 where the feature is missing, else 0.
    """
    lines = ["| features | indicators | AUC, difference | log loss, difference |", "|---|---|---|---|"]
    draws = draw(rows, confidence=0.95)
    for name in ("all", "tonight"):
        names = experiment(name).features.names
        missing = [feature for feature in names if span.is_missing[feature].any()]
        flags = span.is_missing[missing].astype("float64").add_suffix("_is_missing")
        wider = replace(span, X=span.X.join(flags))
        plain = walk(span, folds, name, names, ("logistic",))["logistic"]
        flagged = walk(wider, folds, name, (*names, *flags.columns), ("logistic",))["logistic"]
        gained = " | ".join(format_difference(part) for part in differences(rows, flagged, plain, draws))
        lines.append(f"| {name} | {len(missing)} | {gained} |")
    return "\n".join(lines)


def write(start: str, end: str, parts: Sequence[str]) -> None:
    """Replace the text between the marks `start` and `end` of the page with `parts`."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(start)[0], page.partition(end)[2]
    PAGE.write_text(f"{before}{start}\n" + "\n\n".join(parts) + f"\n{end}{after}", encoding="utf-8")


def every_feature() -> settings.ExperimentConfig:
    """Return the settings of the experiment `tonight`, with every registered feature."""
    names = dict.fromkeys([*experiment("tonight").features.names, *REGISTRY])
    return experiment("tonight", f"features.names=[{','.join(names)}]")


def read_games(config: settings.ExperimentConfig) -> tuple[Dataset, tuple[Fold, ...], Dataset]:
    """Return the rows of all folds, the folds that have games, and the rows that one of these folds evaluates."""
    with open_plan(config) as plan:
        span = plan.build_span()
        folds = folds_with_games(plan.folds, span.dates, None)
    return span, folds, span.take(np.logical_or.reduce([date_mask(span.dates, fold.evaluation) for fold in folds]))


def draw(rows: Dataset, confidence: float) -> DateResamples:
    """Return 1,000 resamples of the dates of `rows`; the seed is the same for every table."""
    seed = experiment("tonight").seed
    parameters = EvaluationParameters(1000, seed, confidence=confidence, ece_bins=10, thresholds=(), top_fractions=())
    return parameters.draw(rows.dates)


def walk(
    span: Dataset,
    folds: Sequence[Fold],
    recipe: str,
    names: Sequence[str],
    kinds: Sequence[str] = KINDS,
) -> Scores:
    """Return the probability of every evaluated game by each kind of model, from models trained on earlier games.

    The models are fitted on the features `names`, with the settings of the experiment that SETS names for `recipe`. If
    both kinds are fitted, the result also has their `blend`: the mean in log odds.
    """
    config = experiment(recipe)
    if not isinstance(config.model, settings.BlendConfig):
        raise TypeError(f"the experiment of {recipe} fits no blend")
    models: dict[str, ModelConfig] = {"logistic": config.model.logistic, "catboost": config.model.catboost}
    found: dict[str, list[np.ndarray]] = {kind: [] for kind in kinds}
    for fold in folds:
        parts = split_parts(config, span.take(date_mask(span.dates, fold.train)))
        rows = span.take(date_mask(span.dates, fold.evaluation))
        fit, validation, later = (replace(part, X=part.X[list(names)]) for part in (parts.fit, parts.validation, rows))
        for kind in kinds:
            fits = fit_twice(models[kind], FitParts(fit, validation), config.seed, {}, is_refit=config.validation.refit)
            found[kind].append(fits.final.predict_probability(later))
    added = ", ".join(name for name in names if name not in TEN)
    print(f"walked forward with {len(names)} features: {added or 'the ten'}", flush=True)
    scores = {kind: np.concatenate(parts) for kind, parts in found.items()}
    if set(kinds) == set(KINDS):
        odds = (logit(scores["logistic"]) + logit(scores["catboost"])) / 2
        scores["blend"] = 1 / (1 + np.exp(-odds))
    return scores


def set_table(rows: Dataset, sets: dict[str, Scores], draws: DateResamples) -> str:
    lines = [
        f"{len(rows):,} games of {draws.n_dates} dates, breakout rate {rows.breakout_rate:.4f}. 95% intervals.",
        "",
        "| features | model | AUC | log loss | AUC minus ten, same model | log loss minus ten, same model |",
        "|---|---|---|---|---|---|",
    ]
    for name, scores in sets.items():
        for kind, p in scores.items():
            lines.append(set_row(name, kind, rows, p, None if name == "ten" else sets["ten"][kind], draws))
    lines += ["", "| sets | model | AUC, difference | log loss, difference |", "|---|---|---|---|"]
    for first, second in CLOSER:
        for kind, p in sets[first].items():
            gained = " | ".join(format_difference(part) for part in differences(rows, p, sets[second][kind], draws))
            lines.append(f"| {first} minus {second} | {kind} | {gained} |")
    return "\n".join(lines)


def set_row(
    name: str, kind: str, rows: Dataset, p: np.ndarray, reference: np.ndarray | None, draws: DateResamples
) -> str:
    """Return a line of a table of feature sets; without `reference`, the cells of its differences hold "-"."""
    metrics = bootstrap_metrics(rows.label, p, draws, ece_bins=10)
    own = [format_estimate(metrics[key].estimate, metrics[key].low, metrics[key].high) for key in ("auc", "log_loss")]
    gained = ["-", "-"]
    if reference is not None:
        gained = [format_difference(part) for part in differences(rows, p, reference, draws)]
    return f"| {name} | {kind} | {' | '.join([*own, *gained])} |"


def single_table(rows: Dataset, ten: Scores, singles: dict[str, Scores], draws: DateResamples) -> str:
    lines = [
        SINGLES.format(count=len(singles)),
        "",
        "| feature | log loss, logistic | log loss, CatBoost | AUC, blend | deserves promotion |",
    ]
    lines.append("|---|---|---|---|---|")
    for name, scores in sorted(singles.items(), key=lambda item: mean_loss(rows, item[1]["blend"])):
        loss = {kind: differences(rows, scores[kind], ten[kind], draws)[1] for kind in ("logistic", "catboost")}
        auc = differences(rows, scores["blend"], ten["blend"], draws)[0]
        is_sure = all(part.difference.high is not None and part.difference.high < 0 for part in loss.values())
        is_steady = all(falls_in_both_seasons(rows, scores[kind], ten[kind]) for kind in loss)
        verdict = "**yes**" if is_sure and is_steady else "no"
        cells = [*(format_difference(part) for part in loss.values()), format_difference(auc), verdict]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def differences(
    rows: Dataset, p: np.ndarray, reference: np.ndarray, draws: DateResamples
) -> tuple[PairedDifference, PairedDifference]:
    found = paired_differences(rows.label, p, reference, draws)
    return found["auc"], found["log_loss"]


def falls_in_both_seasons(rows: Dataset, p: np.ndarray, reference: np.ndarray) -> bool:
    gains = losses(rows, reference) - losses(rows, p)
    is_second = rows.dates >= SECOND_SEASON
    return bool(gains[is_second].mean() > 0 and gains[~is_second].mean() > 0)


def losses(rows: Dataset, p: np.ndarray) -> np.ndarray:
    return np.asarray(-np.where(rows.label == 1, np.log(p), np.log1p(-p)))


def mean_loss(rows: Dataset, p: np.ndarray) -> float:
    return float(losses(rows, p).mean())


def format_estimate(estimate: float | None, low: float | None, high: float | None) -> str:
    return f"{estimate:.4f} ({low:.4f} to {high:.4f})"


def format_difference(part: PairedDifference) -> str:
    found = part.difference
    return f"{found.estimate:+.4f} ({found.low:+.4f} to {found.high:+.4f})"


if __name__ == "__main__":
    main()
