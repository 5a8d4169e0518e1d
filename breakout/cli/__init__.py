"""The command line: it runs the command that the first argument names and returns an exit code.

- 0: success.
- 1: a failed check or job, or a fault of the program.
- 2: wrong usage or configuration.
- 3: an error in the data.
- 130: interrupted by Ctrl-C.
- 141: the reader of the output closed the pipe.

This module imports no large library such as Hydra, so that `--help` answers at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from breakout import __version__
from breakout.cli.arguments import CONFIG_DIR, FLAGS_ALONE, LONG_FORMS, sort_arguments, split_config_dirs
from breakout.cli.commands import COMMANDS, DEFAULT, Command
from breakout.cli.failure import print_failure
from breakout.cli.help import command_page, main_page, wrap_page
from breakout.errors import ConfigurationError, nearest_name
from breakout.report.terminal.lines import (
    discard_output,
    flush_output,
    prepare_output,
    print_error,
    print_line,
    terminal_width,
)

INTERRUPTED = 130  # exit code after Ctrl-C; shells report it too
COMPOSING = ("doctor", "features")  # these commands have no file in conf/, but compose the settings of train
PIPE_CLOSED = 141  # exit code if the reader closed the pipe, as in `breakout features | head`; shells report it too


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return the exit code; errors are printed on standard error, not raised.

    If the reader of the output closed the pipe, no error is printed. `argv` are the arguments after the program's name;
    None means the arguments of this process.
    """
    prepare_output()
    try:
        code = dispatch(list(sys.argv[1:] if argv is None else argv))
        flush_output()  # else a BrokenPipeError would only come at exit, where Python prints it
    except KeyboardInterrupt:
        print_error("breakout: interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001  (the last handler: every error needs a message and an exit code)
        return print_failure(error)
    return code


def dispatch(arguments: list[str]) -> int:
    """Run the command that the arguments name, or train if they name none, and return the exit code.

    `--help` and `--version` print a text instead. ConfigurationError for wrong arguments. Errors of the command are
    raised.
    """
    check_readable(arguments)
    command, rest = split_command(arguments)
    if "--help" in rest or "-h" in rest:
        page, width = main_page() if command is None else command_page(command), terminal_width()
        print_line(page if width is None else wrap_page(page, width))
        return 0
    if command is None and rest == ["--version"]:
        print_line(f"breakout {__version__}")
        return 0
    if command is not None and not command.is_composed:
        return int(importlib.import_module(command.module).main(with_search_path(command, rest)))
    return run_command(command or DEFAULT, rest)


def check_readable(arguments: list[str]) -> None:
    """Raise ConfigurationError for an argument with bytes that are not valid in the encoding of this process."""
    encoding = sys.getfilesystemencoding()
    for argument in arguments:
        if any("\ud800" <= letter <= "\udfff" for letter in argument):
            is_utf8 = encoding.lower().replace("-", "") == "utf8"
            remedy = "type it in UTF-8, or rename the file" if is_utf8 else "set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
            raise ConfigurationError(f"cannot read {argument!a}: it holds bytes that are not {encoding}; {remedy}.")


def split_command(arguments: list[str]) -> tuple[Command | None, list[str]]:
    """Return the command that the first argument names, and the other arguments.

    The flags `-m` and `--config-dir DIR` may precede the command. If the arguments name no command, return None and all
    arguments. ConfigurationError for an unknown command.
    """
    first = 0
    while first < len(arguments) and (arguments[first] in ("-m", "--multirun") or is_config_dir(arguments[first])):
        # In `--config-dir DIR` the folder is an argument of its own, in `--config-dir=DIR` it is not.
        first += 2 if is_config_dir(arguments[first]) and "=" not in arguments[first] else 1
    if first >= len(arguments):
        return None, arguments
    name = arguments[first]
    if name in COMMANDS:
        return COMMANDS[name], arguments[:first] + arguments[first + 1 :]
    if "=" in name or name.startswith(("-", "~")):
        return None, arguments
    guess = nearest_name(name, (*COMMANDS, *FLAGS_ALONE))
    guess = FLAGS_ALONE.get(guess, guess) if guess else None
    meant = f"did you mean `breakout {guess}`?" if guess else f"the commands are {', '.join(COMMANDS)}."
    raise ConfigurationError(f"there is no command {name}: {meant}")


def is_config_dir(argument: str) -> bool:
    """Return whether an argument is `--config-dir` or its short form `-cd`, alone or followed by `=DIR`."""
    flag = argument.partition("=")[0]
    return LONG_FORMS.get(flag, flag) == CONFIG_DIR


def with_search_path(command: Command, rest: list[str]) -> list[str]:
    """Return the arguments of `doctor` or `features`, with `--config-dir DIR` replaced by an override.

    The override sets `hydra.searchpath`. Other commands keep their arguments. ConfigurationError unless DIR is a
    readable folder.
    """
    if command.name not in COMPOSING or not any(map(is_config_dir, rest)):
        return rest
    from breakout.settings.config_dirs import search_path_overrides

    folders, others = split_config_dirs(rest)
    return [*search_path_overrides(folders), *others]


def run_command(command: Command, rest: list[str]) -> int:
    """Run a command whose settings Hydra composes, and return its exit code.

    For a shell's completion script (`-sc query=SHELL`), print the possible completions instead. ConfigurationError for
    wrong arguments or settings. Errors of the command are raised.
    """
    # OpenBLAS would start threads that stay idle, because `one_blas_thread` limits linear algebra to one thread.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    arguments = sort_arguments(rest, command.name)
    from breakout.cli.program import run_composed

    if arguments.is_completion and any(override.startswith("query=") for override in arguments.overrides):
        from breakout.cli.completion import complete

        return complete(arguments, run_composed)
    return run_composed(command, arguments)
