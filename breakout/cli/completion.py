"""Shell completion of the last argument of a typed line, for every command.

The shell's script calls `breakout -sc query=SHELL` with the typed line in the environment variable COMP_LINE. Hydra
completes the groups and keys of one root file, but no commands. So this module removes the command from the line, and
lets Hydra complete the rest with the root file of that command.
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

# The possible arguments of commands whose settings Hydra does not compose.
ARGUMENTS_OF = {"features": ("--json", "--contract"), "production": ("rollback", "retire")}


def complete(arguments: Arguments, run_hydra: RunHydra) -> int:
    """Print the possible completions of the typed line, one per line, and return the exit code 0.

    The typed line is the value of the environment variable COMP_LINE. `run_hydra` lets Hydra run a command. `arguments`
    contains the flags that make Hydra print completions.
    """
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
    """Return Hydra's completions `found`, sorted, without the groups that only other commands have.

    Hydra's own keys are returned only if `current`, the argument that is being typed, begins with `hydra`.
    """
    offered = groups_of(command.name)
    folders = {*group_names(), *NOT_CHOSEN} - {*offered, "hydra"}
    kept = {f"{word[:-1]}=" if word[:-1] in offered and word.endswith("/") else word for word in found}
    kept = {word for word in kept if word.rstrip("=/") not in folders or word.count("=") > 1}
    return sorted(word for word in kept if current.startswith("hydra") or not word.startswith("hydra"))


def split_line(line: str) -> tuple[str, list[str], str]:
    """Return the program, the complete arguments, and the argument that is being typed ("" after a space).

    `python -m` before the program is left out.
    """
    line = re.sub(r"^\s*\S*python\S*\s+-m\s+", "", line)
    parts = line.split()
    program = parts[0] if parts else "breakout"
    if len(parts) < 2 or line[-1].isspace():
        return program, parts[1:], ""
    return program, parts[1:-1], parts[-1]


def complete_by_hydra(command: Command, arguments: Arguments, run_hydra: RunHydra) -> list[str]:
    """Return the arguments that Hydra offers for the line in the environment variable COMP_LINE.

    `run_hydra` prints them. If Hydra raises an error, only what was printed before the error is returned.
    """
    printed = io.StringIO()
    # For a half-typed flag, Hydra's parser writes its usage to standard error, which would appear in the typed line.
    quiet = contextlib.redirect_stderr(io.StringIO())
    with contextlib.suppress(Exception, SystemExit), contextlib.redirect_stdout(printed), quiet:
        run_hydra(command, arguments)
    return printed.getvalue().split()
