"""`python -m breakout` and the console script `breakout`: the command line in a process of its own."""

import atexit
import gc
import sys

from breakout.cli import main


def run() -> int:
    """Run the command line with a collector that seldom looks through what was imported, and at the end not at all."""
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    return main()


if __name__ == "__main__":
    sys.exit(run())
