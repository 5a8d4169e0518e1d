"""Where the tree of YAML files lies, and which options its groups offer: paths and names out.

Imports nothing heavy, so that the help page and error messages can list the tree at once.
"""

from __future__ import annotations

from pathlib import Path

# Parts of the tree that are joined to every command and never chosen by name.
NOT_CHOSEN = {"hydra", "local"}


def conf_dir() -> Path:
    """`breakout/conf` in an installed wheel, `conf` beside the package in a checkout."""
    package = Path(__file__).resolve().parent
    inside, beside = package / "conf", package.parent / "conf"
    return inside if inside.is_dir() else beside


def group_names() -> list[str]:
    """The groups a user chooses from, in alphabetical order."""
    return sorted(path.name for path in conf_dir().iterdir() if path.is_dir() and path.name not in NOT_CHOSEN)


def groups_of(command: str) -> list[str]:
    """The groups that a command's root file composes."""
    root = (conf_dir() / f"{command}.yaml").read_text(encoding="utf-8")
    return [name for name in group_names() if f"- {name}: " in root or f"- {name}@" in root]


def group_options(group: str) -> list[str]:
    """The options of a group as typed after `group=`: `catboost`, `production/prod_v2_feb`."""
    folder = conf_dir() / group
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))
