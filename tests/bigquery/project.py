"""A loopback server that lets the tests run against a real Google Cloud project instead of the emulator.

It adds a random prefix to the name of every dataset, so that no test can touch the user's own datasets. These datasets
are removed at the end. The server authorizes requests with application default credentials.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import google.auth
import requests
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery

from tests.bigquery.emulator import PROJECT, load_sample
from tests.bigquery.fault_server import Answer, Forward, Reply, Request, fault_server

SERVICE = "https://bigquery.googleapis.com"
# All datasets that tests name.
DATASETS = (
    *("changing", "nba_analytics", "nba_predictions", "old", "otherwise", "plain", "replaced", "slates", "spoiled"),
    "viewed",
)
_NAMES = "|".join(DATASETS)
_IN_SQL = re.compile(rf"\b({_NAMES})(?=\.[a-z])")
_AS_ID = re.compile(rf'("datasetId": ?"|/datasets/)({_NAMES})\b')


@dataclass(frozen=True)
class Translation:
    """The replacement of the project and the datasets in tests by those of the real project, and back."""

    project: str
    prefix: str

    def outward(self, text: str) -> str:
        text = _AS_ID.sub(rf"\g<1>{self.prefix}\g<2>", _IN_SQL.sub(rf"{self.prefix}\g<1>", text))
        return text.replace(PROJECT, self.project)

    def inward(self, text: str) -> str:
        return text.replace(self.prefix, "").replace(self.project, PROJECT)


def translated(names: Translation, session: requests.Session, service: str) -> Forward:
    """Return a function that forwards requests to the service.

    It translates names outward in requests and inward in responses.
    """

    def forward(method: str, path: str, content: bytes, headers: dict[str, str]) -> Reply:
        dataset = re.search(r"/datasets/(\w+)", path)
        if dataset and dataset.group(1) not in DATASETS:
            raise ValueError(f"no test may touch the dataset {dataset.group(1)}; add it to DATASETS")
        kept = {key: value for key, value in headers.items() if key.lower() != "content-length"}
        body = names.outward(content.decode()).encode()
        answer = session.request(method, service + names.outward(path), data=body, headers=kept, timeout=60)
        return Reply(answer.status_code, answer.headers.get("Content-Type"), names.inward(answer.text).encode())

    return forward


def only_project(request: Request) -> Answer | None:
    """Answer the request for the list of projects with one project; a user may have several."""
    is_asked = request.path.split("?")[0].endswith("/projects")
    return Answer(200, {"projects": [{"id": PROJECT}]}) if is_asked else None


@contextmanager
def live_project(project: str) -> Iterator[str]:
    """Load the sample into the project, yield the address of the loopback server, and remove all datasets."""
    names = Translation(project, f"breakout_live_{uuid.uuid4().hex[:8]}_")
    credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/bigquery"])
    client = bigquery.Client(project, credentials=credentials)
    try:
        load_sample(client, f"{names.prefix}nba_analytics")
        with fault_server(translated(names, AuthorizedSession(credentials), SERVICE)) as server:  # type: ignore[no-untyped-call]
            server.faults.append(only_project)
            yield server.url
    finally:
        for dataset in DATASETS:
            with suppress(Exception):
                client.delete_dataset(f"{names.prefix}{dataset}", delete_contents=True, not_found_ok=True)
        client.close()  # type: ignore[no-untyped-call]
