"""Fixtures: one BigQuery with the sample for each test worker, and a server in front of it that can inject faults."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from google.cloud import bigquery

from breakout import settings
from breakout.settings.composition import compose
from tests.bigquery.emulator import PROJECT, PYTHON, load_sample, open_emulator, running_emulator
from tests.bigquery.fault_server import FaultServer, fault_server
from tests.bigquery.project import live_project

BigQueryConfig = settings.BigQueryWarehouseConfig
ConfigMaker = Callable[..., BigQueryConfig]


LIVE = os.environ.get("BREAKOUT_LIVE_PROJECT", "")
PLACES = [
    "emulator",
    pytest.param(
        "project",
        marks=[
            pytest.mark.bigquery_live,
            pytest.mark.skipif(not LIVE, reason="set BREAKOUT_LIVE_PROJECT to a Google Cloud project to run this"),
        ],
    ),
]


@pytest.fixture(scope="session", params=PLACES)
def service(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the address of a BigQuery with the whole sample in `nba_analytics`: the emulator, or a real project."""
    if request.param == "project":
        with live_project(LIVE) as url:
            yield url
        return
    if not PYTHON.exists():
        pytest.fail(f"the BigQuery emulator is not installed at {PYTHON}; run: make emulator")
    with running_emulator() as (url, _):
        client = open_emulator(url)
        load_sample(client)
        client.close()  # type: ignore[no-untyped-call]
        yield url


@pytest.fixture
def client(service: str) -> Iterator[bigquery.Client]:
    """Yield a client of BigQuery's own library for preparing and reading tables; it needs partition filters too."""
    with fault_server(service) as strict:
        opened = open_emulator(strict.url)
        yield opened
        opened.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def server(service: str) -> Iterator[FaultServer]:
    """Yield a server in front of the service, which forwards every request until a test adds faults."""
    with fault_server(service) as running:
        yield running


@pytest.fixture(scope="session")
def composed() -> dict[str, Any]:
    """Return the settings of the default experiment with BigQuery; Hydra needs 0.3 s to compose them."""
    return settings.to_mapping(compose("train", ["warehouse=bigquery"]))


@pytest.fixture
def config(server: FaultServer, composed: dict[str, Any]) -> ConfigMaker:
    """Return a function that makes a warehouse configuration for the fault server from overrides."""

    def make(*words: str, endpoint: str | None = None) -> BigQueryConfig:
        known = {"api_endpoint": endpoint or server.url, "project": PROJECT}
        known |= {name: f"nba_analytics.{name}" for name in ("schedule", "availability")}
        pairs = (word.removeprefix("warehouse.").partition("=") for word in words)
        chosen = {key: yaml.safe_load(value) for key, _, value in pairs}
        mapping = composed | {"warehouse": composed["warehouse"] | known | chosen}
        warehouse = settings.load(settings.ExperimentConfig, mapping).warehouse
        assert isinstance(warehouse, settings.BigQueryWarehouseConfig)
        return warehouse

    return make
