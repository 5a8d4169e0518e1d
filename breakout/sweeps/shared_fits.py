"""Fits that several jobs share: a job's model settings and rows in, its own model out, bit for bit that of a fit alone.

Jobs that differ in `model.iterations` alone are served by the longest fit, a blend's trees among them; jobs that differ
in nothing that a fit sees (the calibration, say) by the same one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.models.kinds import fit_kind, fit_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.models.base import FitParts, Model
    from breakout.models.catboost import CatBoostModel
    from breakout.settings.groups import ModelConfig


class SharedFits:
    """The fits of one group of jobs; `iterations` is the most that any of them asks for."""

    def __init__(self, iterations: int) -> None:
        self._iterations = iterations
        self._fitted: dict[tuple[Any, ...], Any] = {}

    def fit(self, config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Model:
        """What fit_model would return."""
        if isinstance(config, settings.CatBoostConfig):
            return self._trees(config, parts, seed, metadata)
        if isinstance(config, settings.BlendConfig):
            from breakout.models.blend import blend_with

            return blend_with(config, self._trees(config.catboost, parts, seed, metadata), parts, metadata)
        fitted: Model = self._once(config, parts, seed, metadata)
        return fitted

    def _trees(
        self, config: settings.CatBoostConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]
    ) -> CatBoostModel:
        from breakout.models.catboost import shorter_fit

        longest = replace(config, iterations=max(config.iterations, self._iterations))
        whole = longest if fit_kind(longest) == fit_kind(config) else config
        fitted: CatBoostModel = self._once(whole, parts, seed, metadata)
        return fitted if whole == config else shorter_fit(fitted, config)

    def _once(self, config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Any:
        key = (config, parts.digest, seed, tuple(sorted(metadata.items())))
        if key not in self._fitted:
            self._fitted[key] = fit_model(config, parts, seed, metadata)
        return self._fitted[key]
