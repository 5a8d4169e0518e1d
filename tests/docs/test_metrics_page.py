"""Tests that docs/metrics.md describes every key and type that runs write to metrics.json."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from breakout.artifacts import load_json
from breakout.cli import main
from breakout.evaluation.run_metrics import METRICS_SCHEMA_VERSION

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
SCALARS: dict[str, tuple[type, ...]] = {"int": (int,), "number": (int, float), "text": (str,), "bool": (bool,)}
QUICK = (
    "write_report=false",
    "evaluation.bootstrap_resamples=20",
    "evaluation.permutation_repeats=1",
    "evaluation.shap_rows=50",
)
RUNS = {
    "evaluated": ("debug=tiny", "calibration=sigmoid", "evaluation.seeds=2"),
    "only_trained": ("window=january", "window.eval_start=null", "window.eval_end=null", "model=logistic"),
    "walked_forward": ("window=walk_forward", "window.eval_start=2026-01-01", "model=base_rate"),
    "points": ("debug=tiny", "model=points", "prices={prices}"),
    "blended": ("debug=tiny", "model=blend", "evaluation.permutation_repeats=0", "evaluation.shap_rows=0"),
}


def tables() -> dict[str, dict[str, str]]:
    """Return the tables of the page as {section: {key: type}}."""
    found: dict[str, dict[str, str]] = {}
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title = section.partition("\n")[0].strip()
        found[title] = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", section, flags=re.MULTILINE))
    return found


SECTIONS = tables()


def departures(value: Any, told: str, place: str) -> list[str]:
    """Return a sentence for each part of `value` that differs from the type `told` on the page.

    `place` names the value in the sentences.
    """
    if told.endswith(" or null"):
        inner = told.removesuffix(" or null")
        many = inner.startswith("map of ")  # of a map, the page means that a value may be null
        return [] if value is None and not many else departures(value, inner if not many else told[:-8] + "?", place)
    if told.startswith("list of ") or told == "slices":
        inner = "slice" if told == "slices" else told.removeprefix("list of ")
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [line for item in value for line in departures(item, inner, f"{place}[]")]
    if told.startswith("map of "):
        inner = told.removeprefix("map of ").replace("?", " or null")
        return [line for name, item in value.items() for line in departures(item, inner, f"{place}.<{name}>")]
    if told in SCALARS:
        fits = isinstance(value, SCALARS[told]) and (told == "bool" or not isinstance(value, bool))
        return [] if fits else [f"{place} is {value!r}, the page says {told}"]
    return _record_departures(value, SECTIONS[told], place)


def _record_departures(value: dict[str, Any], keys: dict[str, str], place: str) -> list[str]:
    known = {key.rstrip("?"): told for key, told in keys.items()}
    needed = {key for key in keys if not key.endswith("?")}
    lines = [f"{place}.{key} is not on the page" for key in value if key not in known]
    lines += [f"{place}.{key} is on the page alone" for key in needed - set(value)]
    shared = [key for key in value if key in known]
    return lines + [line for key in shared for line in departures(value[key], known[key], f"{place}.{key}")]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return metrics.json of each of RUNS, and of an evaluation of the bundle of `only_trained`, by name."""
    outputs = tmp_path_factory.mktemp("metrics")

    def run(name: str, *words: str) -> Path:
        with contextlib.redirect_stdout(io.StringIO()):
            assert main([*words, f"paths.outputs={outputs}", f"name={name}"]) == 0
        return max((outputs / "runs" / name).iterdir())

    prices = outputs / "prices.csv"
    quotes = "".join(f"2026-02-05,{name},9.5,1.9,1.9\n" for name in ("jabari smith jr.", "tristandasilva"))
    prices.write_text(f"game_date,player_lookup,line,over_price,under_price\n{quotes}", encoding="utf-8")
    folders = {
        name: run(name, "train", *QUICK, *(word.format(prices=prices) for word in words))
        for name, words in RUNS.items()
    }
    bundle = folders["only_trained"] / "bundle"
    folders["scored"] = run("scored", "evaluate", f"bundle={bundle}", *QUICK[1:])
    return {name: load_json(folder / "metrics.json") for name, folder in folders.items()}


@pytest.mark.parametrize("name", [*RUNS, "scored"])
def test_the_page_tells_of_every_key_that_a_run_writes_and_of_no_other(name: str, written: dict[str, Any]) -> None:
    assert departures(written[name], "File", name) == []


def test_every_key_that_may_be_absent_is_written_by_some_run(written: dict[str, Any]) -> None:
    models = [metrics["model"] for metrics in written.values()]
    seen = {*(key for metrics in written.values() for key in metrics), *(key for model in models for key in model)}
    optional = {key.rstrip("?") for part in ("File", "model") for key in SECTIONS[part] if key.endswith("?")}
    assert optional <= seen


def test_the_page_names_the_version_that_is_written(written: dict[str, Any]) -> None:
    assert f"schema version {METRICS_SCHEMA_VERSION}" in PAGE.read_text(encoding="utf-8").partition("\n")[0]
    assert {metrics["schema_version"] for metrics in written.values()} == {METRICS_SCHEMA_VERSION}
