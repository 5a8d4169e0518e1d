"""An HTTP server between the client and the emulator that counts, refuses, delays or breaks off requests.

It is also as strict as production where the emulator is not. It refuses SQL texts that the real BigQuery refuses, and
queries that read a `strict` table without a filter by game_date.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.bigquery.dialect import refusals, unfiltered_tables


@dataclass(frozen=True)
class Request:
    """A request of the client."""

    method: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def job(self) -> dict[str, Any]:
        """The configuration of the query job that the request starts; empty if it starts none."""
        return self.body.get("configuration", {}) if self.path.split("?")[0].endswith("/jobs") else {}

    @property
    def sql(self) -> str:
        """The SQL text of the query job that the request starts; empty if it starts none."""
        return str(self.job.get("query", {}).get("query", ""))

    @property
    def is_extract(self) -> bool:
        """Whether the request starts a feature query."""
        return self.sql.startswith("WITH player_games")


@dataclass(frozen=True)
class Answer:
    """The status and the JSON of a response; CUT closes the connection without a response."""

    status: int
    body: dict[str, Any] | None

    @classmethod
    def error(cls, status: int, reason: str, message: str) -> Answer:
        """Return an error response in the format of the real service."""
        listed = [{"message": message, "domain": "global", "reason": reason}]
        return cls(status, {"error": {"code": status, "message": message, "errors": listed}})


CUT = Answer(0, None)
Fault = Callable[[Request], Answer | None]


@dataclass
class FaultServer:
    """The address of the server, the requests so far, and the faults that may answer a request in its place."""

    upstream: str
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    strict: set[str] = field(default_factory=lambda: {"player_game_summary", "team_offense_game_summary", "schedule"})

    @property
    def queries(self) -> list[Request]:
        """The requests so far that started query jobs, without dry runs."""
        return [request for request in self.requests if request.sql and not request.job.get("dryRun")]

    @property
    def extracts(self) -> list[Request]:
        """The requests so far that started feature queries."""
        return [request for request in self.queries if request.is_extract]

    def answer(self, request: Request) -> Answer | None:
        """Return the answer of the first fault that has one, or a refusal of the SQL text; None to forward it."""
        self.requests.append(request)
        for fault in self.faults:
            answer = fault(request)
            if answer is not None:
                return answer
        return self.refusal(request.sql) if request.sql else None

    def refusal(self, sql: str) -> Answer | None:
        """Return production's refusal of a text that the emulator accepts; None if production accepts it too."""
        if not sql.startswith("CREATE") and refusals(sql):
            return Answer.error(400, "invalidQuery", f"Syntax error: {'; '.join(refusals(sql))}")
        unfiltered = [name for name in unfiltered_tables(sql) if name.strip("`").split(".")[-1] in self.strict]
        if unfiltered:
            message = (
                f"Cannot query over table '{unfiltered[0]}' without a filter over column(s) 'game_date' "
                "that can be used for partition elimination"
            )
            return Answer.error(400, "invalidQuery", message)
        return None


def always(answer: Answer, when: Callable[[Request], bool] = lambda request: bool(request.sql)) -> Fault:
    """Return a fault that answers each matching request; by default each one that starts a query."""
    return lambda request: answer if when(request) else None


def times(count: int, answer: Answer, when: Callable[[Request], bool] = lambda request: bool(request.sql)) -> Fault:
    """Return a fault that answers the first `count` matching requests; by default those that start a query."""
    left = iter(range(count))
    return lambda request: answer if when(request) and next(left, None) is not None else None


@dataclass(frozen=True)
class Reply:
    """The response of the server behind this one."""

    status: int
    kind: str | None
    content: bytes


Forward = Callable[[str, str, bytes, dict[str, str]], Reply]


def to_address(upstream: str) -> Forward:
    """Return a function that forwards requests unchanged to an address."""
    address = urlsplit(upstream)

    def forward(method: str, path: str, content: bytes, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=300)
        try:
            connection.request(method, path, content, headers)
            reply = connection.getresponse()
            return Reply(reply.status, reply.getheader("Content-Type"), reply.read())
        finally:
            connection.close()

    return forward


class PatientServer(ThreadingHTTPServer):
    """An HTTP server that does not report connections broken by the client, because tests break them on purpose."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def fault_server(upstream: str | Forward) -> Iterator[FaultServer]:
    """Start a server on a free loopback port in front of `upstream`, an address or a forwarding function."""
    forward = to_address(upstream) if isinstance(upstream, str) else upstream
    state = FaultServer(upstream if isinstance(upstream, str) else "")

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def relay(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            is_json = "json" in (self.headers.get("Content-Type") or "")
            body = json.loads(content) if content and is_json else {}
            request = Request(self.command, self.path, body, dict(self.headers.items()))
            answer = state.answer(request)
            if answer is CUT:
                self.close_connection = True
            elif answer is not None:
                self.send(answer.status, "application/json", json.dumps(answer.body).encode())
            else:
                self.pass_on(content)

        def pass_on(self, content: bytes) -> None:
            headers = {
                key: value for key, value in self.headers.items() if key.lower() not in {"host", "accept-encoding"}
            }
            try:
                reply = forward(self.command, self.path, content, headers)
                self.send(reply.status, reply.kind or "application/json", reply.content)
            except OSError:
                self.close_connection = True  # the emulator has ended; the client sees a broken connection

        def send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = relay  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Log nothing."""

    server = PatientServer(("127.0.0.1", 0), Relay)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
