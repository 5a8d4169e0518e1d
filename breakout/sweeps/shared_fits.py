"""Fits that several jobs share: a job's model settings and rows in, its own model out, bit for bit that of a fit alone.

Jobs that differ in `model.iterations` alone are served by the longest fit; jobs that differ in nothing that a fit sees
(the calibration, say) by the same one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from breakout import settings
from breakout.models.kinds import fit_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakout.models.base import FitParts, Model
    from breakout.settings.groups import ModelConfig


class SharedFits:
    """The fits of one group of jobs; `iterations` is the most that any of them asks for."""

    def __init__(self, iterations: int) -> None:
        self._iterations = iterations
        self._fitted: dict[tuple[Any, ...], Model] = {}

    def fit(self, config: ModelConfig, parts: FitParts, seed: int, metadata: Mapping[str, str]) -> Model:
        """What fit_model would return."""
        whole = self._longest(config)
        key = (whole, parts, seed, tuple(sorted(metadata.items())))
        if key not in self._fitted:
            self._fitted[key] = fit_model(whole, parts, seed, metadata)
        fitted = self._fitted[key]
        if whole == config or not isinstance(config, settings.CatBoostConfig):
            return fitted
        from breakout.models.catboost import CatBoostModel, shorter_fit

        return shorter_fit(fitted, config) if isinstance(fitted, CatBoostModel) else fitted

    def _longest(self, config: ModelConfig) -> ModelConfig:
        if not isinstance(config, settings.CatBoostConfig):
            return config
        from breakout.models.catboost import fit_kind

        longest = replace(config, iterations=max(config.iterations, self._iterations))
        return longest if fit_kind(longest) == fit_kind(config) else config
