"""The loopback server for a real project, which keeps tests away from the user's datasets."""

from __future__ import annotations

import pytest
import requests

from tests.bigquery.emulator import PROJECT, open_emulator, run, running_emulator
from tests.bigquery.fault_server import fault_server
from tests.bigquery.project import Translation, translated

pytestmark = pytest.mark.bigquery


def test_every_dataset_is_another_one_behind_the_stand_in() -> None:
    names = Translation(PROJECT, "own_")
    with running_emulator() as (url, _), fault_server(translated(names, requests.Session(), url)) as between:
        behind, client = open_emulator(url), open_emulator(between.url)
        client.create_dataset("old")
        run(client, "CREATE TABLE old.p AS SELECT 1 AS points")
        run(client, f"INSERT INTO `{PROJECT}.old.p` VALUES (2)")
        assert client.get_table("old.p").dataset_id == "old"
        assert len(run(client, "SELECT points FROM old.p")) == 2
        assert [dataset.dataset_id for dataset in behind.list_datasets()] == ["own_old"]
        assert len(run(behind, "SELECT points FROM own_old.p")) == 2


def test_only_names_of_datasets_are_replaced() -> None:
    names = Translation("my-project-1", "own_")
    body = '{"query": "SELECT \'old\' FROM `breakout-emulator.old.p` WHERE plain > 1", "datasetId": "plain"}'
    sent = names.outward(body)
    assert sent == '{"query": "SELECT \'old\' FROM `my-project-1.own_old.p` WHERE plain > 1", "datasetId": "own_plain"}'
    assert names.inward(sent) == body
