"""The download of a season, from a local server that answers as the league's service does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from breakout.box_scores.table_writing import PLAYERS
from tests.box_scores.test_import import content, game, rows
from tests.commands import Answer, call

pytest.importorskip("nba_api")


def result_set(found: list[dict[str, Any]]) -> bytes:
    headers = list(found[0] if found else game()[0][1])  # an empty answer of the service has all headers too
    named = {"name": "LeagueGameLog", "headers": headers, "rowSet": [list(row.values()) for row in found]}
    return json.dumps({"resource": "leaguegamelog", "resultSets": [named]}).encode()


@dataclass
class Service:
    """The state of the server: it answers with the box scores of `sides` and with an empty schedule.

    The first requests get the status codes `failures`, in which 200 is a success. Each answer waits `delay` seconds.
    `asked` are the paths of the requests so far.
    """

    sides: list[Any] = field(default_factory=game)
    failures: list[int] = field(default_factory=list)
    delay: float = 0.0
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def answer(self, endpoint: str, query: dict[str, list[str]]) -> bytes:
        if endpoint == "scheduleleaguev2":
            return json.dumps({"leagueSchedule": {"gameDates": []}}).encode()
        if query["SeasonType"] != ["Regular Season"]:
            return result_set([])
        if query["PlayerOrTeam"] == ["P"]:
            return result_set([row for players, _ in self.sides for row in players])
        return result_set([team for _, team in self.sides])


@pytest.fixture
def service() -> Iterator[Service]:
    served = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            served.asked.append(self.path)
            time.sleep(served.delay)
            code = served.failures.pop(0) if served.failures else 200
            body = served.answer(parts.path.strip("/"), parse_qs(parts.query)) if code == 200 else b""
            try:
                self.send_response(code)
                if code == 429:
                    self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except BrokenPipeError:
                pass  # the client gave up before the answer was sent

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()


def download(service: Service, to: Path, *overrides: str) -> Answer:
    url = f"download.url='http://127.0.0.1:{service.port}/{{endpoint}}'"
    quick = ("download.pause_seconds=0.01", "download.attempts=3", "download.timeout_seconds=5")
    return call("import", "nba_api", "season=2024-25", f"to={to}", url, *quick, *overrides)


def test_a_downloaded_season_is_imported_and_its_answers_are_removed(service: Service, tmp_path: Path) -> None:
    answer = download(service, tmp_path)
    assert answer.code == 0, answer.err
    assert len(rows(tmp_path, PLAYERS)) == 10
    assert not (tmp_path / "download").exists()
    before = content(tmp_path)
    assert download(service, tmp_path).code == 0
    assert content(tmp_path) == before


def test_failures_that_pass_are_repeated(service: Service, tmp_path: Path) -> None:
    service.failures = [429, 503]
    answer = download(service, tmp_path)
    assert answer.code == 0, answer.err
    assert len(service.asked) == 9 + 2


def test_a_service_that_stays_down_is_named_and_the_next_call_resumes(service: Service, tmp_path: Path) -> None:
    service.failures = [200, 500, 500, 500]
    answer = download(service, tmp_path)
    assert answer.code == 3
    assert f"127.0.0.1:{service.port}" in answer.err
    asked = len(service.asked)
    assert download(service, tmp_path).code == 0
    assert len(service.asked) - asked == 8  # all requests but the schedule, whose answer was kept
    assert len(rows(tmp_path, PLAYERS)) == 10


def test_an_answer_that_is_too_slow_is_given_up(service: Service, tmp_path: Path) -> None:
    service.delay = 1.0
    answer = download(service, tmp_path, "download.timeout_seconds=0.2", "download.attempts=1")
    assert answer.code == 3
    assert "did not answer" in answer.err


def test_a_season_without_games_is_refused(service: Service, tmp_path: Path) -> None:
    service.sides = []
    answer = download(service, tmp_path)
    assert answer.code == 3
    assert "2024-25" in answer.err


def test_half_a_game_is_left_out_and_named(service: Service, tmp_path: Path) -> None:
    service.sides = [*game(61), game(62, "2024-10-23")[0]]
    answer = download(service, tmp_path)
    assert answer.code == 0, answer.err
    assert len(rows(tmp_path, PLAYERS)) == 10
    assert "20241023_NYK_BOS" in answer.out
