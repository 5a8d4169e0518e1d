"""The server from which workers are forked, begun before anything else: it imports what jobs need while others plan.

Nothing goes in or comes out; it ends with the last process that knows it.
"""

from __future__ import annotations

import multiprocessing
import signal
import threading
from multiprocessing import forkserver

CONTEXT = multiprocessing.get_context("forkserver")


def warm_up() -> None:
    """Let the server begin its imports; it inherits that Ctrl-C is for the planning process alone."""
    CONTEXT.set_forkserver_preload(["breakout.sweeps.preload"])
    if threading.current_thread() is not threading.main_thread():
        forkserver.ensure_running()
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, previous)
