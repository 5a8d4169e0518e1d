"""The composition of a configuration by Hydra, from a command and its overrides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from breakout.conf_tree import conf_dir, groups_of
from breakout.errors import ConfigurationError, nearest_name
from breakout.settings.composition_errors import explain
from breakout.settings.config_dirs import register_user_files
from breakout.settings.loading import load
from breakout.settings.references import resolve_all_but_references
from breakout.settings.roots import ROOT_CLASSES, RootConfig
from breakout.settings.unknown_keys import COMPOSING_GROUPS
from breakout.settings.versions import rename_overrides

if TYPE_CHECKING:
    from omegaconf import DictConfig

HYDRA_VERSION_BASE = "1.3"


def compose(command: str, overrides: Sequence[str] = ()) -> RootConfig:
    """Return the typed configuration that `breakout COMMAND OVERRIDES` would run with.

    ConfigurationError if the overrides give no valid settings or ask for a sweep, or if `command` is not in
    ROOT_CLASSES.
    """
    if command not in ROOT_CLASSES:
        guess = nearest_name(command, ROOT_CLASSES)
        meant = f"did you mean {guess}?" if guess else f"the commands with settings are {', '.join(ROOT_CLASSES)}."
        raise ConfigurationError(f"there are no settings of a command {command}: {meant}")
    loaded: RootConfig = load(ROOT_CLASSES[command], compose_mapping(command, overrides))
    return loaded


def compose_mapping(command: str, overrides: Sequence[str]) -> dict[str, Any]:
    """Return the composed configuration of one job as dicts and lists, the input of `load`.

    ConfigurationError if the overrides cannot be composed, or ask for a sweep.
    """
    composed = compose_config(command, overrides)
    if is_sweep(composed):
        given = " ".join(overrides)
        raise ConfigurationError(f"{given} asks for a sweep; type it as `breakout {command} {given}`.")
    return resolve(composed, command)


def compose_config(command: str, overrides: Sequence[str]) -> DictConfig:
    """Return the configuration that Hydra composes, with the node `hydra` and unresolved interpolations.

    ConfigurationError if the overrides or files cannot be composed.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    register_user_files()
    try:
        with initialize_config_dir(config_dir=str(conf_dir()), version_base=HYDRA_VERSION_BASE):
            composed = hydra_compose(command, rename_overrides(overrides), return_hydra_config=True)
    except Exception as error:
        raise ConfigurationError(explain(error, command)) from error
    check_one_option_each(composed, command)
    return composed


def given_overrides() -> list[str]:
    """Return the overrides in Hydra's global configuration, without overrides of Hydra's own keys.

    The list is empty if neither `resolve` nor `hydra.main` has set that configuration in this process.
    """
    from hydra.core.hydra_config import HydraConfig

    return list(HydraConfig.get().overrides.task) if HydraConfig.initialized() else []


def is_sweep(composed: DictConfig) -> bool:
    """Return whether a composed configuration, with its node `hydra`, asks for several jobs.

    The flag `-m` has no effect here, because it is no override.
    """
    from hydra.types import RunMode

    return bool(composed.hydra.mode == RunMode.MULTIRUN)


def resolve(composed: DictConfig, command: str) -> dict[str, Any]:
    """Set `composed` as Hydra's global configuration, and return it as dicts and lists (see `plain`).

    `${hydra:...}` refers to Hydra's global configuration. ConfigurationError if an interpolation cannot be resolved.
    """
    from hydra.core.hydra_config import HydraConfig

    HydraConfig.instance().set_config(composed)
    try:
        return plain(composed)
    except Exception as error:
        raise ConfigurationError(explain(error, command)) from error


def plain(composed: DictConfig) -> dict[str, Any]:
    """Return a composed configuration as dicts and lists without the node `hydra`, with interpolations resolved.

    A required value that is not given stays `???`. References to environment variables stay as text; `load` resolves
    them. OmegaConf's InterpolationResolutionError if an interpolation cannot be resolved.
    """
    from omegaconf import OmegaConf

    kept = OmegaConf.masked_copy(composed, [key for key in cast("list[str]", list(composed)) if key != "hydra"])
    return resolve_all_but_references(kept)


def check_one_option_each(composed: DictConfig, command: str) -> None:
    """Raise ConfigurationError if a group is given a list of options, as in `window=[january,february]`.

    Hydra would merge the options, so the last one would silently win. Only the groups experiment, sweep, debug and
    local may have a list.
    """
    choices = composed.hydra.runtime.choices
    for group in groups_of(command):
        if group not in COMPOSING_GROUPS and group in composed and group not in choices:
            raise ConfigurationError(
                f"{group} takes one option, not a list: type -m {group}=OPTION,OPTION for a job with each."
            )
