"""A test that the example feature of README.md passes the example test of docs/adding_a_feature.md."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from breakout import dataset
from breakout.features.feature import Feature
from breakout.features.registry import REGISTRY, build_registry

ROOT = Path(__file__).parents[2]


def python_block(page: str) -> str:
    """Return the only block of Python on a page."""
    (text,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    return str(text)


def test_the_entry_of_the_readme_passes_the_test_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = eval(python_block("README.md"), {"Feature": Feature})  # noqa: S307  (our own page)
    registry = build_registry(tuple(REGISTRY.values()), (entry,))
    monkeypatch.setattr(dataset, "build_dataset", partial(dataset.build_dataset, registry=registry))
    shown: dict[str, Any] = {}
    exec(python_block("docs/adding_a_feature.md"), shown)  # noqa: S102  (our own page)
    (test,) = (value for name, value in shown.items() if name.startswith("test_"))
    test()
