"""Tests that the package uses only public modules and attributes of other packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"breakout", "hydra_plugins", "examples", "tests", "__future__"}


def is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split("."))


def private_uses(source: str) -> Iterator[str]:
    """Yield the private modules and attributes of other packages that a module imports or reads."""
    tree = ast.parse(source)
    imported = {bound: name for node in ast.walk(tree) for bound, name in imports(node) if root_of(name) not in OURS}
    yield from filter(is_private, imported.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            base: ast.expr = node
            while isinstance(base, ast.Attribute | ast.Call):
                base = base.func if isinstance(base, ast.Call) else base.value
            if isinstance(base, ast.Name) and base.id in imported:
                yield f"{imported[base.id]}.{node.attr}"


def imports(node: ast.AST) -> list[tuple[str, str]]:
    """Return the names that an import statement binds, each with the full name of what it imports."""
    if isinstance(node, ast.Import):
        return [(alias.asname or root_of(alias.name), alias.name) for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [(alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names]
    return []


def root_of(name: str) -> str:
    return name.partition(".")[0]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import hydra._internal", ["hydra._internal"]),
        ("from hydra._internal.callbacks import Callbacks", ["hydra._internal.callbacks.Callbacks"]),
        ("from os import _exit", ["os._exit"]),
        ("import os\nos._exit(0)", ["os._exit"]),
        ("from a.b import C\nC.instance().x._y", ["a.b.C._y"]),
        ("from breakout.sweeps import _secret\nself._own\nimport os\nos.__file__", []),
    ],
)
def test_private_uses_are_found(source: str, found: list[str]) -> None:
    assert list(private_uses(source)) == found


def test_no_module_uses_private_parts_of_another_package() -> None:
    found = {
        (file.relative_to(ROOT).as_posix(), use)
        for folder in ("breakout", "hydra_plugins")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for use in private_uses(file.read_text(encoding="utf-8"))
    }
    assert found == set()
