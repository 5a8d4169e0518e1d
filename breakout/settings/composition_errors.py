"""Messages for exceptions that Hydra raises about overrides and configuration files."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator

import yaml
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import InterpolationResolutionError

from breakout.conf_tree import group_names, group_options
from breakout.errors import ConfigurationError, nearest_name
from breakout.settings.roots import ROOT_CLASSES
from breakout.settings.schema import base_of, hints_of
from breakout.settings.unknown_keys import COMPOSING_GROUPS, describe_unknown_key
from breakout.settings.values import format_value, quote_for_shell
from breakout.settings.versions import REMOVED_OPTIONS
from breakout.settings.yaml_files import describe_yaml_error


def explain(error: BaseException, command: str) -> str:
    """Return the message for an error that Hydra or OmegaConf raised while it composed a command's configuration.

    The message says what is wrong with the overrides or files, and the remedy. For an unknown mistake, the message
    contains the error's own text.
    """
    known = next(filter(None, map(describe_known_error, _chain(error))), None)
    if known is not None:
        return known
    full_key = getattr(error.__cause__, "full_key", None)
    if full_key and "not in" in str(error.__cause__):
        return describe_absent_key(str(full_key), command)
    absent = re.match(r"Could not override '([\w/]+)'\. No match in the defaults list", str(error))
    return describe_absent_key(absent.group(1), command) if absent else describe_message(error, command)


def describe_known_error(error: BaseException) -> str | None:
    """Return the message for an error whose type identifies the mistake; None for an error of another type."""
    described: str | None = None
    if isinstance(error, ConfigurationError):
        described = str(error)
    elif isinstance(error, OverrideParseException):
        described = describe_unreadable(error.override)
    elif isinstance(error, MissingConfigException) and error.missing_cfg_file:
        described = describe_missing_option(error.missing_cfg_file, list(error.options or ()))
    elif isinstance(error, yaml.YAMLError):
        described = describe_yaml_error(error)
    elif isinstance(error, InterpolationResolutionError):
        described = describe_interpolation(error)
    elif isinstance(error, UnicodeEncodeError):
        # Arguments and files that are not UTF-8 were refused earlier, so only a path can be the cause.
        described = (
            "a path holds bytes that are not text: work in folders whose names are UTF-8, and in a locale that is"
            " UTF-8 (LC_ALL=C.UTF-8)."
        )
    elif isinstance(error, RecursionError):
        described = "a file's defaults list includes the file itself, directly or through another: take that line out."
    return described


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


# Extras of this package that install launchers or sweepers of Hydra. Their names begin with the name of the extra, as
# in hydra/launcher=submitit_local.
EXTRAS = ("joblib", "optuna", "ray", "submitit")

# The pattern of a quoted name in a map, as in {'Regular Season': regular}. Hydra's grammar allows no such quotes.
_QUOTED_NAME = r"([{,]\s*)(['\"])([^'\"{}:,\\]+)\2(?=\s*:)"


def describe_unreadable(override: str) -> str:
    key, equals, value = override.partition("=")
    if not equals and not override.startswith("~"):
        return f"cannot read {override!r}: a setting is written key=value, such as model.depth=6."
    if re.search(_QUOTED_NAME, value):
        plain = re.sub(_QUOTED_NAME, r"\1\3", value)
        return f"cannot read {override!r}: a name in {{...}} is written without quotes; type '{key}={plain}'"
    if key and value and not re.search(r"[\[\]{}$=]", value) and re.fullmatch(r"[+~]*\w+([./@:-]\w+)*", key):
        quoted = format_value(value.strip("'\""))
        kind = "letters beyond a-z" if not value.isascii() else "this text"
        return f'cannot read {override!r}: {kind} must be quoted, for the shell too; type "{key}={quoted}"'
    return f"cannot read {override!r}: check its brackets and quotes; for the shell, quote the whole of it."


def describe_missing_option(missing: str, offered: list[str]) -> str:
    """Return the message for an unknown option of a group, or for a group that does not exist.

    `missing` is GROUP/OPTION. `offered` are the options that Hydra offers for the group.
    """
    if missing in REMOVED_OPTIONS:
        return f"{missing} is gone: {REMOVED_OPTIONS[missing]}"
    known = [name for name in [*group_names(), "hydra/launcher", "hydra/sweeper"] if missing.startswith(f"{name}/")]
    group = max(known, key=len, default=missing.rpartition("/")[0])
    option = missing.removeprefix(f"{group}/")
    extra = option.partition("_")[0]
    if group in {"hydra/launcher", "hydra/sweeper"} and extra in EXTRAS:
        return f"{group}={option} needs its extra: run `make extras EXTRAS={extra}`."
    options = sorted({*group_options(group), *(offered if "/" not in option else ())})
    if not options:
        return f"there is no {missing} to choose; the groups are {', '.join(group_names())}."
    guess = nearest_name(option, options) or next(
        (name for name in options if option and name.startswith(option)), None
    )
    meant = f"did you mean {group}={guess}? The options are" if guess else "the options are"
    return f"{group}={option} does not exist; {meant} {', '.join(options)}."


def describe_interpolation(error: InterpolationResolutionError) -> str:
    message = str(error).splitlines()[0].removesuffix(".")
    message = re.sub(r"^\w+ raised while resolving interpolation: ", "", message).strip("\"'")
    key = getattr(error, "full_key", None)
    place = f"{key}: " if key else ""
    if "nvironment variable" in message:
        return f"{place}{message}; set it in the shell, or give a default: ${{oc.env:NAME,DEFAULT}}."
    return f"{place}{message}; name a key of the configuration, such as ${{model.depth}}, that does not refer back."


def describe_absent_key(key: str, command: str) -> str:
    if key.startswith("hydra."):
        return f"unknown key {key}: `breakout --cfg hydra` shows what Hydra knows."
    also = COMPOSING_GROUPS if command == "train" else ()
    return describe_unknown_key(ROOT_CLASSES[command], key, command, also)


def describe_several_values(override: str, command: str) -> str:
    """Return the message for an override of a single run whose value has commas outside of quotes and brackets.

    The remedy depends on the type of the setting: quotes for a text, brackets for a list or an unknown key, one value
    for any other type. The message also names `-m`, which starts a sweep.
    """
    key, _, values = override.partition("=")
    bases = {base_of(hint) for hint in hints_of(ROOT_CLASSES[command], key)}
    if str in bases:
        quoted = quote_for_shell(f"{key}={format_value(values)}")
        return (
            f"{override} has commas, so its text must be quoted, for the shell too: type {quoted} (-m sweeps instead)."
        )
    if not bases or any(typing.get_origin(base) is tuple for base in bases):
        return f"{override} gives several values: add -m to sweep, or write {key}=[{values}] for a list."
    return f"{override} gives several values, and {key} takes one: give one, or add -m to sweep."


def describe_message(error: BaseException, command: str) -> str:
    """Return the message for an error of Hydra that can be recognised only by its text.

    For an unknown text, the message is "the configuration cannot be composed" and the first two lines of the text.
    """
    message = str(error)
    quoted = re.search(r"'([^']+)'", message)
    subject = quoted.group(1) if quoted else ""
    if message.startswith("Ambiguous value"):
        return describe_several_values(subject, command)
    if "An item is already at" in message:
        return f"{subject} is known already: write {subject}=VALUE without the +."
    if message.startswith("Could not delete"):
        return f"~{subject} cannot be taken away: the configuration has no such key or value."
    repeated = re.match(r"Multiple values for (\S+)|(\S+) appears more than once in the final defaults list", message)
    if repeated:
        group = (repeated.group(1) or repeated.group(2)).rstrip(".").partition("@")[0]
        return f"{group} is in the list of defaults already: write {group}=OPTION without the +."
    if message.startswith("Config group override must be"):
        return "a group needs one of its options, such as model=catboost; neither null nor a number is one."
    lines = (message or str(error.__cause__) or type(error).__name__).splitlines()
    noise = re.compile(r"\s*(full_key|object_type|reference_type|To append|See http)")
    kept = [line for line in lines if not noise.match(line)]
    return f"the configuration cannot be composed: {' '.join(kept[:2]).strip()}"
