"""`python -m breakout`: the same as the console script `breakout`."""

import sys

from breakout.cli import main

if __name__ == "__main__":
    sys.exit(main())
