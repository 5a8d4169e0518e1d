"""A launcher that gives a program the default handling of signals: `python interruptible.py PROGRAM ARGUMENTS...`.

A process that a shell starts in the background ignores SIGINT, and its children inherit that. A test that interrupts a
child process starts it through this launcher, so that the test also passes in the background. The program replaces the
launcher and keeps its process id.
"""

from __future__ import annotations

import os
import signal
import sys

if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606  (replaces this process on purpose)
