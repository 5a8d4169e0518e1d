"""The model card: what the model is for, what it learned from, where it ends, and a word on gambling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakout.report import markup as m
from breakout.runs.record import RunRecord

MODEL_NAMES = {
    "catboost": "gradient-boosted trees (CatBoost)",
    "logistic": "logistic regression",
    "blend": "an average in log odds of gradient-boosted trees (CatBoost) and logistic regression",
    "base_rate": "the breakout rate of the training window for everyone",
}


def model_card(run: RunRecord) -> str:
    """Intended use, data, limits and caution, with the run's own figures where it has them."""
    return "".join(
        f"<h3>{title}</h3><ul>{''.join(f'<li>{m.escape(line)}</li>' for line in lines)}</ul>"
        for title, lines in {
            "Intended use": _use(run),
            "Data": _data(run),
            "Limits": _limits(run),
            "Gambling": CAUTION,
        }.items()
    )


CAUTION = (
    "A probability is not a bet. Prices hold the bookmaker's margin and what others know.",
    "An edge exists only where the model beats the price, which nothing on this page measures.",
    "Stake no money that you cannot lose. If it stops being a game, stop; in many countries a helpline is free.",
)


def _use(run: RunRecord) -> list[str]:
    kind = str(run.metrics.get("model", {}).get("kind", ""))
    label = _label(run)
    question = "The chance, on the morning of a game, that a role player breaks out"
    if label:
        question += (
            f": at least {label['breakout_multiplier']:g} times his season average, for players who average "
            f"{label['min_ppg']:g} to {label['max_ppg']:g} points after {label['min_prior_games']} games or more"
        )
    lines = [f"{question}.", f"The model is {MODEL_NAMES.get(kind, kind)}."]
    if run.settings.get("mode", {}).get("name") == "experimental":
        lines.append("It uses experimental features: it answers a research question and cannot be promoted.")
    return [*lines, "For ranking a slate and for research. Not for other players, other leagues, or games under way."]


def _data(run: RunRecord) -> list[str]:
    found = run.manifest
    lines = []
    if found is not None:
        first, last = found.windows.train
        rate = found.train_breakout_rate
        told = f", breakout rate {rate:.4f}" if rate is not None else ""
        lines.append(f"Learned from {found.rows.train:,} player-games, {first} to {last}{told}.")
        lines.append(f"Source: {found.source}.")
    return [*lines, "Every feature is as of the morning of the game: no row on or after that day has a part in it."]


def _limits(run: RunRecord) -> list[str]:
    lines = [
        "It knows box scores only: no injury report, no line-up, no odds, no news of the day.",
        "Models age: what was true of one season's rotations and rules is less so of the next.",
        "Intervals resample game dates. They do not hold the luck of the season that was trained on.",
    ]
    auc = run.evaluation["metrics"]["auc"]["estimate"] if run.evaluation else None
    if auc is not None:
        lines.insert(
            0, f"Of a breakout and another game it ranks the breakout higher {auc:.0%} of the time, chance 50%."
        )
    idle: Sequence[str] = run.metrics.get("features_that_add_nothing") or ()
    if idle:
        lines.append(f"On these games {len(idle)} of its features add nothing measurable.")
    return lines


def _label(run: RunRecord) -> Mapping[str, Any] | None:
    """The target, which stands in the run's own settings; one that only scored says nothing of it."""
    target: Mapping[str, Any] | None = run.settings.get("target")
    return target
