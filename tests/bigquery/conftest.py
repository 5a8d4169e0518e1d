"""One emulator a test session (a worker), the sample in it, and a server in front of it that can fail as told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from google.cloud import bigquery

from breakout import settings
from breakout.settings.composition import compose
from tests.bigquery.emulator import PROJECT, PYTHON, load_sample, open_emulator, running_emulator
from tests.bigquery.fault_server import FaultServer, fault_server

BigQueryConfig = settings.BigQueryWarehouse
ConfigMaker = Callable[..., BigQueryConfig]


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """The address of an emulator that holds the whole sample in `nba_analytics`."""
    if not PYTHON.exists():
        pytest.fail(f"the BigQuery emulator is not installed at {PYTHON}; run: make emulator")
    with running_emulator() as (url, _):
        client = open_emulator(url)
        load_sample(client)
        client.close()  # type: ignore[no-untyped-call]
        yield url


@pytest.fixture
def client(emulator: str) -> Iterator[bigquery.Client]:
    """A plain client of the emulator, to prepare and to look."""
    opened = open_emulator(emulator)
    yield opened
    opened.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def server(emulator: str) -> Iterator[FaultServer]:
    """A server in front of the emulator, passing everything on until a test adds faults."""
    with fault_server(emulator) as running:
        yield running


@pytest.fixture(scope="session")
def composed() -> dict[str, Any]:
    """The default experiment over BigQuery, composed once: Hydra takes a third of a second each time."""
    return settings.to_mapping(compose("train", ["warehouse=bigquery"]))


@pytest.fixture
def config(server: FaultServer, composed: dict[str, Any]) -> ConfigMaker:
    """A warehouse configuration of these words (warehouse.key=value), behind the fault server."""

    def make(*words: str, endpoint: str | None = None) -> BigQueryConfig:
        known = {"api_endpoint": endpoint or server.url, "project": PROJECT, "schedule": "nba_analytics.schedule"}
        pairs = (word.removeprefix("warehouse.").partition("=") for word in words)
        chosen = {key: yaml.safe_load(value) for key, _, value in pairs}
        mapping = composed | {"warehouse": composed["warehouse"] | known | chosen}
        warehouse = settings.load(settings.ExperimentConfig, mapping).warehouse
        assert isinstance(warehouse, settings.BigQueryWarehouse)
        return warehouse

    return make
