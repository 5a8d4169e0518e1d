"""The settings of a model that the user's Python file builds, with the text of that file.

The settings hold the text, so that a run's settings.yaml, its fingerprint and its reproduction need no other file.
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

    `build` is FILE.py:FUNCTION. `build_text` is the text of that file; if it is None in a mapping, `load` reads the
    file. The function is called with the keyword `seed`, and with the items of `params` as keywords unless it is null.
    """

    kind: Literal["sklearn"]
    build: BuildFunction
    params: dict[str, bool | int | float | str | None] | None = field(hash=False)  # a dict has no hash
    build_text: str | None


def with_build_text(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return settings in which `model.build_text` holds the text of the file that `model.build` names.

    If `model.build_text` already holds a text, the settings are returned unchanged. ConfigurationError if the file
    cannot be read.
    """
    from breakout.settings.user_files import read_text

    model = mapping.get("model")
    if not isinstance(model, Mapping) or model.get("kind") != "sklearn" or model.get("build_text") is not None:
        return mapping
    path, has_function, _ = str(model.get("build")).rpartition(":")
    if not has_function:  # the conversion of the value to `BuildFunction` refuses it later
        return mapping
    file = Path(path).expanduser()
    if not file.is_file():
        raise ConfigurationError(f"model.build names {path}, but there is no such file in {Path.cwd()}.")
    return mapping | {"model": {**model, "build_text": read_text(file)}}
