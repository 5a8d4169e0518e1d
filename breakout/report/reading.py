"""JSON objects whose keys are attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Record(dict[str, Any]):
    """A JSON object whose keys are attributes too; an absent one is None."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


def record_of(value: Any) -> Any:
    """Return JSON with its objects as records."""
    if isinstance(value, Mapping):
        return Record({key: record_of(item) for key, item in value.items()})
    return [record_of(item) for item in value] if isinstance(value, list) else value
