"""breakout: experiments on models that predict NBA players' breakout games.

The names in `__all__` are the Python interface for notebooks and scripts; docs/notebook.md shows each of them. A name
is imported only when it is used, so `import breakout` is fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from breakout.dataset import build_dataset
    from breakout.notebook.bundles import evaluate_bundle, evaluate_ladders, load_bundle, predict_rows, predict_slate
    from breakout.notebook.experiments import build_features, build_slate_features, fit_and_evaluate, run_experiment
    from breakout.notebook.figures import draw_chart, ladder_table, metrics_table, points_table
    from breakout.settings.composition import compose
    from breakout.warehouse.opening import open_for

__version__ = "0.1.0"

# The module, inside this package, from which each name of the Python interface is imported.
_MODULES = {
    "build_dataset": "dataset",
    "build_features": "notebook.experiments",
    "build_slate_features": "notebook.experiments",
    "compose": "settings.composition",
    "draw_chart": "notebook.figures",
    "evaluate_bundle": "notebook.bundles",
    "evaluate_ladders": "notebook.bundles",
    "fit_and_evaluate": "notebook.experiments",
    "ladder_table": "notebook.figures",
    "load_bundle": "notebook.bundles",
    "metrics_table": "notebook.figures",
    "open_for": "warehouse.opening",
    "points_table": "notebook.figures",
    "predict_rows": "notebook.bundles",
    "predict_slate": "notebook.bundles",
    "run_experiment": "notebook.experiments",
}
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


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
