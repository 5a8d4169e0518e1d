"""A test that the notebook example of docs/configuration.md runs as it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from breakout.settings import CatBoostConfig, ExperimentConfig

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_example_composes_with_hydra_alone_and_types_the_result() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    shown: dict[str, Any] = {}
    exec(block, shown)  # noqa: S102  (our own page)
    config = shown["config"]
    assert isinstance(config, ExperimentConfig)
    assert isinstance(config.model, CatBoostConfig)
    assert (config.name, config.model.depth) == ("cv_ratio", 4)
    assert "cold_streak_indicator" in config.features.names
