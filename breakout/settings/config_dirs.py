"""The folders of configuration files that a user adds with `--config-dir DIR`.

Hydra reads a folder through a `ConfigSource`. The subclass `UserFiles` reads addresses that begin with `breakout://`.
Unlike Hydra's own source for `file://`, `UserFiles` names file and line in its errors.

`UserFiles` also reads files of an older layout. Files of `experiment/`, `sweep/`, `debug/` and `local/` may lack the
line `# @package _global_`, and keys may have their old names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from omegaconf import OmegaConf

from breakout.errors import ConfigurationError
from breakout.settings.named_files import expand_home
from breakout.settings.unknown_keys import COMPOSING_GROUPS
from breakout.settings.values import format_value
from breakout.settings.versions import rename_keys
from breakout.settings.yaml_files import parse_mapping, read_text


class UserFiles(ConfigSource):
    """A folder of configuration files, addressed as `breakout:///absolute/path`."""

    @staticmethod
    def scheme() -> str:
        return "breakout"

    def load_config(self, config_path: str) -> ConfigResult:
        """Return the content of one file of the folder; the content of an empty file is an empty mapping.

        `config_path` is relative to the folder, with or without `.yaml`. Hydra's ConfigLoadError if there is no such
        file. ConfigurationError if the file cannot be read, is not UTF-8, is no YAML mapping, or sets a removed key.
        """
        file = self._file(config_path)
        if not file.is_file():
            raise ConfigLoadError(f"no such file: {file}")
        text = read_text(file)
        config = parse_mapping(text, file)
        package = find_package(text) or ("_global_" if config_path.startswith(COMPOSING_GROUPS) else None)
        if package == "_global_":
            content = cast("dict[str, Any]", OmegaConf.to_container(config, resolve=False))
            config = OmegaConf.create(rename_keys(content))
        return ConfigResult(self.provider, self.full_path(), config, {"package": package})

    def available(self) -> bool:
        return Path(self.path).is_dir()

    def is_group(self, config_path: str) -> bool:
        return (Path(self.path) / config_path).is_dir()

    def is_config(self, config_path: str) -> bool:
        return self._file(config_path).is_file()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        """Return the sorted names in the group `config_path`; OSError if the folder has no such group.

        If `results_filter` is CONFIG, these are the YAML files, without the ending `.yaml`. If `results_filter` is
        GROUP, these are the subfolders. If it is None, both are returned.
        """
        entries = list((Path(self.path) / config_path).iterdir())
        groups = {entry.name for entry in entries if entry.is_dir()}
        configs = {entry.stem for entry in entries if entry.is_file() and entry.suffix == ".yaml"}
        chosen = {ObjectType.GROUP: groups, ObjectType.CONFIG: configs}
        return sorted(groups | configs if results_filter is None else chosen[results_filter])

    def _file(self, config_path: str) -> Path:
        return Path(self.path) / f"{config_path.removesuffix('.yaml')}.yaml"


def find_package(text: str) -> str | None:
    """Return the package in a comment such as `# @package _global_` at the top of a file; None if there is none.

    `text` is the text of the file. The package is the place in the configuration where Hydra puts the keys of the file.
    """
    for line in text.splitlines():
        found = re.fullmatch(r"#\s*@package\s+(\S+)", line.strip())
        if found:
            return found.group(1)
        if line.strip() and not line.lstrip().startswith("#"):
            return None
    return None


def register_user_files() -> None:
    Plugins.instance().register(UserFiles)


def search_path_overrides(folders: Sequence[str]) -> list[str]:
    """Return a list with the override that adds folders to Hydra's search path; [] if there are no folders.

    An earlier folder takes precedence over a later one. ConfigurationError for a path that is not a readable folder.
    """
    if not folders:
        return []
    places = ",".join(format_value(f"{UserFiles.scheme()}://{resolve_folder(folder)}") for folder in folders)
    return [f"hydra.searchpath=[{places}]"]


def resolve_folder(folder: str) -> Path:
    """Return the absolute path of a folder of configuration files; ConfigurationError if it is no readable folder."""
    path = expand_home(folder, "--config-dir")
    try:
        resolved = path.resolve(strict=True)
        is_folder = resolved.is_dir()
        next(resolved.iterdir(), None) if is_folder else None
    except FileNotFoundError:
        raise ConfigurationError(f"--config-dir {folder}: there is no such folder; give the path of one.") from None
    except (OSError, RuntimeError) as error:  # before Python 3.13 a loop of symbolic links raises RuntimeError
        reason = error.strerror if isinstance(error, OSError) else "a loop of symbolic links"
        raise ConfigurationError(f"--config-dir {folder} cannot be read ({reason}): give another folder.") from error
    if not is_folder:
        raise ConfigurationError(
            f"--config-dir {folder} is a file: give the folder that holds experiment/, model/ or another group."
        )
    return resolved
