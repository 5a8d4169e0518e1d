"""Every kind of model: fitting, predicting, explaining, saving and loading, and the scoring of held-out rows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from breakout import settings
from breakout.artifacts import load_json, save_json
from breakout.dataset import Rows
from breakout.errors import DataError
from breakout.evaluation.metrics import log_loss
from breakout.models.base import FitParts, Model
from breakout.models.blend import BlendModel
from breakout.models.catboost import CatBoostModel, first_trees
from breakout.models.kinds import KINDS, Fits, fit_model, fit_twice, load_model
from breakout.settings.composition import compose
from breakout.settings.model_groups import ModelConfig

EXAMPLE = Path(__file__).parents[2] / "examples" / "my_model.py"
NAMES = ["first", "second", "noise"]
METADATA = {"contract_fingerprint": "c0ffee"}


def rows(n: int, seed: int) -> Rows:
    """Return games in which the first feature raises the chance, the second lowers it, and the third is noise."""
    generator = np.random.default_rng(seed)
    X = pd.DataFrame(generator.normal(size=(n, 3)), columns=NAMES)
    chance = 1 / (1 + np.exp(1.2 - X["first"] + 0.5 * X["second"]))
    y = (generator.random(n) < chance).astype(int)
    average = np.round(8 + 8 * generator.random(n), 1)
    needed = np.ceil(1.5 * average).astype(int)
    points = np.where(y == 1, needed + generator.poisson(3, n), generator.integers(0, needed))
    return Rows(X, y, points=points, season_average=average, points_for_breakout=needed)


@pytest.fixture(scope="module")
def parts() -> FitParts:
    return FitParts(rows(900, 1), rows(300, 2))


@cache
def default_config(kind: str) -> settings.ModelConfig:
    build = [f"model.build={EXAMPLE}:build_logistic"] if kind == "sklearn" else []
    config = compose("train", [f"model={kind}", *build])
    assert isinstance(config, settings.ExperimentConfig)
    return config.model


def config_of(kind: str, **changes: Any) -> settings.ModelConfig:
    return replace(default_config(kind), **changes)


@cache
def fitted(kind: str, parts: FitParts) -> Model:
    return fit_model(config_of(kind), parts, 42, METADATA)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_predicts_bit_for_bit_what_it_did(kind: str, parts: FitParts, tmp_path: Path) -> None:
    model = fitted(kind, parts)
    before = model.predict_probability(parts.validation)
    written = model.save(tmp_path)
    again = load_model(kind, tmp_path)
    assert all(path.is_file() for path in written)
    assert again.metadata == model.metadata == METADATA
    assert np.array_equal(again.predict_probability(parts.validation), before)
    assert again.names == model.names == tuple(NAMES)


def test_a_logistic_regression_does_not_depend_on_the_number_of_cores() -> None:
    generator = np.random.default_rng(0)
    X = pd.DataFrame(generator.normal(size=(20_000, 30))).rename(columns=str)
    y = (generator.random(20_000) < 1 / (1 + np.exp(1.2 - X["0"]))).to_numpy().astype(int)
    found = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            found.append(fitted("logistic", FitParts(Rows(X, y), Rows(X[:100], y[:100]))))
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_refuses_columns_in_another_order(kind: str, parts: FitParts) -> None:
    with pytest.raises(ValueError, match="order"):
        fitted(kind, parts).predict_probability(replace(parts.fit, X=parts.fit.X[NAMES[::-1]]))


@pytest.mark.parametrize("kind", ["catboost", "logistic", "blend", "sklearn"])
def test_contributions_of_the_features_add_up_to_the_log_odds(kind: str, parts: FitParts) -> None:
    model = fitted(kind, parts)
    probability = model.predict_probability(parts.validation)
    rest = np.log(probability / (1 - probability)) - model.shap_values(parts.validation).sum(axis=1)
    assert np.ptp(rest) < 1e-6, "what is left is the same for every game"


@pytest.mark.parametrize("kind", ["catboost", "logistic", "blend", "sklearn"])
def test_importance_puts_the_feature_that_says_nothing_last(kind: str, parts: FitParts) -> None:
    importance = fitted(kind, parts).feature_importance()
    assert min(importance, key=lambda name: importance[name]) == "noise"
    assert sum(importance.values()) == pytest.approx(1.0)


def test_a_blend_averages_the_log_odds_of_its_parts(parts: FitParts) -> None:
    config = config_of("blend", catboost_weight=0.25)
    blend = fit_model(config, parts, 42, METADATA)
    trees, linear = fitted("catboost", parts), fitted("logistic", parts)
    odds = [np.log(p / (1 - p)) for p in (m.predict_probability(parts.validation) for m in (trees, linear))]
    expected = 1 / (1 + np.exp(-(0.25 * odds[0] + 0.75 * odds[1])))
    assert blend.predict_probability(parts.validation) == pytest.approx(expected, abs=1e-12)


def test_parts_of_two_blends_are_refused_together(parts: FitParts, tmp_path: Path) -> None:
    fitted("blend", parts).save(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    fit_model(config_of("logistic"), parts, 42, {"contract_fingerprint": "decade"}).save(other)
    (other / "model.json").replace(tmp_path / "logistic" / "model.json")
    with pytest.raises(DataError, match="do not belong together"):
        load_model("blend", tmp_path)


def test_a_damaged_blend_is_named(parts: FitParts, tmp_path: Path) -> None:
    fitted("blend", parts).save(tmp_path)
    (tmp_path / "model.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"model\.json is damaged"):
        load_model("blend", tmp_path)


def twice(kind: str, parts: FitParts, *, is_refit: bool = True, **changes: Any) -> Fits:
    return fit_twice(config_of(kind, **changes), parts, 42, METADATA, is_refit=is_refit)


# The model of points is left out: it reads points instead of labels.
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"points"}))
def test_validation_labels_change_the_final_model_and_not_the_one_that_scores_them(kind: str, parts: FitParts) -> None:
    turned = replace(parts, validation=replace(parts.validation, y=1 - parts.validation.label))
    changes: dict[str, Any] = {"early_stopping_rounds": 0, "iterations": 20} if KINDS[kind].stops_early else {}
    fits = [twice(kind, part, **changes) for part in (parts, turned)]
    final, held_out = ([fit[k].predict_probability(parts.validation) for fit in fits] for k in (1, 0))
    assert not np.allclose(final[0], final[1])
    assert np.array_equal(held_out[0], held_out[1])


def test_the_final_trees_are_the_first_ones_of_a_long_fit_of_all_rows_as_many_as_the_stopped_fit_has(
    parts: FitParts,
) -> None:
    """Check against the long fit: below 200 trees, CatBoost takes other steps in the leaves."""
    changes: dict[str, Any] = {"iterations": 200, "learning_rate": 0.1}
    held_out, final = twice("catboost", parts, **changes)
    trees = int(held_out.describe()["trees"])
    long = fit_model(config_of("catboost", early_stopping_rounds=0, **changes), parts.joined(), 42, METADATA)
    assert isinstance(long, CatBoostModel)
    assert trees < 200
    expected = first_trees(long, trees).predict_probability(parts.fit)
    assert np.array_equal(final.predict_probability(parts.fit), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_refit_only_a_stopped_model_keeps_its_first_fit(kind: str, parts: FitParts) -> None:
    held_out, final = twice(kind, parts, is_refit=False)
    assert (final is held_out) == KINDS[kind].stops_early


def test_class_weights_reach_both_parts_of_a_blend(parts: FitParts) -> None:
    plain, weighted = (
        fit_model(config_of("blend", class_weights=weights), parts, 42, METADATA) for weights in ("none", "balanced")
    )
    assert isinstance(plain, BlendModel)
    assert isinstance(weighted, BlendModel)
    for before, after in ((plain.catboost, weighted.catboost), (plain.logistic, weighted.logistic)):
        lift = after.predict_probability(parts.fit).mean() - before.predict_probability(parts.fit).mean()
        assert lift > 0.1


def test_features_that_vary_beyond_single_precision_alone_end_in_a_sentence(parts: FitParts) -> None:
    """Vary the features by less than float32 resolves, the type that CatBoost uses."""
    fit, validation = (replace(part, X=1e9 + part.X.clip(-1, 1)) for part in (parts.fit, parts.validation))
    with pytest.raises(DataError, match="no feature varies"):
        fitted("catboost", FitParts(fit, validation))


@pytest.mark.parametrize("kind", ["catboost", "points"])
def test_a_file_of_trees_that_cannot_be_written_ends_in_a_sentence(kind: str, parts: FitParts, tmp_path: Path) -> None:
    for name in ("model.cbm", "mean.cbm"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        fitted(kind, parts).save(tmp_path)


def test_a_loaded_regression_still_knows_that_it_did_not_converge(parts: FitParts, tmp_path: Path) -> None:
    model = fit_model(config_of("logistic", max_iterations=1), parts, 42, METADATA)
    model.save(tmp_path)
    again = load_model("logistic", tmp_path)
    assert "model.max_iterations" in again.warnings[0]
    assert fitted("logistic", parts).warnings == ()


def test_a_feature_that_was_almost_constant_in_training_costs_a_clipped_regression_nothing() -> None:
    before, after = rows(900, 1), rows(600, 3)
    almost = np.zeros(900)
    almost[:20] = 0.01
    known = replace(before, X=before.X.assign(noise=almost))
    odd = replace(after, X=after.X.assign(noise=np.random.default_rng(4).normal(0.2, 0.1, 600)))
    losses = {}
    for clip in (3.0, None):
        model = fit_model(config_of("logistic", clip=clip), FitParts(known, known.take(np.arange(0))), 42, {})
        losses[clip] = log_loss(odd.label, model.predict_probability(odd))
    plain = fit_model(config_of("logistic"), FitParts(before, before.take(np.arange(0))), 42, {})
    reference = log_loss(after.label, plain.predict_probability(after))
    assert None not in (reference, *losses.values())
    assert losses[3.0] - reference < 0.05 < losses[None] - reference  # type: ignore[operator]


def test_a_saved_regression_of_an_earlier_version_is_not_clipped(parts: FitParts, tmp_path: Path) -> None:
    model = fit_model(config_of("logistic", clip=None), parts, 42, METADATA)
    (path,) = model.save(tmp_path)
    saved = load_json(path)
    del saved["clip"]
    save_json(saved, path)
    again = load_model("logistic", tmp_path)
    assert np.array_equal(again.predict_probability(parts.fit), model.predict_probability(parts.fit))


def test_a_model_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not know"):
        load_model("forest", tmp_path)


def test_every_kind_of_the_settings_is_in_the_table_and_no_other() -> None:
    assert set(KINDS) == {get_args(get_type_hints(config_class)["kind"])[0] for config_class in get_args(ModelConfig)}
