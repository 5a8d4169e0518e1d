"""The words after the command: raw words in, flags and overrides in the order that Hydra's parser needs out.

Hydra's parser reads `seed=1 -m model.depth=4,6` as an error, takes abbreviated flags, and answers an old
flag with its own usage page. So the words are put in order, and what nobody would understand is refused,
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from breakout.conf_tree import group_options
from breakout.errors import ConfigurationError

BARE = {
    "-m": "--multirun",
    "--multirun": "--multirun",
    "-r": "--run",
    "--run": "--run",
    "--resolve": "--resolve",
    "--hydra-help": "--hydra-help",
    "-sc": "--shell-completion",
    "--shell-completion": "--shell-completion",
}
VALUED = {
    "-c": "--cfg",
    "--cfg": "--cfg",
    "-p": "--package",
    "--package": "--package",
    "-cd": "--config-dir",
    "--config-dir": "--config-dir",
    "-i": "--info",
    "--info": "--info",
}
CHOICES = {
    "--cfg": ("job", "hydra", "all"),
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
}
REFUSED = {
    ("-cn", "--config-name"): "each command has its own root; choose another experiment by experiment=NAME.",
    (
        "-cp",
        "--config-path",
    ): "the tree belongs to the program; add a folder of your own by --config-dir DIR.",
    ("--experimental-rerun",): "to run a run again, type `breakout reproduce RUN`.",
}


@dataclass
class Words:
    """A command line, sorted."""

    flags: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)

    @property
    def is_completion(self) -> bool:
        return "--shell-completion" in self.flags

    @property
    def is_sweep(self) -> bool:
        """Several jobs, and no flag that Hydra itself answers."""
        return "--multirun" in self.flags and all(map(_is_for_sweep, self.flags))


def _is_for_sweep(flag: str) -> bool:
    return flag == "--multirun" or flag.startswith("--config-dir=")


def sort_words(words: Sequence[str], command: str) -> Words:
    """Flags first, overrides after them; anything else is refused with what to type instead."""
    found = Words()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        flag, equals, value = word.partition("=")
        if not word.startswith("-"):
            found.overrides.append(word)
        elif word in BARE:
            found.flags.append(BARE[word])
        elif flag in VALUED:
            found.flags.append(valued_flag(VALUED[flag], value if equals else None, rest))
        else:
            refuse_flag(flag, value if equals else next_value(rest), command)
    if found.overrides and not found.is_completion:
        refuse_bare_words(found.overrides)
    return found


def valued_flag(flag: str, value: str | None, rest: list[str]) -> str:
    """`--cfg job` as one word; the value is taken from the following words where it stands there."""
    choices = CHOICES.get(flag, ())
    if value is None and rest and (rest[0] in choices or (not choices and not rest[0].startswith("-"))):
        value = rest.pop(0)
    if value is None and flag == "--info":
        value = "all"
    if not value or (choices and value not in choices):
        raise ConfigurationError(f"{flag} needs one of {', '.join(choices)}." if choices else f"{flag} needs a value.")
    return f"{flag}={value}"


def next_value(rest: list[str]) -> str:
    """The value that an old flag took: the next word, unless that is a flag or an override."""
    return rest[0] if rest and not rest[0].startswith("-") and "=" not in rest[0] else ""


def refuse_flag(flag: str, value: str, command: str) -> None:
    """Say which override a flag has become."""
    for names, reason in REFUSED.items():
        if flag in names:
            raise ConfigurationError(f"{flag} is not offered: {reason}")
    raise ConfigurationError(f"{flag} is not a flag of breakout: {replacement(flag.lstrip('-'), value, command)}")


def replacement(word: str, value: str, command: str) -> str:
    """What the words of the older command line are called now."""
    if word == "list-features":
        return "type `breakout features`."
    if word == "dry-run":
        return "type dry_run=true."
    if word in ("feature", "features"):
        chosen = f"features={value}" if value in group_options("features") else f"features.names=[{value or 'a,b'}]"
        return f"type mode=experimental {chosen}"
    if word == "tags":
        return f"type tags=[{value or 'a,b'}]"
    return renamed(word, value, command)


def renamed(word: str, value: str, command: str) -> str:
    """Settings are imported only here: a mistake may cost their load time, --help may not."""
    from breakout.settings import ROOT_CLASSES
    from breakout.settings.suggestions import known_keys, nearest_key

    keys = known_keys(ROOT_CLASSES[command])
    groups = {key.partition(".")[0] for key in keys if "." in key}
    key = nearest_key(word, (k for k in keys if not k.endswith(".kind")))
    if key is None:
        return f"settings are written key=value; `breakout {command} --help` lists them."
    return f"type {key}={value or ('OPTION' if key in groups else 'VALUE')}"


def refuse_bare_words(overrides: list[str]) -> None:
    for word in overrides:
        if "=" not in word and not word.startswith("~"):
            raise ConfigurationError(f"cannot read {word!r}: a setting is written key=value, such as model.depth=6.")
