"""The tables of docs/models.md are what the program gives today; held by the part that is quick to walk again."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"


def table_writer() -> ModuleType:
    found = importlib.util.spec_from_file_location("feature_sets", DOCS / "feature_sets.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_tells_what_logistic_regression_gives_in_the_last_season_today() -> None:
    tables, page = table_writer(), (DOCS / "models.md").read_text(encoding="utf-8")
    span, folds, rows = tables.read_games(tables.every_feature())
    rows = rows.take(rows.dates >= tables.SECOND_SEASON)
    folds = [fold for fold in folds if fold.evaluation.start >= rows.dates.min().item().replace(day=1)]
    draws = tables.draw(rows, confidence=0.95)
    ten, context = (
        tables.walk(span, folds, name, tables.experiment(name).features.names, ("logistic",))["logistic"]
        for name in ("ten", "context")
    )
    assert tables.set_row("ten", "logistic", rows, ten, None, draws) in page
    assert tables.set_row("context", "logistic", rows, context, ten, draws) in page
