"""The folder of configuration files: its path, its groups and their options.

The help page lists the groups and must appear fast, so this module imports no large library.
"""

from __future__ import annotations

from pathlib import Path

# Folders of `conf/` without options for the user: `hydra` contains settings of Hydra itself, `local` settings of this
# computer.
NOT_CHOSEN = {"hydra", "local"}


def conf_dir() -> Path:
    """Return the folder of configuration files: `breakout/conf` in an installed wheel, `conf` in a checkout."""
    package = Path(__file__).resolve().parent
    inside, beside = package / "conf", package.parent / "conf"
    return inside if inside.is_dir() else beside


def group_names() -> list[str]:
    """Return the groups (folders of `conf/`) whose options a user may choose, in alphabetical order."""
    return sorted(path.name for path in conf_dir().iterdir() if path.is_dir() and path.name not in NOT_CHOSEN)


def groups_of(command: str) -> list[str]:
    """Return the groups in the defaults list of a command's root file, in alphabetical order.

    FileNotFoundError if `conf/` has no file `COMMAND.yaml`.
    """
    root = (conf_dir() / f"{command}.yaml").read_text(encoding="utf-8")
    return [name for name in group_names() if f"- {name}: " in root]


def group_options(group: str) -> list[str]:
    """Return the sorted options of a group as they are typed after `group=`, such as `research/cv_ratio`.

    The list is empty if the group does not exist.
    """
    folder = conf_dir() / group
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))


def load_presets() -> dict[str, list[str]]:
    """Return the options of the group `features`, and for each option the names of its features."""
    import yaml

    folder = conf_dir() / "features"
    return {name: yaml.safe_load((folder / f"{name}.yaml").read_text())["names"] for name in group_options("features")}
