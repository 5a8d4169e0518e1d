"""The settings of a model that the user builds, and the text of the file that builds it.

Settings hold the text itself, so that a run's settings.yaml, its fingerprint and its reproduction need no other file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from breakout.errors import ConfigurationError

BuildFunction = Annotated[
    str,
    Meta(pattern=r"^.+\.py:[A-Za-z_]\w*$", description="of a file and a function in it, such as my_model.py:build"),
]


@dataclass(frozen=True)
class SklearnConfig:
    """A scikit-learn classifier that a function of the user returns.

    `build` is FILE.py:FUNCTION, and `build_text` the text of that file; None is read from the file. The function is
    called with `seed` and, unless null, with `params` as keywords.
    """

    kind: Literal["sklearn"]
    build: BuildFunction
    params: dict[str, bool | int | float | str | None] | None = field(hash=False)  # a dict has no hash
    build_text: str | None


def with_build_text(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which `model.build_text` holds the text of the file that `model.build` names.

    A text that the settings have already is kept. ConfigurationError if the file cannot be read.
    """
    from breakout.settings.user_files import read_text

    model = mapping.get("model")
    if not isinstance(model, Mapping) or model.get("kind") != "sklearn" or model.get("build_text") is not None:
        return mapping
    path, has_function, _ = str(model.get("build")).rpartition(":")
    if not has_function:  # the value is refused, with its form, when it is converted
        return mapping
    file = Path(path).expanduser()
    if not file.is_file():
        raise ConfigurationError(f"model.build names {path}, but there is no such file in {Path.cwd()}.")
    return mapping | {"model": {**model, "build_text": read_text(file)}}
