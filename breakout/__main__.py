"""`python -m breakout` and the console script `breakout`: the command line in a process of its own."""

import atexit
import gc
import sys

from breakout.cli import main


def run() -> int:
    """Run the command line; at the end the collector does not look once more through all that was imported."""
    atexit.register(gc.freeze)
    return main()


if __name__ == "__main__":
    sys.exit(run())
