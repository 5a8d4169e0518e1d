"""Results that several jobs of one process share, such as fits and baselines on the same rows."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from breakout import settings
from breakout.models.kinds import Fits, fit_kind, fit_twice

if TYPE_CHECKING:
    from breakout.models.base import FitParts
    from breakout.settings.model_groups import ModelConfig

Result = TypeVar("Result")

# The largest number of stored results of one kind. The limit is large because a walk forward stores a result for each
# fold. Fits have no limit, and the kinds in OF_ROWS have their own.
LIMIT = 512
ROWS_LIMIT = 8  # the limit for the kinds in OF_ROWS, whose results contain rows and are large
OF_ROWS = ("answer", "rows", "split")


class SharedWork:
    """The results that several jobs (training runs) of one process share.

    A result is stored under its kind and a key that identifies its inputs. Jobs with equal inputs therefore share the
    result. Fits are stored until the next group of jobs begins. Of every other kind, only the most recently used
    results are stored. A shared result is bit for bit equal to a result that is computed for the job alone.
    """

    def __init__(self) -> None:
        self._kept: dict[str, OrderedDict[Hashable, Any]] = defaultdict(OrderedDict)
        self._group: Hashable = None
        self._iterations = 0

    def begin_group(self, group: Hashable, iterations: int) -> None:
        """Start a group of jobs that can share fits, and drop the fits of another group.

        A call with the current `group` keeps the fits. `iterations` is the largest value of `model.iterations` in the
        group. Jobs with fewer iterations can take their trees from a fit with this number.
        """
        if group != self._group:
            self._kept["fit"].clear()
        self._group, self._iterations = group, iterations

    def once(self, kind: str, key: Hashable, compute: Callable[[], Result]) -> Result:
        """Return the stored result of this kind and key; if there is none, compute it and store it."""
        kept = self._kept[kind]
        if key not in kept:
            kept[key] = compute()
        kept.move_to_end(key)
        if kind != "fit" and len(kept) > (ROWS_LIMIT if kind in OF_ROWS else LIMIT):
            kept.popitem(last=False)
        found: Result = kept[key]
        return found

    def fit(
        self, config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str], *, is_refit: bool
    ) -> Fits:
        """Return two fits of a model: one without the validation rows (the last training dates), and the final fit.

        The final fit includes the validation rows, unless `is_refit` is false and the model can stop early. `metadata`
        is saved with the model. Jobs share fits in three ways:

        - Models with equal arguments share a fit.
        - CatBoost models that differ only in `iterations` share the longest fit of their group. Each takes the first
          trees of that fit. A fit of fewer than 200 iterations shares no trees with a fit of 200 or more, because
          CatBoost takes fewer Newton steps for its leaves.
        - A blend (an average of CatBoost and logistic regression) shares the trees of its CatBoost model.

        ConfigurationError or DataError if the model cannot be fitted.
        """
        if isinstance(config, settings.BlendConfig):
            from breakout.models.blend import blend_with

            trees: Any = self.fit(config.catboost, parts, seed, metadata, is_refit=is_refit)
            held_out, final = trees
            blend = blend_with(config, held_out, parts, metadata)
            return Fits(blend, blend_with(config, final, parts.joined(), metadata) if is_refit else blend)
        if not isinstance(config, settings.CatBoostConfig):
            return self._fit_once(config, parts, seed, metadata, is_refit=is_refit)
        longest = replace(config, iterations=max(config.iterations, self._iterations))
        whole = longest if fit_kind(longest) == fit_kind(config) else config
        fits = self._fit_once(whole, parts, seed, metadata, is_refit=is_refit)
        return fits if whole == config else _shorten(fits, config, is_refit=is_refit)

    def _fit_once(
        self, config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str], *, is_refit: bool
    ) -> Fits:
        key = (config, parts.digest, seed, tuple(sorted(metadata.items())), is_refit)
        return self.once("fit", key, lambda: fit_twice(config, parts, seed, metadata, is_refit=is_refit))


def _shorten(fits: Fits, config: settings.CatBoostConfig, *, is_refit: bool) -> Fits:
    """Return the first trees of `fits` as fits for `config`, which asks for fewer iterations."""
    from breakout.models.catboost import first_trees, shorter_fit

    longer: Any = fits
    held_out = shorter_fit(longer.held_out, config)
    return Fits(held_out, first_trees(longer.final, held_out.trees) if is_refit else held_out)
