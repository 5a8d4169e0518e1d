"""Shell completion: the possible next arguments of the typed line, for every command.

Hydra completes groups and keys of one program. The shell's script always calls `breakout -sc query=SHELL`, so the
command is removed from the line here, and Hydra completes with that command's root file.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Callable

from breakout.cli.arguments import Arguments
from breakout.cli.commands import COMMANDS, DEFAULT, Command
from breakout.conf_tree import NOT_CHOSEN, group_names, group_options, groups_of
from breakout.report.terminal.lines import print_line

RunHydra = Callable[[Command, Arguments], int]

# Completions of commands without composed settings. Those that are not listed (`report`, `track`, ...) have none.
ARGUMENTS_OF = {"features": ("--json", "--contract"), "production": ("rollback", "retire")}


def complete(arguments: Arguments, run_hydra: RunHydra) -> int:
    """Print the possible completions of the typed line; print nothing, and no error, if there are none."""
    program, typed, current = split_line(os.environ.get("COMP_LINE", ""))
    command = COMMANDS.get(typed[0]) if typed else None
    found = [] if typed else [name for name in COMMANDS if name.startswith(current)]
    if command is not None and not command.is_composed:
        found += [word for word in ARGUMENTS_OF.get(command.name, ()) if word.startswith(current)]
    else:
        chosen = command or DEFAULT
        group, equals, _ = current.partition("=")
        if equals and group in groups_of(chosen.name):
            found += [f"{group}={option}" for option in group_options(group) if f"{group}={option}".startswith(current)]
        else:
            earlier = typed[1:] if command else typed
            os.environ["COMP_LINE"] = " ".join([program, *earlier, current])
            found += keep_composed(complete_by_hydra(chosen, arguments, run_hydra), chosen, current)
    print_line("\n".join(found))
    return 0


def keep_composed(found: list[str], command: Command, current: str) -> list[str]:
    """Return those of Hydra's completions that are groups and keys of this command.

    Hydra itself offers every folder of `conf/`, also those of other commands.
    """
    offered = groups_of(command.name)
    folders = {*group_names(), *NOT_CHOSEN} - {*offered, "hydra"}
    kept = {f"{word[:-1]}=" if word[:-1] in offered and word.endswith("/") else word for word in found}
    kept = {word for word in kept if word.rstrip("=/") not in folders or word.count("=") > 1}
    return sorted(word for word in kept if current.startswith("hydra") or not word.startswith("hydra"))


def split_line(line: str) -> tuple[str, list[str], str]:
    """Return the program, the finished arguments, and the one being typed (empty after a space)."""
    line = re.sub(r"^\s*\S*python\S*\s+-m\s+", "", line)
    parts = line.split()
    program = parts[0] if parts else "breakout"
    if len(parts) < 2 or line[-1].isspace():
        return program, parts[1:], ""
    return program, parts[1:-1], parts[-1]


def complete_by_hydra(command: Command, arguments: Arguments, run_hydra: RunHydra) -> list[str]:
    """Return the arguments that Hydra offers for the line in the environment variable COMP_LINE."""
    printed = io.StringIO()
    # Hydra's parser writes its usage to standard error for a half-typed flag. The shell completes from standard output
    # only, so the usage would appear in the middle of the typed line.
    quiet = contextlib.redirect_stderr(io.StringIO())
    with contextlib.suppress(Exception, SystemExit), contextlib.redirect_stdout(printed), quiet:
        run_hydra(command, arguments)
    return printed.getvalue().split()
