"""Functions that make text from users and their data safe for terminals, logs, files and spreadsheets.

Terminals execute control characters: an escape sequence in a player's name can clear the screen. Spreadsheets read a
cell that begins with = + - @ as a formula. Addresses (URLs) may contain passwords and tokens.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

MASK = "***"

# The beginning of an address scheme://user:password@host, up to the last @. The password itself may contain an @.
_USER_INFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<user>[^\s:/?#@'\"<>]*)(?P<password>:?\S*)@")
_NAMES = "password|passwd|pwd|pass|secret|token|api[-_]?key|key|sig|signature|auth|authorization|credentials?"
_QUERY = re.compile(rf"(?P<name>[?&;](?:[\w.-]*[-_.])?(?:{_NAMES})=)(?P<value>[^\s&;'\"<>#]+)", re.IGNORECASE)
# In http://host:80/a@b and http://host?mail=a@b the @ is part of the path or the query. `_USER_INFO` matches these
# addresses too, but then its group `password` begins with this pattern.
_PORT_AND_PATH = re.compile(r"(:\d+)?[/?#]")
# References such as `${oc.env:NAME}` contain no secret, so they must not be masked. During masking each reference is
# replaced by a placeholder: a number between the private-use characters U+E000 and U+E001.
_REFERENCE = re.compile(r"\$\{[^{}]*\}")
_DEFAULT = re.compile(r"(\$\{oc\.env:[^,{}]*,).*\}")
_HIDDEN = re.compile("\ue000(\\d+)\ue001")

# The control characters of C0 (without tab and newline), DEL and C1, the line and paragraph separators, and the
# bidirectional embeddings, overrides and isolates of Unicode.
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

FORMULA_STARTS = ("=", "+", "-", "@", "\t")


def mask_secrets(text: str) -> str:
    """Return a text in which `***` replaces the secrets in addresses (URLs).

    Secrets are passwords, tokens before an @, and query parameters with a name such as `token` or `key`. A reference
    such as `${oc.env:NAME}` is kept, because it contains no secret. A default in the place of a secret is masked:
    `${oc.env:NAME,DEFAULT}` becomes `${oc.env:NAME,***}`.
    """
    if "://" not in text:
        return text
    hidden: list[str] = []

    def hide(found: re.Match[str]) -> str:
        hidden.append(_mask_addresses(found[0][:-1]) + "}")  # The closing brace is not part of an address.
        return f"\ue000{len(hidden) - 1}\ue001"

    found = 1
    while found:  # References may be nested, and the pattern matches only the innermost.
        text, found = _REFERENCE.subn(hide, text)
    secrets = [found["password"] or found["user"] for found in _USER_INFO.finditer(text)]
    for secret in (*secrets, *(found["value"] for found in _QUERY.finditer(text))):
        _mask_defaults(secret, hidden)
    text = _mask_addresses(text)
    found = 1
    while found:
        text, found = _HIDDEN.subn(lambda place: hidden[int(place[1])], text)
    return text


def mask_parts(text: str, address: str) -> str:
    """Mask the user, password and secret query parameters of the URL `address` in the text of an error.

    Parts of the password are masked too. For example, a library that misreads `http://user:pa#ss@host` takes `pa` for a
    port and repeats `pa` in its error. Secrets in other URLs of the text are masked too.
    """
    secrets = re.split(r"[:/?#@]", address.rpartition("@")[0].partition("://")[2])
    secrets += [found["value"] for found in _QUERY.finditer(address)]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return mask_secrets(text)


def has_mask(text: str) -> bool:
    """Return whether a text contains `***` in a place where `mask_secrets` writes it.

    Such places are before an @, after a =, and in the default of a reference such as `${oc.env:NAME,***}`.
    """
    return any(place in text for place in (f"{MASK}@", f"={MASK}", f",{MASK}}}"))


def strip_control_characters(text: str) -> str:
    """Return `text` without control characters other than tab and newline.

    Lone surrogates, which cannot be encoded, become U+FFFD. Python reads the bytes of a file name that are not UTF-8 as
    lone surrogates.
    """
    return _LONE_SURROGATES.sub("\N{REPLACEMENT CHARACTER}", CONTROL_CHARACTERS.sub("", text))


def printable(text: str) -> str:
    """Return text that is safe to print or log: without control characters, with secrets in addresses (URLs) masked."""
    return mask_secrets(strip_control_characters(text))


class PrintableFormatter(logging.Formatter):
    """A log formatter that removes control characters from its lines and masks secrets in URLs."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def escape_formula(value: T) -> T | str:
    """Return `value` for a CSV cell, changed so that no spreadsheet reads it as a formula.

    Text loses its control characters, and secrets in URLs are masked. Text that begins with = + - @ or a tab gets an
    apostrophe in front: https://owasp.org/www-community/attacks/CSV_Injection. Other values are returned unchanged.
    """
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def format_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV text without its index; no cell is a formula that a spreadsheet would execute."""
    text = frame.select_dtypes(exclude=["number", "bool", "datetime"])
    return str(
        frame.assign(**{str(name): column.map(escape_formula) for name, column in text.items()}).to_csv(index=False)
    )


def _mask_addresses(text: str) -> str:
    return _QUERY.sub(_mask_query, _USER_INFO.sub(_mask_user_info, text))


def _mask_defaults(text: str, hidden: list[str]) -> None:
    """Mask the defaults of references in the list `hidden`: `${oc.env:NAME,DEFAULT}` becomes `${oc.env:NAME,***}`.

    Only references with a placeholder in `text` are masked: number N stands for `hidden[N]`. A reference may have
    placeholders itself; their references are masked too.
    """
    for place in _HIDDEN.finditer(text):
        index = int(place[1])
        _mask_defaults(hidden[index], hidden)
        hidden[index] = _DEFAULT.sub(rf"\g<1>{MASK}}}", hidden[index])


def _mask_user_info(found: re.Match[str]) -> str:
    scheme, user, password = found["scheme"], found["user"], found["password"]
    secret = password or user
    if _PORT_AND_PATH.match(password) or not _HIDDEN.sub("", secret).strip(":"):
        return found[0]
    return f"{scheme}{user}:{MASK}@" if password else f"{scheme}{MASK}@"


def _mask_query(found: re.Match[str]) -> str:
    return f"{found['name']}{MASK}" if _HIDDEN.sub("", found["value"]) else found[0]
