"""The recipe of a bundle (a saved model): its contract, its seed, and the settings that decide its fit.

The contract is the definition of features and label. Dates and paths are not part of a recipe, so a retrain on other
dates has the same recipe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.artifacts import json_digest, json_ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.bundle.folder import Bundle

# The settings groups of a recipe. The group `warehouse` is left out, because a retrain of the same recipe may read its
# data from other paths.
GROUPS = ("mode", "features", "target", "model", "validation", "calibration")
# Keys of these groups that are not part of a recipe: the first is a date, the second a text that changes no number.
NOT_RECIPE_KEYS = {"validation.start", "mode.description"}


def recipe_digest(bundle: Bundle) -> str:
    """Return a digest, 16 hex digits, of the recipe of a saved model.

    The recipe has the contract (the definition of features and label), the seed, and the settings that decide the fit.
    A retrain on other dates has the same digest.
    """
    return json_digest(build_recipe(bundle))[:16]


def seedless_recipe(bundle: Bundle) -> dict[str, Any]:
    """Return the recipe of a saved model (its settings except dates and paths), without the key `seed`."""
    return {key: value for key, value in build_recipe(bundle).items() if key != "seed"}


def recipe_differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Return the sorted keys in which two recipes differ, such as `["seed", "target.min_ppg"]`."""
    return sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))


def build_recipe(bundle: Bundle) -> dict[str, Any]:
    """Return the recipe of a saved model: its settings without dates and paths, such as `{"target.min_ppg": 8.0}`.

    Values have JSON types. The result also has the keys `seed` and `contract` (the fingerprint of the definitions of
    features and label).
    """
    mapping = settings.to_mapping(bundle.settings)
    flat = {f"{group}.{key}": value for group in GROUPS for key, value in mapping[group].items()}
    kept = {key: value for key, value in flat.items() if key not in NOT_RECIPE_KEYS}
    recipe: dict[str, Any] = json_ready(kept | {"seed": mapping["seed"], "contract": bundle.contract.fingerprint})
    return recipe
