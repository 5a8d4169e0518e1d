"""Work that several jobs of one process have in common, such as fits and baselines on the same rows."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from breakout import settings
from breakout.models.kinds import fit_kind, fit_model

if TYPE_CHECKING:
    from breakout.models.base import FitParts, Model
    from breakout.models.catboost import CatBoostModel
    from breakout.settings.groups import ModelConfig

Result = TypeVar("Result")

# The number of results of one kind that are kept, for all kinds except fits and those in OF_ROWS. A walk-forward job
# has one result of a kind for each fold.
LIMIT = 512
ROWS_LIMIT = 8  # results of one kind that are kept if they hold rows, which are large
OF_ROWS = ("answer", "rows", "split")


class SharedWork:
    """The results that jobs of one process share, each computed once.

    A result is kept under a digest of its inputs, so all jobs with equal inputs share it. Beyond a limit the least
    recently used results are dropped. Shared results are bit for bit equal to those of separate work.
    """

    def __init__(self) -> None:
        self._kept: dict[str, OrderedDict[Hashable, Any]] = defaultdict(OrderedDict)
        self._group: Hashable = None
        self._iterations = 0

    def begin_group(self, group: Hashable, iterations: int) -> None:
        """Drop the fits of earlier groups and start a group of jobs whose largest number of trees is `iterations`."""
        if group != self._group:
            self._kept["fit"].clear()
        self._group, self._iterations = group, iterations

    def once(self, kind: str, key: Hashable, compute: Callable[[], Result]) -> Result:
        """Return the kept result of this kind and key; it is computed if there is none."""
        kept = self._kept[kind]
        if key not in kept:
            kept[key] = compute()
        kept.move_to_end(key)
        if kind != "fit" and len(kept) > (ROWS_LIMIT if kind in OF_ROWS else LIMIT):
            kept.popitem(last=False)
        found: Result = kept[key]
        return found

    def fit(self, config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Model:
        """Return what `fit_model` would return.

        If jobs differ only in `model.iterations`, the longest fit is made once, and each job gets its first trees. The
        trees in a blend are taken from such a fit too.
        """
        if isinstance(config, settings.CatBoostConfig):
            return self._fit_trees(config, parts, seed, metadata)
        if isinstance(config, settings.BlendConfig):
            from breakout.models.blend import blend_with

            return blend_with(config, self._fit_trees(config.catboost, parts, seed, metadata), parts, metadata)
        return self._fit_once(config, parts, seed, metadata)

    def _fit_trees(
        self, config: settings.CatBoostConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]
    ) -> CatBoostModel:
        from breakout.models.catboost import shorter_fit

        longest = replace(config, iterations=max(config.iterations, self._iterations))
        whole = longest if fit_kind(longest) == fit_kind(config) else config
        fitted: Any = self._fit_once(whole, parts, seed, metadata)
        found: CatBoostModel = fitted if whole == config else shorter_fit(fitted, config)
        return found

    def _fit_once(self, config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Model:
        key = (config, parts.digest, seed, tuple(sorted(metadata.items())))
        return self.once("fit", key, lambda: fit_model(config, parts, seed, metadata))
