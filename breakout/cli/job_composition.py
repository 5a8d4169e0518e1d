"""The composition of typed settings for the jobs of a sweep, from each job's overrides.

Hydra takes about a tenth of a second for a composition, and the jobs of a sweep mostly differ in plain values. So Hydra
composes each set of chosen group options only once. For each job with these options, the plain values are set in a
copy. A job with any other override, such as +key=, is composed by Hydra.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cache
from typing import cast

from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from breakout.errors import BreakoutError, ConfigurationError
from breakout.safe_text import mask_secrets
from breakout.settings import ExperimentConfig, load
from breakout.settings.composition import check_one_option_each, plain
from breakout.settings.composition_errors import explain
from breakout.settings.versions import rename_overrides
from breakout.sweeps.job import Job, Refusal

ROOT = "train"
OF_HYDRA = "${hydra:"  # references to Hydra's own configuration begin with this text

# Only the sweep itself uses these keys of the group `sweep`. Every job gets the values below.
OF_THE_SWEEP = {"resume": None, "fail_fast": False, "workers": None}


class JobComposer:
    """A composer of the typed settings of the jobs of one sweep.

    Hydra must stay initialised while jobs are composed.

    - `loader`: Hydra's loader of configuration files.
    - `master`: the configuration of the sweep, with its node `hydra`.
    """

    def __init__(self, loader: ConfigLoader, master: DictConfig) -> None:
        self._loader, self._master = loader, master
        self._hydra_overrides = as_written(master.hydra.overrides.hydra)
        self._parser = OverridesParser.create(config_loader=loader)
        self._base = cache(self._compose_by_hydra)
        self._is_group = cache(lambda key: bool(loader.get_group_options(key, None, ROOT, self._hydra_overrides)))
        self._refers_to_hydra = cache(lambda choices: OF_HYDRA in OmegaConf.to_yaml(self._base(choices)))

    def compose(self, number: int, overrides: Sequence[str]) -> Job | Refusal:
        """Return the job with these overrides, or a refusal with the error if the overrides are invalid.

        `number` is the number that Hydra's sweeper gave the job.
        """
        mapping: dict[str, object] = {"overrides": list(map(mask_secrets, overrides))}
        try:
            config = self.compose_config(number, overrides)
            mapping = plain(config)
            mapping["sweep"] = cast("dict[str, object]", mapping["sweep"]) | OF_THE_SWEEP
        except Exception as error:  # noqa: BLE001  (Hydra's and OmegaConf's errors have no common base)
            return Refusal(number, tuple(overrides), mapping, ConfigurationError(explain(error, ROOT)))
        try:
            return Job(number, tuple(overrides), load(ExperimentConfig, mapping))
        except BreakoutError as error:
            return Refusal(number, tuple(overrides), mapping, error)

    def compose_config(self, number: int, overrides: Sequence[str]) -> DictConfig:
        """Return the configuration of one job, with interpolations unresolved and without the node `hydra`.

        The overrides in `sweep.job_defaults` are applied too, unless `overrides` sets the same key. Invalid overrides
        raise ConfigurationError or an exception of Hydra or OmegaConf.
        """
        written = rename_overrides(overrides)
        config = self._compose(number, written)
        keys = {override.key_or_group for override in self._parser.parse_overrides(written)}
        defaults = [
            override.input_line or ""
            for override in self._parser.parse_overrides(rename_overrides(list(config.sweep.job_defaults or [])))
            if override.key_or_group not in keys
        ]
        return self._compose(number, [*defaults, *written]) if defaults else config

    def describe_no_jobs(self) -> str:
        """Return a sentence that says why the sweep has no jobs.

        The sentence names the first override that gives the sweep no value, such as a pattern that matches no option.
        """
        params = (self._master.hydra.sweeper.get("params") or {}).items()
        written = [*(f"{key}={value}" for key, value in params), *as_written(self._master.hydra.overrides.task)]
        for override in self._parser.parse_overrides(written):
            if override.is_discrete_sweep() and not list(override.sweep_string_iterator()):
                options = self._loader.get_group_options(override.key_or_group)
                offered = f"; the options are {', '.join(options)}" if options else ""
                return f"{override.input_line} gives the sweep no value{offered}."
        return "the sweep has no jobs: its sweeper gave none."

    def _compose(self, number: int, overrides: Sequence[str]) -> DictConfig:
        parsed = self._parser.parse_overrides(list(overrides))
        choices = tuple(str(override.input_line) for override in parsed if self._is_choice(override))
        values = [override for override in parsed if not self._is_choice(override)]
        if all(map(_is_plain, values)):
            config = copy.deepcopy(self._base(choices))
            try:
                for override in values:
                    OmegaConf.update(config, override.key_or_group, override.value(), merge=True)
            except OmegaConfBaseException:
                config = self._compose_by_hydra(overrides)  # Hydra refuses the value with its own error
        else:
            config = self._compose_by_hydra(overrides)
        # The parsed values are searched, not the texts of the overrides, because a sweeper may escape `${` in a text.
        if self._refers_to_hydra(choices) or any(OF_HYDRA in str(override.value()) for override in parsed):
            self._set_hydra_config(number, overrides)
        # The cache holds the results of resolvers. All jobs get the cache of the sweep, so `${now:}` has the same value
        # in all of them.
        OmegaConf.copy_cache(from_config=self._master, to_config=config)
        return config

    def _is_choice(self, override: Override) -> bool:
        key = override.key_or_group
        if override.package is not None or "/" in key:  # only the name of a group contains a slash
            return True
        return "." not in key and self._is_group(key)

    def _compose_by_hydra(self, overrides: Sequence[str]) -> DictConfig:
        config = compose(ROOT, [*self._hydra_overrides, *overrides], return_hydra_config=True)
        check_one_option_each(config, ROOT)
        with open_dict(config):
            del config["hydra"]
        return config

    def _set_hydra_config(self, number: int, overrides: Sequence[str]) -> None:
        """Set Hydra's global configuration, so that `${hydra:...}` resolves to the values of this job.

        `hydra.runtime.output_dir` has no value, because Hydra sets it only for jobs that it runs itself.
        """
        config = compose(ROOT, [*self._hydra_overrides, *overrides], return_hydra_config=True)
        with open_dict(config):
            config.hydra.job.num, config.hydra.job.id = number, str(number)
        HydraConfig.instance().set_config(config)


def _is_plain(override: Override) -> bool:
    """Return whether an override sets one value of an existing key, unlike +key=, ++key=, ~key and key=a,b."""
    return override.type == OverrideType.CHANGE and not override.is_sweep_override()


def as_written(overrides: object) -> list[str]:
    """Return overrides from Hydra's configuration as texts, with unresolved interpolations."""
    return [str(text) for text in OmegaConf.to_container(overrides, resolve=False)]  # type: ignore[union-attr]
