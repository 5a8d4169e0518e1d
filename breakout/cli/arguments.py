"""The parser of the arguments after the command: flags of Hydra, `--config-dir`, `-m` and the overrides.

Hydra's own parser refuses `seed=1 -m model.depth=4,6`, accepts abbreviated flags, and answers an unknown flag with its
usage page. This parser answers an unknown flag with the argument that was probably meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from breakout.conf_tree import group_options
from breakout.errors import ConfigurationError, nearest_name

RUN_MODES = {"-m": True, "--multirun": True, "-r": False, "--run": False}  # maps each flag to whether it starts a sweep

FLAGS_ALONE = {"help": "--help", "version": "--version"}  # flags that users type as if they were commands

# The flags of Hydra that breakout offers.
CONFIG_DIR = "--config-dir"
FLAGS_WITHOUT_VALUE = ("--resolve", "--hydra-help", "--shell-completion")
FLAGS_WITH_VALUE = ("--cfg", "--package", CONFIG_DIR, "--info")
LONG_FORMS = {"-sc": "--shell-completion", "-c": "--cfg", "-p": "--package", "-cd": CONFIG_DIR, "-i": "--info"}
FLAG_CHOICES = {
    "--cfg": ("job", "hydra", "all"),
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
}
# The flags of Hydra that breakout does not offer, with their short forms, and what to do instead.
REFUSED = {
    ("-cn", "--config-name"): "each command has its own root; choose another experiment by experiment=NAME.",
    (
        "-cp",
        "--config-path",
    ): "the tree belongs to the program; add a folder of your own by --config-dir DIR.",
    ("--experimental-rerun",): "to run a run again, type `breakout reproduce RUN`.",
}


@dataclass
class Arguments:
    """The arguments of one command: flags for Hydra, folders of `--config-dir`, overrides, and whether `-m` is set."""

    hydra_flags: list[str] = field(default_factory=list)  # such as `--cfg=job`; `hydra.main` answers these flags
    config_dirs: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    is_multirun: bool = False

    @property
    def is_completion(self) -> bool:
        return "--shell-completion" in self.hydra_flags


def sort_arguments(arguments: Sequence[str], command: str) -> Arguments:
    """Sort a command's arguments into flags for Hydra, folders of `--config-dir`, overrides, and `-m`.

    The KIND and FILEs of `breakout import` become overrides. ConfigurationError for an unknown flag, a flag without a
    valid value, or an argument that is neither KEY=VALUE nor ~KEY. Shell completion allows unfinished overrides.
    """
    found = Arguments()
    rest = name_files(arguments) if command == "import" else list(arguments)
    while rest:
        argument = rest.pop(0)
        flag, equals, value = argument.partition("=")
        name = LONG_FORMS.get(flag, flag)
        if not argument.startswith("-"):
            found.overrides.append(argument)
        elif argument in RUN_MODES:
            found.is_multirun |= RUN_MODES[argument]
        elif name in FLAGS_WITHOUT_VALUE and not equals:
            found.hydra_flags.append(name)
        elif name in FLAGS_WITH_VALUE:
            given = flag_value(name, value if equals else None, rest)
            if name == CONFIG_DIR:
                found.config_dirs.append(given)
            else:
                found.hydra_flags.append(f"{name}={given}")
        else:
            refuse_flag(flag, value if equals else next_value(rest), command)
    if found.overrides and not found.is_completion:
        refuse_without_value(found.overrides)
    return found


def name_files(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of `breakout import` with KIND and FILEs written as overrides.

    For example, `nba_api players.csv to=tables` becomes `to=tables kind=nba_api files=["players.csv"]`. An argument
    with `=` counts as an override, unless a file of this name exists.
    """
    named: list[str] = []
    others: list[str] = []
    rest = list(arguments)
    while rest:
        one = rest.pop(0)
        if one.startswith("-"):
            others += [one, *([rest.pop(0)] if LONG_FORMS.get(one, one) in FLAGS_WITH_VALUE and rest else [])]
        else:
            (named if "=" not in one or Path(one).is_file() else others).append(one)
    quoted = ",".join('"' + one.replace("\\", "\\\\").replace('"', '\\"') + '"' for one in named[1:])
    return [*others, *([f"kind={named[0]}"] if named else []), *([f"files=[{quoted}]"] if named[1:] else [])]


def split_config_dirs(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the folders that `--config-dir` names, in order, and the other arguments.

    ConfigurationError if the flag has no folder.
    """
    folders: list[str] = []
    others: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        flag, equals, value = argument.partition("=")
        if LONG_FORMS.get(flag, flag) == CONFIG_DIR:
            folders.append(flag_value(CONFIG_DIR, value if equals else None, rest))
        else:
            others.append(argument)
    return folders, others


def flag_value(flag: str, value: str | None, rest: list[str]) -> str:
    """Return the value of a flag; ConfigurationError if the value is missing or not among the flag's choices.

    - `value`: the text after `=`; None if the flag has no `=`.
    - `rest`: the arguments after the flag. If `value` is None, the first of them is taken as the value and removed, if
      it is one of the flag's choices. For a flag without choices, it must not begin with `-`.

    `--info` without a value means `--info=all`.
    """
    choices = FLAG_CHOICES.get(flag, ())
    if value is None and rest and (rest[0] in choices or (not choices and not rest[0].startswith("-"))):
        value = rest.pop(0)
    if value is None and flag == "--info":
        value = "all"
    if not value or (choices and value not in choices):
        raise ConfigurationError(f"{flag} needs one of {', '.join(choices)}." if choices else f"{flag} needs a value.")
    return value


def next_value(rest: list[str]) -> str:
    """Return the value after an unknown flag: `rest[0]`, or "" if `rest[0]` is a flag or an override, or is missing."""
    return rest[0] if rest and not rest[0].startswith("-") and "=" not in rest[0] else ""


def refuse_flag(flag: str, value: str, command: str) -> None:
    """Raise ConfigurationError for an unknown flag of `command`; the message says what to type instead.

    `value` is the text that the user gave with the flag, "" if there is none.
    """
    for names, reason in REFUSED.items():
        if flag in names:
            raise ConfigurationError(f"{flag} is not offered: {reason}")
    known = (*FLAGS_ALONE.values(), *RUN_MODES, *FLAGS_WITHOUT_VALUE, *FLAGS_WITH_VALUE, *LONG_FORMS)
    near = nearest_name(flag, known, cutoff=0.8)
    if near:
        raise ConfigurationError(f"{flag} is not a flag of breakout: did you mean {near}?")
    replacement = describe_replacement(flag.lstrip("-"), value, command)
    raise ConfigurationError(f"{flag} is not a flag of breakout: {replacement}")


def describe_replacement(name: str, value: str, command: str) -> str:
    """Return a sentence that says what to type instead of the unknown flag `--name value`.

    `value` is "" if the flag has none.
    """
    if name == "list-features":
        return "type `breakout features`."
    if name == "dry-run":
        return "type dry_run=true."
    if name in ("feature", "features"):
        chosen = f"features={value}" if value in group_options("features") else f"features.names=[{value or 'a,b'}]"
        return f"type mode=experimental {chosen}"
    if name == "tags":
        return f"type tags=[{value or 'a,b'}]"
    return describe_nearest_setting(name, value, command)


def describe_nearest_setting(name: str, value: str, command: str) -> str:
    """Return a sentence with the setting of `command` that is most similar in name to the unknown flag `name`.

    If no setting has a similar name, the sentence refers to the help page of `command`.
    """
    # The settings are imported only here, because `--help` imports this module and must be quick.
    from breakout.settings import ROOT_CLASSES
    from breakout.settings.schema import known_keys
    from breakout.settings.unknown_keys import nearest_key

    keys = known_keys(ROOT_CLASSES[command])
    groups = {key.partition(".")[0] for key in keys if "." in key}
    key = nearest_key(name, (k for k in keys if not k.endswith(".kind")))
    if key is None:
        return f"settings are written key=value; `breakout {command} --help` lists them."
    return f"type {key}={value or ('OPTION' if key in groups else 'VALUE')}"


def refuse_without_value(overrides: list[str]) -> None:
    """Raise ConfigurationError for an override that is neither key=value nor ~key."""
    for override in overrides:
        if "=" not in override and not override.startswith("~"):
            raise ConfigurationError(
                f"cannot read {override!r}: a setting is written key=value, such as model.depth=6."
            )
