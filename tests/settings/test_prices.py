"""Tests of the group `prices`: the short form prices=FILE, keys that contradict each other, and the fingerprint."""

from __future__ import annotations

import pytest

from breakout import settings
from breakout.errors import ConfigurationError
from breakout.settings.composition import compose


@pytest.mark.parametrize("given", ["prices=quotes.csv", "prices.file=quotes.csv"])
def test_a_file_has_a_short_form(given: str) -> None:
    config = compose("backtest", [given])
    assert isinstance(config, settings.BacktestConfig)
    assert config.prices.file == "quotes.csv"
    assert config.prices.is_given


def test_the_option_of_the_group_is_no_file() -> None:
    config = compose("backtest", ["prices=default"])
    assert isinstance(config, settings.BacktestConfig)
    assert not config.prices.is_given


def test_prices_change_no_fingerprint_of_a_run(default_experiment: settings.ExperimentConfig) -> None:
    priced = compose("train", ["prices=quotes.csv", "prices.margin=shin"])
    assert settings.fingerprint(priced) == settings.fingerprint(default_experiment)


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (("prices=a.csv", "prices.table=d.t", "warehouse=bigquery"), "are both given"),
        (("prices.table=d.t",), "add warehouse=bigquery"),
        (("prices.table=t;drop", "warehouse=bigquery"), "prices.table"),
        (("prices.kelly=0",), "prices.kelly must be a number > 0"),
        (("prices.max_stake=1.5",), "prices.max_stake must be a number"),
    ],
)
def test_contradictions_are_refused(overrides: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        compose("train", list(overrides))
