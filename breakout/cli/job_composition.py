"""The jobs of a sweep as typed settings: the words of one job in, a Job or its Refusal out.

Hydra composes a job anew in a tenth of a second. Jobs of a sweep differ in values mostly, so each choice of groups is
composed once and the values are set into a copy, which is what Hydra itself does last.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.defaults_list import create_defaults_list
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, QuotedString
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from breakout.errors import BreakoutError, ConfigurationError
from breakout.settings import ExperimentConfig, load
from breakout.settings.composition import absolute, explain, plain
from breakout.sweeps.job import Job, Refusal


class PlanningLoader(ConfigLoaderImpl):
    """Hydra's loader for sweepers, which compose each job only to see that it can be; we do that ourselves."""

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """The sweep's own configuration."""
        del sweep_overrides
        return master_config


class JobLoader(ConfigLoaderImpl):
    """Hydra's loader for jobs, which read nothing of Hydra's own configuration: half of what it takes to compose."""

    def load_application(self, root: str, hydra_words: Sequence[str], words: Sequence[str]) -> DictConfig:
        """The configuration without Hydra's part; an exception where it cannot be told without."""
        given, repository = self._parse_overrides_and_create_caching_repo(root, [*hydra_words, "~hydra", *words])
        defaults = create_defaults_list(
            repo=repository,
            config_name=root,
            overrides_list=[override for override in given if not override.is_hydra_override()],
            prepend_hydra=False,
            skip_missing=False,
        )
        config = self._compose_config_from_defaults_list(defaults.defaults, repository)
        OmegaConf.set_struct(config, True)
        self._apply_overrides_to_config(defaults.config_overrides, config)
        return config


class EngineLoader(ConfigLoaderImpl):
    """Hydra's loader for engines, whose jobs are groups and read nothing of their configuration but their number."""

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """A copy of the sweep's own configuration, which engines write into."""
        del sweep_overrides
        return copy.deepcopy(master_config)


class JobComposer:
    """Composes the jobs of one sweep, whose own configuration is `master`."""

    def __init__(self, loader: JobLoader, master: DictConfig) -> None:
        self._loader, self._master = loader, master
        self._parser = OverridesParser.create(config_loader=loader)
        self._composed: dict[tuple[str, ...], dict[str, Any]] = {}

    def compose(self, origin: int, words: Sequence[str]) -> Job | Refusal:
        """One job, with the words that the sweep gives to every job."""
        try:
            mapping = self._mapping(absolute(words))
        except Exception as error:  # noqa: BLE001  (Hydra's complaints have no common base)
            refusal = ConfigurationError(explain(error, "train"))
            return Refusal(origin, tuple(words), {"overrides": list(words)}, refusal)
        try:
            config = load(ExperimentConfig, mapping | {"resume": None, "fail_fast": False, "workers": None})
        except BreakoutError as error:
            return Refusal(origin, tuple(words), mapping, error)
        return Job(origin, tuple(words), config)

    def _mapping(self, words: Sequence[str]) -> dict[str, Any]:
        overrides = self._parser.parse_overrides(list(words))
        choices = tuple(word for word, override in zip(words, overrides, strict=True) if self._is_choice(override))
        values = [override for override in overrides if not self._is_choice(override)]
        base = self._choose(choices)
        if not all(_is_plain(override, base) for override in values):
            return self._choose(tuple(words))
        mapping = copy.deepcopy(base)
        given = {override.key_or_group for override in overrides}
        defaults = self._parser.parse_overrides(list(base.get("job_defaults", [])))
        for override in (*(word for word in defaults if word.key_or_group not in given), *values):
            _set(mapping, override.key_or_group.split("."), _value(override.value()))
        return mapping

    def _is_choice(self, override: Override) -> bool:
        return override.package is not None or self._loader.repository.group_exists(override.key_or_group)

    def _choose(self, words: tuple[str, ...]) -> dict[str, Any]:
        if words not in self._composed:
            root, hydra_words = self._master.hydra.job.config_name, list(self._master.hydra.overrides.hydra)
            try:
                composed = plain(self._loader.load_application(root, hydra_words, words))
            except Exception:  # noqa: BLE001  (what needs Hydra's own configuration, or is wrong, as Hydra says it)
                composed = plain(self._loader.load_configuration(root, [*hydra_words, *words], RunMode.RUN))
            self._composed[words] = composed
        return self._composed[words]


def _is_plain(override: Override, base: dict[str, Any]) -> bool:
    """A plain value for a key that exists and is no group."""
    value = _value(override.value())
    found: Any = base
    for part in override.key_or_group.split("."):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    is_simple = value is None or isinstance(value, bool | int | float | str | list)
    return override.type == OverrideType.CHANGE and is_simple and not isinstance(found, dict) and "${" not in str(value)


def _value(value: Any) -> Any:
    if isinstance(value, QuotedString):
        return value.text
    return [_value(item) for item in value] if isinstance(value, list) else value


def _set(mapping: dict[str, Any], path: list[str], value: Any) -> None:
    *groups, key = path
    for group in groups:
        mapping = mapping[group]
    mapping[key] = value
