"""What the user may have meant: an unknown key goes in, one sentence with the nearest known ones comes out."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from breakout.settings.versions import RENAMED_KEYS

# How each kind of a group is asked for on the command line.
CHOICES: dict[str, dict[str, str]] = {
    "window": {
        "dates": "window=january (or another window of dates)",
        "trailing": "window=trailing",
        "walk_forward": "window=walk_forward",
    }
}

# What a bundle brings along, and so cannot be set where a bundle is read.
OF_THE_BUNDLE = ("mode", "features", "target", "window", "model", "validation", "calibration")


@cache
def type_hints(cls: type) -> dict[str, Any]:
    """The resolved annotations of the fields of a settings dataclass that a user may set, in their order."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return {name: hint for name, hint in hints.items() if name != "references"}


def dataclasses_of(hint: Any) -> tuple[type, ...]:
    """The dataclasses that a field may hold: one, several kinds of one group, or none for a plain value."""
    members = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return tuple(m for m in members if isinstance(m, type) and dataclasses.is_dataclass(m))


def kind_of(cls: type) -> str:
    """The `kind` that names this variant of a group, or an empty string for a group of one kind."""
    hint = type_hints(cls).get("kind")
    options = typing.get_args(hint)
    return str(options[0]) if len(options) == 1 else ""


def known_keys(root: type) -> Mapping[str, tuple[str, ...]]:
    """Every dotted key that a program knows, with the kinds it belongs to (none if it always stands)."""
    keys: dict[str, tuple[str, ...]] = {}
    for name, hint in type_hints(root).items():
        keys[name] = ()
        for variant in dataclasses_of(hint):
            kind = kind_of(variant)
            for field in type_hints(variant):
                key = f"{name}.{field}"
                keys[key] = (*keys.get(key, ()), *((kind,) if kind else ()))
    return keys


def choice(group: str, kind: str) -> str:
    """The override that chooses a kind: `window=trailing`."""
    return CHOICES.get(group, {}).get(kind, f"{group}={kind}")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, if any is near enough."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """The known dotted key most like this one, whole or by its last part: `depth` finds `model.depth`."""
    wanted = key.replace("-", "_").replace("/", ".").lower()

    def likeness(candidate: str) -> float:
        whole = likeness_of(wanted, candidate.lower())
        last = likeness_of(wanted.rpartition(".")[2], candidate.lower().rpartition(".")[2])
        # The right name in another group is a better guess than a similar one in the same group.
        return max(whole, 0.95 * last)

    best = max(known, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.7 else None


def likeness_of(word: str, other: str) -> float:
    """1 for the same word, a little less for swapped letters, else the share of letters in common."""
    if word != other and sorted(word) == sorted(other):
        return 0.95
    return difflib.SequenceMatcher(None, word, other).ratio()


def unknown_key_sentence(root: type, key: str, command: str = "", also: Sequence[str] = ()) -> str:
    """Why this key cannot be set, and what to type instead; `also` names further words that may have been meant."""
    if key in RENAMED_KEYS and RENAMED_KEYS[key] in known_keys(root):
        return f"{key} is called {RENAMED_KEYS[key]} now: write that."
    known = known_keys(root)
    group = key.partition(".")[0]
    if known.get(key):
        owners = " or ".join(choice(group, kind) for kind in known[key])
        return f"{key} belongs to {owners}, not to the {group} chosen here: choose that, or leave it out."
    where = f" of `breakout {command}`" if command else ""
    if {"bundle", "candidate"} & known.keys() and group in OF_THE_BUNDLE:
        dates = "start= and end=" if "start" in known else "date="
        remedy = f"choose games with {dates}" if group == "window" else "train another to change it"
        return f"unknown key {key}{where}: a bundle brings its own {group}; {remedy}."
    suggestion = nearest_key(key, [*(k for k in known if not k.endswith(".kind")), *also])
    if suggestion:
        return f"unknown key {key}{where}: did you mean {suggestion}?"
    groups = ", ".join(name for name in known if "." not in name)
    return f"unknown key {key}{where}; it knows {groups}."
