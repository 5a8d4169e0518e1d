"""Starts the BigQuery emulator on free loopback ports and prints `http://127.0.0.1:PORT` once it answers.

Run by the emulator's own Python (`make emulator` builds it), optionally with a port. It ends when its standard input
closes, so that no server outlives the program that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

PROJECT = "breakout-emulator"


async def serve(port: int) -> None:
    from bqemulator.api.routes import upload
    from bqemulator.config import Settings
    from bqemulator.server import EmulatorServer
    from bqemulator.storage.engine import DuckDBEngine

    # At start it would download DuckDB's maps and Avro, which nothing here needs; and it refuses the client's `*/*`.
    DuckDBEngine._load_spatial = DuckDBEngine._load_format_extensions = lambda _: None
    upload._PERMITTED_MEDIA_CONTENT_TYPES += ("*/*",)
    server = EmulatorServer(
        Settings(rest_port=port, grpc_port=0, default_project_id=PROJECT, log_level="error", query_cache_ttl_seconds=0)
    )
    await server.start()
    print(f"http://127.0.0.1:{server.rest_port}", file=sys.__stdout__, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):  # the emulator logs to standard output, which is for the address
        asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
