"""Tests that the tables of docs/models.md are up to date, by the rows and recipes that are quick to compute."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from breakout.dataset import Rows
from breakout.features.registry import REGISTRY
from breakout.models.base import FitParts

DOCS = Path(__file__).parents[2] / "docs"


def table_writer(name: str = "feature_sets") -> ModuleType:
    found = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_page_tells_what_logistic_regression_gives_in_the_last_season_today() -> None:
    tables, page = table_writer(), (DOCS / "models.md").read_text(encoding="utf-8")
    span, folds, rows = tables.read_games(tables.experiment("context"))
    rows = rows.take(rows.dates >= tables.SECOND_SEASON)
    folds = [fold for fold in folds if fold.evaluation.start >= rows.dates.min().item().replace(day=1)]
    draws = tables.draw(rows, confidence=0.95)
    ten, context = (
        tables.walk(span, folds, name, tables.experiment(name).features.names, ("logistic",))["logistic"]
        for name in ("ten", "context")
    )
    assert tables.set_row("ten", "logistic", rows, ten, None, draws) in page
    assert tables.set_row("context", "logistic", rows, context, ten, draws) in page


def test_the_tables_are_computed_from_rows_with_every_registered_feature() -> None:
    assert set(REGISTRY) <= set(table_writer().every_feature().features.names)


def test_every_recipe_of_the_page_gives_ladders_that_never_rise() -> None:
    script, page = table_writer("points_recipes"), (DOCS / "models.md").read_text(encoding="utf-8")
    generator = np.random.default_rng(0)

    def simulate(n: int) -> Rows:
        X = pd.DataFrame(generator.normal(size=(n, 2)), columns=["form", "noise"])
        average = generator.uniform(8, 16, n)
        points = generator.poisson(average * (1 + 0.2 * np.tanh(X["form"].to_numpy())))
        needed = np.ceil(1.5 * average).astype(int)
        y = (points >= needed).astype(int)
        return Rows(X, y, points=points, season_average=average, points_for_breakout=needed)

    parts, later = FitParts(simulate(300), simulate(100)), simulate(20)
    for name, recipe in script.recipes().items():
        assert f"| {name} |" in page
        ladder = recipe(parts, later)
        assert (np.diff(ladder, axis=1) <= 0).all(), name
        assert ladder.sum(axis=1) == pytest.approx(np.asarray(later.season_average), rel=0.7), name
