"""The masking of secrets in text that is printed, logged or saved: passwords and tokens in addresses."""

from __future__ import annotations

import re

MASK = "***"

# scheme://user:password@host. The password ends at the last @, because it may contain one.
_USER_INFO = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)(?P<user>[^\s:/?#@'\"<>]*)(?P<password>:?\S*)@")
_NAMES = "password|passwd|pwd|pass|secret|token|api[-_]?key|key|sig|signature|auth|authorization|credentials?"
_QUERY = re.compile(rf"(?P<name>[?&;](?:[\w.-]*[-_.])?(?:{_NAMES})=)(?P<value>[^\s&;'\"<>#]+)", re.IGNORECASE)
# Text between a port and path, or a path alone, and an @ is not a password.
_PORT_AND_PATH = re.compile(r"(:\d+)?[/?#]")
# ${oc.env:NAME} is not secret. Characters of private use hide it from the expressions above.
_REFERENCE = re.compile(r"\$\{[^{}]*\}")
_HIDDEN = re.compile("\ue000(\\d+)\ue001")


def mask_secrets(text: str) -> str:
    """Return text with `***` in its addresses for passwords, tokens before the @, and secret query parameters.

    References to the environment are kept, because they name a secret without containing it.
    """
    if "://" not in text:
        return text
    hidden: list[str] = []

    def hide(found: re.Match[str]) -> str:
        hidden.append(found[0])
        return f"\ue000{len(hidden) - 1}\ue001"

    found = 1
    while found:  # the innermost first
        text, found = _REFERENCE.subn(hide, text)
    text = _QUERY.sub(_mask_query, _USER_INFO.sub(_mask_user_info, text))
    found = 1
    while found:
        text, found = _HIDDEN.subn(lambda place: hidden[int(place[1])], text)
    return text


def mask_parts(text: str, address: str) -> str:
    """Return text without the address's user, password and secret parameters, or parts of them.

    A library that reads `user:pa#ss@host` takes `pa` for a port and repeats it in its error.
    """
    secrets = re.split(r"[:/?#@]", address.rpartition("@")[0].partition("://")[2])
    secrets += [found["value"] for found in _QUERY.finditer(address)]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return mask_secrets(text)


def has_mask(text: str) -> bool:
    """Return whether a saved address has a masked secret."""
    return f"{MASK}@" in text or f"={MASK}" in text


def _mask_user_info(found: re.Match[str]) -> str:
    scheme, user, password = found["scheme"], found["user"], found["password"]
    secret = password or user
    if _PORT_AND_PATH.match(password) or not _HIDDEN.sub("", secret).strip(":"):
        return found[0]
    return f"{scheme}{user}:{MASK}@" if password else f"{scheme}{MASK}@"


def _mask_query(found: re.Match[str]) -> str:
    return f"{found['name']}{MASK}" if _HIDDEN.sub("", found["value"]) else found[0]
