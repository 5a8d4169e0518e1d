"""Secrets in addresses are masked where text is printed or saved, and no cell of a CSV file is a formula."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from breakout import settings
from breakout.errors import ConfigurationError
from breakout.leaderboard_files import Leaderboard, MissingJob
from breakout.safe_text import escape_formula, format_csv, has_mask, mask_parts, mask_secrets
from breakout.settings.composition import compose
from breakout.sweeps.leaderboard_csv import to_csv


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("http://user:pw@host:50/x", "http://user:***@host:50/x"),
        ("http://token@host", "http://***@host"),
        ("http://:pw@host", "http://:***@host"),
        ("http://u:p@w@host/p", "http://u:***@host/p"),
        ("http://u:p/w@host", "http://u:***@host"),
        ("postgresql://u:p'w@h/db?x=1&password=zz", "postgresql://u:***@h/db?x=1&password=***"),
        ("see https://h/x?token=abc&y=2.", "see https://h/x?token=***&y=2."),
        ("http://u:p@h and http://z:q@k", "http://u:***@h and http://z:***@k"),
        ("http://u:literal@${oc.env:HOST}", "http://u:***@${oc.env:HOST}"),
        ('${oc.env:URI,"http://u:literal@host"}', '${oc.env:URI,"http://u:***@host"}'),
        ("${oc.env:URI,http://host?token=literal}", "${oc.env:URI,http://host?token=***}"),
        ("http://u:${oc.env:PASSWORD,literal}@host", "http://u:${oc.env:PASSWORD,***}@host"),
        ("http://${oc.decode:${oc.env:TOKEN,'a b'}}@host", "http://${oc.decode:${oc.env:TOKEN,***}}@host"),
        ("http://h?token=${oc.env:TOKEN,literal}", "http://h?token=${oc.env:TOKEN,***}"),
    ],
)
def test_a_secret_in_an_address_is_masked(text: str, masked: str) -> None:
    assert mask_secrets(text) == masked
    assert mask_secrets(masked) == masked
    assert has_mask(masked)


@pytest.mark.parametrize(
    "text",
    [
        "http://host:80/a@b",
        "file:///home/me@here/conf",
        "gs://bucket/a@b",
        "http://host?mail=a@b",
        "me@host",
        "http://${oc.env:USER}:${oc.env:PASSWORD}@host",
        "http://u:${oc.decode:${oc.env:PASSWORD}}@host?token=${oc.env:TOKEN}&page=${oc.env:PAGE,one}",
    ],
)
def test_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert mask_secrets(text) == text
    assert not has_mask(text)


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), min_size=1))
def test_no_password_survives_in_an_address(password: str) -> None:
    secret = f"Zz{password}zZ"
    assert secret not in mask_secrets(f"tracking.uri=https://user:{secret}@host/path")


def test_parts_of_a_password_are_masked_in_the_error_of_a_library() -> None:
    told = mask_parts("Port could not be cast to integer value as 's3cr'", "http://user:s3cr#et@host")
    assert "s3cr" not in told


def test_a_value_from_the_environment_is_saved_as_written_and_resolved_when_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEPTH", "3")
    monkeypatch.setenv("PASSWORD", "s3cret")
    words = [
        "model.depth='${oc.decode:${oc.env:DEPTH}}'",
        "name=d${model.depth}",
        "tags=[x,'${oc.env:NOT_SET,none}']",
        "hypothesis='from ${oc.env:PASSWORD} on'",
        "tracking=mlflow",
        "tracking.uri='http://u:${oc.env:PASSWORD}@host'",
        "seed='${model.depth}'",
    ]
    config = compose("train", words)
    assert isinstance(config, settings.ExperimentConfig)
    assert (config.model.depth, config.name, config.tags) == (3, "d3", ("x", "none"))  # type: ignore[union-attr]
    assert isinstance(config.tracking, settings.MLflowTrackingConfig)
    assert config.tracking.uri == "http://u:s3cret@host"
    text = settings.to_yaml(config)
    assert "s3cret" not in text
    saved = yaml.safe_load(text)
    assert saved["name"] == "d${model.depth}"
    assert saved["tags"] == ["x", "${oc.env:NOT_SET,none}"]
    assert settings.load(settings.ExperimentConfig, saved) == config
    assert settings.to_yaml(settings.load(settings.ExperimentConfig, saved)) == text
    monkeypatch.setenv("DEPTH", "4")
    assert settings.load(settings.ExperimentConfig, saved).seed == 4


def test_a_variable_that_is_not_set_is_named_unless_the_reader_is_lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t")
    saved = yaml.safe_load(settings.to_yaml(compose("train", ["hypothesis=${oc.env:TOKEN}"])))
    monkeypatch.delenv("TOKEN")
    with pytest.raises(ConfigurationError, match="TOKEN"):
        settings.load(settings.ExperimentConfig, saved)
    assert settings.load(settings.ExperimentConfig, saved, is_lenient=True).hypothesis == "${oc.env:TOKEN}"
    with pytest.raises(ConfigurationError, match="TOKEN"):
        compose("train", ["hypothesis=${oc.env:TOKEN}"])


def test_text_that_looks_like_a_reference_but_is_none_is_loaded_as_it_was() -> None:
    config = compose("train", [r"hypothesis='\${oc.env:NOT_MEANT}'"])
    assert isinstance(config, settings.ExperimentConfig)
    assert config.hypothesis == "${oc.env:NOT_MEANT}"
    assert settings.load(settings.ExperimentConfig, yaml.safe_load(settings.to_yaml(config))) == config


def test_references_change_no_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPTH", "3")
    written = compose("train", ["model.depth='${oc.decode:${oc.env:DEPTH}}'"])
    assert settings.fingerprint(written) == settings.fingerprint(compose("train", ["model.depth=3"]))


FORMULAS = ["=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_as_a_formula_does_so_no_more(text: str) -> None:
    assert escape_formula(text) == f"'{text}"
    assert escape_formula(f"\r\x1b{text}") == f"'{text}", "a carriage return alone begins a new line of the file"


@pytest.mark.parametrize("value", ["Jokić", "a=b", "", "model.depth=3", -1.5, 3, None, True])
def test_other_values_stay(value: object) -> None:
    assert escape_formula(value) == value


def test_a_table_keeps_its_numbers_and_dates_and_loses_its_formulas() -> None:
    frame = pd.DataFrame({"name": [*FORMULAS, "Jokić", None], "points": -1.5, "day": pd.Timestamp("2026-01-02")})
    rows = list(csv.DictReader(io.StringIO(format_csv(frame))))
    assert [row["name"] for row in rows] == [*(f"'{text}" for text in FORMULAS), "Jokić", ""]
    assert {row["points"] for row in rows} == {"-1.5"}
    assert {row["day"] for row in rows} == {"2026-01-02"}


def test_a_table_without_formulas_is_written_as_pandas_writes_it() -> None:
    frame = pd.DataFrame(
        {"name": ["a", None], "count": [1, 2], "is_home": [True, False], "day": pd.Timestamp("2026-01-02").date()}
    )
    assert format_csv(frame) == frame.to_csv(index=False)


def test_no_cell_of_a_leaderboard_begins_as_a_formula() -> None:
    missing = MissingJob(
        job=0, varying="+x=1", label="", state="failed", reason="-2 is too small", run="=run", command="@SUM(1)"
    )
    board = Leaderboard(
        sweep="s",
        folder="f",
        optimized_metric="log_loss",
        higher_is_better=False,
        jobs=1,
        completed=0,
        fit_seconds=0.0,
        tables=(),
        variants=(),
        seeds=(),
        not_completed=(missing,),
        resume_command="",
    )
    (row,) = csv.DictReader(io.StringIO(to_csv(board)))
    assert [row[name] for name in ("settings", "reason", "run", "command")] == [
        "'+x=1",
        "'-2 is too small",
        "'=run",
        "'@SUM(1)",
    ]
