"""Fixtures: an MLflow server on loopback, in its own environment and process, and a run to register."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.report.conftest import command, newest

ROOT = Path(__file__).parents[2]
# `make mlflow-server` builds this environment, or that of the variable MLFLOW_SERVER.
MLFLOW = Path(os.environ.get("MLFLOW_SERVER", ROOT / ".venv-mlflow")).absolute() / "bin" / "mlflow"
QUICK = (
    "debug=tiny",
    "evaluation.permutation_repeats=0",
    "evaluation.shap_rows=0",
    "write_report=false",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the MLflow server ended at once"
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):  # noqa: S310  (our own server)
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail("the MLflow server does not answer")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start an empty server that stores artifacts itself, and yield its address."""
    if not MLFLOW.exists():
        pytest.fail(f"the MLflow server is not installed at {MLFLOW}; run: make mlflow-server")
    place = tmp_path_factory.mktemp("mlflow_server")
    url = f"http://127.0.0.1:{free_port()}"
    words = ["server", "--host", "127.0.0.1", "--port", url.rpartition(":")[2], "--workers", "1"]
    words += [
        "--backend-store-uri",
        f"sqlite:///{place / 'mlflow.db'}",
        "--artifacts-destination",
        str(place / "files"),
    ]
    environment = os.environ | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # saves eight processes for jobs that no test submits
        "PATH": f"{MLFLOW.parent}:{os.environ['PATH']}",
    }
    with (place / "log").open("wb") as log:
        running = subprocess.Popen(
            [MLFLOW, *words], cwd=place, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_it_answers(url, running)
            yield url
        finally:
            running.terminate()
            try:
                running.wait(timeout=20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small completed run to register."""
    outputs = tmp_path_factory.mktemp("to_register")
    command("train", f"paths.outputs={outputs}", "name=small", "hypothesis='Is it told?'", "tags=[one,two]", *QUICK)
    return newest(outputs, "small")
