"""The removal of control characters from text of users or their data, before it is printed, logged or drawn.

A terminal executes them: an escape sequence in a player's name can clear the screen or rename the window, and a
bidirectional override changes the order of the shown text.
"""

from __future__ import annotations

import logging
import re

from breakout.secrets import mask_secrets

# C0 (without tab and newline), DEL, C1, line and paragraph separators, bidirectional embeddings, overrides, isolates.
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def strip_control_characters(text: str) -> str:
    """Return `text` without control characters; bytes of a file name that are not UTF-8 become U+FFFD.

    Tabs and newlines stay.
    """
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", CONTROL_CHARACTERS.sub("", text))


def printable(text: str) -> str:
    """Return text that is safe to show or log: without control characters, with the secrets in addresses masked."""
    return mask_secrets(strip_control_characters(text))


class PrintableFormatter(logging.Formatter):
    """A log formatter whose lines are safe to show in a terminal: no control characters, no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))
