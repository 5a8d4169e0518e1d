"""The message for a key that does not exist, with the key that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from breakout.settings.schema import known_keys
from breakout.settings.versions import RENAMED_KEYS

# Groups whose YAML files set keys of other groups and of the root.
COMPOSING_GROUPS = ("experiment", "sweep", "debug", "local")
# The override that selects (group, kind), if GROUP=KIND is no valid override. For example, there is no window=dates.
CHOICES = {
    ("window", "dates"): "window=january (or another window of dates)",
    ("ledger", "folder"): "ledger=default",
}
# Groups whose values are part of a bundle (a saved model). A command that reads a bundle cannot set them.
GROUPS_OF_A_BUNDLE = ("mode", "features", "target", "window", "model", "validation", "calibration")


def describe_choice(group: str, kind: str) -> str:
    return CHOICES.get((group, kind), f"{group}={kind}")


def describe_unknown_key(root: type, key: str, command: str = "", also: Sequence[str] = ()) -> str:
    """Describe why a key cannot be set, and what to type instead.

    `also` are names that the user may have meant, in addition to the keys of `root`.
    """
    known = known_keys(root)
    if RENAMED_KEYS.get(key) in known:
        return f"{key} is called {RENAMED_KEYS[key]} now: write that."
    group, _, name = key.partition(".")
    if group in COMPOSING_GROUPS and (group not in known or name.partition(".")[0] in {*known, "hydra"}):
        return f"{key} is no key: the file that {group}= chose must begin with the line `# @package _global_`."
    if known.get(key):
        owners = " or ".join(describe_choice(group, kind) for kind in known[key])
        return f"{key} belongs to {owners}, not to the {group} chosen here: choose that, or leave it out."
    where = f" of `breakout {command}`" if command else ""
    if {"bundle", "candidate"} & known.keys() and group in GROUPS_OF_A_BUNDLE:
        dates = "start= and end=" if "start" in known else "date="
        remedy = f"choose games with {dates}" if group == "window" else "train another to change it"
        return f"unknown key {key}{where}: a bundle brings its own {group}; {remedy}."
    guess = nearest_key(key, [*(k for k in known if not k.endswith(".kind")), *also])
    if guess:
        return f"unknown key {key}{where}: did you mean {guess}?"
    groups = ", ".join(name for name in known if "." not in name)
    return f"unknown key {key}{where}; it knows {groups}."


def nearest_key(key: str, known: Iterable[str]) -> str | None:
    """Return the known dotted key that is most similar to `key` in its whole text or in its last part.

    For example, `depth` finds `model.depth`. None if no similarity, on a scale from 0 to 1, is at least 0.7.
    """
    wanted = key.replace("-", "_").replace("/", ".").lower()

    def likeness(candidate: str) -> float:
        whole = _likeness(wanted, candidate.lower())
        last = _likeness(wanted.rpartition(".")[2], candidate.lower().rpartition(".")[2])
        # The same name in another group is a better guess than a similar name in the same group.
        return max(whole, 0.95 * last)

    best = max(known, key=likeness, default=None)
    return best if best is not None and likeness(best) >= 0.7 else None


def _likeness(name: str, other: str) -> float:
    """Return the similarity of two names from 0 to 1; 0.95 if only the order of their letters differs."""
    if name != other and sorted(name) == sorted(other):
        return 0.95
    return difflib.SequenceMatcher(None, name, other).ratio()
