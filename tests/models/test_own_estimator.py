"""The user's own classifier: equal to the built-in one, refused or saved as data, and loaded without its source."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from breakout import settings
from breakout.bundle.folder import read_bundle
from breakout.dataset import Rows
from breakout.errors import ConfigurationError, DataError
from breakout.models.base import FitParts
from breakout.models.kinds import fit_model, load_model
from breakout.settings.composition import compose
from breakout.settings.model_groups import SklearnConfig
from tests.commands import call, train
from tests.models.test_models import EXAMPLE, METADATA, config_of, rows

GOOD = EXAMPLE.read_text(encoding="utf-8")
IMPORT = "from sklearn.linear_model import LogisticRegression\n"


class Smuggled(LogisticRegression):  # type: ignore[misc]
    """A class whose type is not trusted."""


@pytest.fixture(scope="module")
def parts() -> FitParts:
    return FitParts(rows(400, 1), rows(100, 2))


def own(text: str, name: str = "build", **params: bool | int | float | str | None) -> SklearnConfig:
    return SklearnConfig("sklearn", f"my_model.py:{name}", params, text)


def test_the_example_equals_the_built_in_regression(parts: FitParts) -> None:
    pair = [
        fit_model(config, parts, 42, METADATA)
        for config in (config_of("sklearn", params={"C": 0.3}), config_of("logistic", C=0.3))
    ]
    for found in ("predict_probability", "shap_values"):
        first, second = (getattr(model, found)(parts.validation) for model in pair)
        assert np.abs(first - second).max() < (1e-12 if found == "predict_probability" else 1e-9)


@pytest.mark.parametrize("name", ["build_logistic", "build_trees"])
def test_a_saved_classifier_of_the_example_predicts_as_before(name: str, parts: FitParts, tmp_path: Path) -> None:
    with threadpool_limits(limits=1, user_api="openmp"):  # More threads spend most of their time waiting on few rows.
        model = fit_model(own(GOOD, name), parts, 42, METADATA)
        assert {path.name for path in model.save(tmp_path)} == {"model.skops", "model.json"}
        again = load_model("sklearn", tmp_path)
        assert again.metadata == METADATA
        assert np.array_equal(again.predict_probability(parts.validation), model.predict_probability(parts.validation))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("def build(seed):\n    return 1 / 0", "line 2: .*ZeroDivisionError"),
        ("def build(seed):\n    return 3", "must return a scikit-learn classifier"),
        ("from sklearn.svm import LinearSVC\ndef build(seed): return LinearSVC()", "predict_proba"),
        ("from sklearn.linear_model import Ridge\ndef build(seed): return Ridge()", "classifier"),
        ("def other(seed): pass", "no function build"),
        ("def build(", "SyntaxError"),
        (IMPORT + "def build(seed): return LogisticRegression(C=-1)", "InvalidParameterError"),
        (IMPORT + "class Mine(LogisticRegression): pass\ndef build(seed): return Mine()", "Mine.*trusted types"),
        (IMPORT + "def build(): return LogisticRegression()", "TypeError"),
    ],
)
def test_code_that_gives_no_classifier_of_data_is_refused(text: str, named: str, parts: FitParts) -> None:
    with pytest.raises(ConfigurationError, match=f"my_model.py:build.*{named}"):
        fit_model(own(text), parts, 42, METADATA)


def test_a_file_with_an_unknown_type_is_refused_before_it_is_loaded(parts: FitParts, tmp_path: Path) -> None:
    fit_model(own(GOOD, "build_logistic"), parts, 42, METADATA).save(tmp_path)
    smuggled = Smuggled().fit(parts.fit.X, parts.fit.label)
    (tmp_path / "model.skops").write_bytes(skops.io.dumps(smuggled))
    with pytest.raises(DataError, match="Smuggled"):
        load_model("sklearn", tmp_path)


@pytest.mark.parametrize("name", ["model.skops", "model.json"])
def test_a_damaged_file_is_named(name: str, parts: FitParts, tmp_path: Path) -> None:
    fit_model(own(GOOD, "build_logistic"), parts, 42, METADATA).save(tmp_path)
    (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(name)):
        load_model("sklearn", tmp_path)


def test_the_text_of_the_file_and_the_parameters_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    prints = []
    for text, params in ((GOOD, "null"), (GOOD, "{C: 2}"), (f"{GOOD}\n", "null"), (GOOD, "null")):
        file.write_text(text, encoding="utf-8")
        words = ["model=sklearn", f"model.build={file}:build_logistic", f"model.params={params}"]
        prints.append(settings.fingerprint(compose("train", words)))
    assert len(set(prints)) == 3
    assert prints[0] == prints[3]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "model.build=my_model.py:build"),
        (("model.build=absent.py:build",), "no such file"),
        (("model.build='~nosuchuser/a.py:build'",), "~nosuchuser.*home folder"),
        (("model.build=my_model.py",), "my_model.py:build"),
    ],
)
def test_a_build_function_that_cannot_be_found_is_refused(words: tuple[str, ...], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        compose("train", ["model=sklearn", *words])


def test_a_run_predicts_and_is_reproduced_without_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(GOOD, encoding="utf-8")
    words = ("model=sklearn", f"model.build={file}:build_logistic", "window=january")
    run = train(tmp_path, "own", *words)
    file.unlink()
    bundle = read_bundle(run)
    assert bundle.model.kind == "sklearn"
    X = pd.DataFrame(np.random.default_rng(0).normal(10, 5, (20, 10)), columns=bundle.model.names)
    assert np.ptp(bundle.predict_probability(Rows(X))) > 0.01
    again = call("reproduce", run)
    assert again.code == 0, again.err + again.out
