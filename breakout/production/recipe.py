"""The recipe of a model: the settings that decide how it learns, without the dates of the games that it learns from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.artifacts import json_digest

if TYPE_CHECKING:
    from breakout.bundle import Bundle

# The groups of a recipe. The warehouse is not one of them: a weekly retrain reads newer files, whose paths may differ.
GROUPS = ("mode", "features", "target", "model", "validation", "calibration")
WINDOW_KEYS = {"validation.start", "mode.description"}  # a date, and a text that changes no number


def recipe_digest(bundle: Bundle) -> str:
    """Return 16 hex digits over the recipe and the contract; retrained models of one recipe have the same."""
    return json_digest(_recipe(bundle))[:16]


def recipe_differences(candidate: Bundle, production: Bundle) -> list[str]:
    """Return the settings, as dotted keys, in which the recipes of two bundles differ; `contract` if those differ."""
    ours, theirs = _recipe(candidate), _recipe(production)
    return sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))


def _recipe(bundle: Bundle) -> dict[str, Any]:
    mapping = settings.to_mapping(bundle.settings)
    flat = {f"{group}.{key}": value for group in GROUPS for key, value in mapping[group].items()}
    kept = {key: value for key, value in flat.items() if key not in WINDOW_KEYS}
    return kept | {"seed": mapping["seed"], "contract": bundle.contract.fingerprint}
