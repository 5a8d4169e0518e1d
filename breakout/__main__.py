"""The entry point of `python -m breakout` and of the console script `breakout`."""

import sys

from breakout.cli import main


def run() -> int:
    """Run the command line with the arguments of this process and return its exit code."""
    return main()


if __name__ == "__main__":
    sys.exit(run())
