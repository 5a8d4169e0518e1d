"""breakout: experiments on models that predict NBA players' breakout games.

The names in `__all__` are the Python interface for notebooks and scripts; docs/notebook.md shows each of them. Each
name is imported when it is first used, so `import breakout` imports no other module of the package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from breakout.dataset import build_dataset
    from breakout.notebook import (
        build_features,
        build_slate_features,
        evaluate_bundle,
        evaluate_ladders,
        fit_and_evaluate,
        load_bundle,
        predict_rows,
        predict_slate,
        run_experiment,
    )
    from breakout.notebook_figures import draw_chart, ladder_table, metrics_table, points_table
    from breakout.settings.composition import compose
    from breakout.warehouse.opening import open_for

__version__ = "0.1.0"

__all__ = [
    "build_dataset",
    "build_features",
    "build_slate_features",
    "compose",
    "draw_chart",
    "evaluate_bundle",
    "evaluate_ladders",
    "fit_and_evaluate",
    "ladder_table",
    "load_bundle",
    "metrics_table",
    "open_for",
    "points_table",
    "predict_rows",
    "predict_slate",
    "run_experiment",
]

# The module of each name in `__all__` that is not in `breakout.notebook`.
_MODULES = {
    "build_dataset": "dataset",
    "compose": "settings.composition",
    "draw_chart": "notebook_figures",
    "ladder_table": "notebook_figures",
    "metrics_table": "notebook_figures",
    "points_table": "notebook_figures",
    "open_for": "warehouse.opening",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'notebook')}"), name)
