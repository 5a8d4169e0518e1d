"""The reading of YAML files that the user wrote; errors name file and line.

OmegaConf parses the text, as it does for Hydra. Unlike plain PyYAML, OmegaConf refuses a repeated key and reads 1e-3 as
a number.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from breakout.errors import ConfigurationError


def read_text(file: Path) -> str:
    """Return a file's text without a byte order mark; ConfigurationError if it cannot be read or is not UTF-8."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read ({error.strerror}): check its permissions.") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"{file}, line {line}: byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8."
        ) from error


def parse_yaml(text: str, file: Path) -> Any:
    """Return the content of a YAML text as lists and dicts; None for a single number or truth value.

    A single text becomes a dict with the text as key, an empty file an empty dict. ConfigurationError, which names
    `file` and the line, if the text is not valid YAML or nested too deeply.
    """
    return None if (config := _parse(text, file)) is None else OmegaConf.to_container(config, resolve=False)


def _parse(text: str, file: Path) -> Any:
    try:
        return OmegaConf.load(io.StringIO(text))
    except yaml.YAMLError as error:
        raise ConfigurationError(describe_yaml_error(error, file)) from error
    except RecursionError as error:
        raise ConfigurationError(f"{file} is nested too deeply: write fewer brackets inside one another.") from error
    except OSError:  # OmegaConf raises it for a single number or truth value
        return None


def parse_mapping(text: str, file: Path) -> DictConfig:
    """Return the keys and values of a YAML text, which may be empty.

    ConfigurationError, which names `file`, if the text is not valid YAML or contains a list or a single value.
    """
    config = _parse(text, file)
    # OmegaConf reads a single word as a key without a value. Such a file is refused, because no key was meant.
    if not isinstance(config, DictConfig) or (len(config) == 1 and ":" not in text):
        raise ConfigurationError(f"{file} holds no keys: a configuration file consists of lines KEY: VALUE.")
    return config


def describe_yaml_error(error: yaml.YAMLError, file: Path | str | None = None) -> str:
    """Describe the error in a YAML text: what is wrong, in which line of which file, and what to write instead."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error).strip()
    place = str(file or getattr(mark, "name", None) or "a configuration file")
    where = f"{place}, line {mark.line + 1}" if mark is not None else place
    if "\\t" in problem:
        return f"{where}: YAML is indented with spaces, and this line holds a tab; replace it by spaces."
    if "duplicate key" in problem:
        key = problem.rpartition(" ")[2]
        return f"{where}: the key {key!r} is there twice; keep one of the two."
    if "another document" in problem:
        return f"{where}: the file holds several documents (---); keep one."
    return f"{where}: not valid YAML ({problem}); correct the line."
