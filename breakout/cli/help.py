"""The texts of the help pages; this module imports no large library."""

from __future__ import annotations

import re
import textwrap

from breakout.cli.commands import TABLE, Command
from breakout.conf_tree import conf_dir, group_names, group_options, groups_of
from breakout.report.terminal.lines import wrap_entry

INTRODUCTION = """\
breakout: how likely is a role player's breakout tonight?

Trains and checks models on NBA games: one definition of every feature for
training, evaluation and prediction, proof that no feature sees the future, and
numbers that carry their uncertainty."""

FIRST_STEPS = """\
Six commands to begin with
  breakout                                      train, evaluate on later games
  breakout dry_run=true                         show the plan, fit nothing
  breakout features                             every feature, with its meaning
  breakout mode=experimental features=enhanced  try other features
  breakout -m model.depth=4,6,8 seed=1,2        a sweep: every combination
  breakout experiment=production/prod_v2_feb    a frozen experiment"""

SETTINGS = """\
Settings
  group=option        chooses an option of a group below: model=logistic
  key=value           sets one key: model.depth=6 target.max_ppg=18 name=deeper
  key=a,b -m          sweeps over values
  --cfg job           shows the composed configuration instead of running; with --resolve, --package model
  --info defaults     shows where it came from
  --hydra-help        Hydra's own flags
  -sc install=bash    shell completion: eval "$(breakout -sc install=bash)" """

EXIT_CODES = """\
Exit codes
  0 done   1 a check or a job failed   2 usage or configuration   3 data or warehouse
  HYDRA_FULL_ERROR=1 shows the traceback behind an error."""

_COMMAND = re.compile(r"  breakout( \S+)*")
_NAME = re.compile(r".*?# |  \S.*?  +|  \S+ +|breakout ")  # matches the part of a line before its description


def main_page() -> str:
    """Return the text of `breakout --help`; its lines are not wrapped yet."""
    commands = "\n".join(f"  {command.name:<11}{command.summary}" for command in TABLE)
    return "\n\n".join(
        (
            INTRODUCTION,
            FIRST_STEPS,
            f"Commands (breakout COMMAND --help shows more)\n{commands}",
            SETTINGS.rstrip(),
            groups(group_names()),
            EXIT_CODES,
        )
    )


def command_page(command: Command) -> str:
    """Return the text of `breakout COMMAND --help`; its lines are not wrapped yet."""
    usage = "\n".join(f"  {line}" for line in command.usage)
    parts = [f"breakout {command.name}: {command.summary}", f"For example\n{usage}"]
    if command.is_composed:
        root = (conf_dir() / f"{command.name}.yaml").read_text(encoding="utf-8")
        names = groups_of(command.name)
        parts += [groups(names)] if names else []
        parts += [f"Keys of its own, with their defaults\n{own_keys(root)}"]
        parts += [f"`breakout {command.name} --cfg job` shows every key."]
    return "\n\n".join((*parts, EXIT_CODES))


def wrap_page(page: str, width: int) -> str:
    """Return a page with its lines wrapped at words to at most `width` characters.

    A wrapped line continues below the start of its description, such as the text after a command's name or after `# `.
    Commands among the examples are not wrapped, so that they can be copied.
    """
    return "\n".join(line if _COMMAND.fullmatch(line) else _wrap(line, width) for line in page.split("\n"))


def _wrap(line: str, width: int) -> str:
    found = _NAME.match(line)
    return wrap_entry(line, width, min(found.end(), width // 2) if found else 0)


def groups(names: list[str]) -> str:
    """Return a table of the groups `names`, each with its options, under a heading."""
    indent = " " * (max(map(len, names), default=0) + 4)
    lines = [
        textwrap.fill(
            " | ".join(group_options(name)),
            width=80,
            initial_indent=f"  {name}".ljust(len(indent)),
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        for name in names
    ]
    return "\n".join(["Groups and their options", *lines])


def own_keys(root: str) -> str:
    """Return the lines that define keys in a root file of `conf/`, without the defaults list and comments.

    `root` is the text of the file.
    """
    body = root.partition("\ndefaults:")[2].partition("\n\n")[2].splitlines()
    keys = [line for line in body if line and not line.lstrip().startswith("#")]
    return "\n".join(f"  {line}" for line in keys)
