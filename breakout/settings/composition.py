"""Hydra's side of the door: words go in, a typed configuration or one sentence comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from breakout.conf_tree import conf_dir, group_names, group_options
from breakout.errors import ConfigurationError
from breakout.settings.loading import load
from breakout.settings.roots import ROOT_CLASSES, RootConfig
from breakout.settings.suggestions import nearest, unknown_key_sentence

HYDRA_VERSION_BASE = "1.3"


def compose(command: str, overrides: Sequence[str] = ()) -> RootConfig:
    """The configuration that `breakout COMMAND OVERRIDES` would run with; for programs, notebooks, tests."""
    mapping, _ = compose_plain(command, overrides)
    return load(ROOT_CLASSES[command], mapping)


def compose_plain(command: str, overrides: Sequence[str]) -> tuple[dict[str, Any], bool]:
    """The composed mapping, and whether it asks for a sweep (as the files of `conf/sweep` do)."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.types import RunMode

    try:
        with initialize_config_dir(config_dir=str(conf_dir()), version_base=HYDRA_VERSION_BASE):
            composed = hydra_compose(command, absolute(overrides), return_hydra_config=True)
            is_sweep = bool(composed.hydra.mode == RunMode.MULTIRUN)
            return ({}, True) if is_sweep else (plain(composed), False)
    except Exception as error:
        raise ConfigurationError(explain(error, command)) from error


def plain(composed: Any) -> dict[str, Any]:
    """A composed OmegaConf configuration as dicts and lists, interpolations resolved, `???` left standing."""
    from omegaconf import OmegaConf

    kept = OmegaConf.masked_copy(composed, [key for key in composed if key != "hydra"])
    content = OmegaConf.to_container(kept, resolve=True, throw_on_missing=False)
    return cast("dict[str, Any]", content)


def absolute(overrides: Sequence[str]) -> list[str]:
    """`experiment=X` as Hydra knows it.

    Hydra looks for a file's package in its very first line. There our experiment files say why they exist,
    so the package stands in the defaults list of `train.yaml`, and with it in the group's key.
    """
    return [re.sub(r"^(\+{0,2}|~)experiment(?==|$)", r"\1experiment@_global_", word) for word in overrides]


def explain(error: BaseException, command: str) -> str:
    """What is wrong with the words of the command line, in the user's terms, with what to type instead."""
    from hydra.errors import MissingConfigException, OverrideParseException

    if isinstance(error, ConfigurationError):
        return str(error)
    if isinstance(error, OverrideParseException):
        return explain_word(error.override)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return explain_option(error.missing_cfg_file, list(error.options or ()))
    full_key = getattr(error.__cause__, "full_key", None)
    if full_key and "not in" in str(error.__cause__):
        return explain_key(str(full_key), command)
    absent = re.match(r"Could not override '([\w/]+)'\. No match in the defaults list", str(error))
    return explain_key(absent.group(1), command) if absent else explain_message(error)


def explain_word(word: str) -> str:
    if "=" not in word and not word.startswith("~"):
        return f"cannot read {word!r}: a setting is written key=value, such as model.depth=6."
    return f"cannot read {word!r}: check its brackets and quotes; for the shell, quote the whole word."


def explain_option(missing: str, offered: list[str]) -> str:
    """An unknown option of a group, or a group that does not exist."""
    known = [name for name in [*group_names(), "hydra/launcher", "hydra/sweeper"] if missing.startswith(f"{name}/")]
    group = max(known, key=len, default=missing.rpartition("/")[0])
    option = missing.removeprefix(f"{group}/")
    options = sorted({*group_options(group), *(offered if "/" not in option else ())})
    if not options:
        return f"there is no {missing} to choose; the groups are {', '.join(group_names())}."
    guess = nearest(option, options) or next((name for name in options if name.startswith(option)), None)
    meant = f"did you mean {group}={guess}? The options are" if guess else "the options are"
    return f"{group}={option} does not exist; {meant} {', '.join(options)}."


def explain_key(key: str, command: str) -> str:
    if key.startswith("hydra."):
        return f"unknown key {key}: `breakout --cfg hydra` shows what Hydra knows."
    # The groups that compose the others leave no key of their own behind.
    also = ("experiment", "sweep", "debug") if command == "train" else ()
    return unknown_key_sentence(ROOT_CLASSES[command], key, command, also)


def explain_message(error: BaseException) -> str:
    """Hydra's remaining complaints, known by their first words."""
    message = str(error)
    quoted = re.search(r"'([^']+)'", message)
    subject = quoted.group(1).replace("experiment@_global_", "experiment") if quoted else ""
    if message.startswith("Ambiguous value"):
        key, _, values = subject.partition("=")
        return f"{subject} gives several values: add -m to sweep, or write {key}=[{values}] for a list."
    if "An item is already at" in message:
        return f"{subject} is known already: write {subject}=VALUE without the +."
    if message.startswith("Could not delete"):
        return f"~{subject} cannot be taken away: the configuration has no such key or value."
    if message.startswith("Multiple values for"):
        group = message.split()[3].rstrip(".").partition("@")[0]
        return f"{group} is in the list of defaults already: write {group}=OPTION without the +."
    if message.startswith("Config group override must be"):
        return "a group needs one of its options, such as model=catboost; neither null nor a number is one."
    lines = (message or str(error.__cause__) or type(error).__name__).splitlines()
    noise = re.compile(r"\s*(full_key|object_type|reference_type|To append|See http)")
    told = [line for line in lines if not noise.match(line)]
    return f"the configuration cannot be composed: {' '.join(told[:2]).strip()}"
