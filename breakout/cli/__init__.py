"""The command line: words go in, a program runs, an exit code comes out (0 done, 1 no, 2 configuration, 3 data).

`--help` and `features` answer without importing Hydra or anything else that is heavy.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

from breakout import __version__
from breakout.cli.commands import COMMANDS, DEFAULT, Command
from breakout.cli.failure import tell
from breakout.cli.help import command_page, main_page
from breakout.cli.words import sort_words
from breakout.errors import ConfigurationError
from breakout.report.terminal.lines import accept_any_encoding, discard_output, flush_output, print_error, print_line

INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C
PIPE_CLOSED = 141  # and for one whose reader has gone, as in `breakout features | head`


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; every error ends here, as one or two sentences and an exit code."""
    accept_any_encoding()
    try:
        code = dispatch(list(sys.argv[1:] if argv is None else argv))
        flush_output()  # a reader that has gone is noticed here: at exit Python would print a complaint
    except KeyboardInterrupt:
        print_error("breakout: interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001  (the last handler: nothing may leave without a sentence and a code)
        return tell(error)
    return code


def dispatch(words: list[str]) -> int:
    """Run the command that the first argument names with the others."""
    check_readable(words)
    command, rest = split_command(words)
    if "--help" in rest or "-h" in rest:
        print_line(main_page() if command is None else command_page(command))
        return 0
    if command is None and rest == ["--version"]:
        print_line(f"breakout {__version__}")
        return 0
    if command is not None and not command.is_composed:
        return int(importlib.import_module(command.module).main(rest))
    return run(command or DEFAULT, rest)


def check_readable(words: list[str]) -> None:
    """Refuse arguments with bytes that are no text in the encoding of this process."""
    encoding = sys.getfilesystemencoding()
    for word in words:
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            is_utf8 = encoding.lower().replace("-", "") == "utf8"
            remedy = "type it in UTF-8, or rename the file" if is_utf8 else "set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
            raise ConfigurationError(f"cannot read {word!a}: it holds bytes that are not {encoding}; {remedy}.")


def split_command(words: list[str]) -> tuple[Command | None, list[str]]:
    """The command, if the first word is one; `-m` may stand before it. An override or a flag means train."""
    first = next((index for index, word in enumerate(words) if word not in ("-m", "--multirun")), None)
    if first is None:
        return None, words
    word = words[first]
    if word in COMMANDS:
        return COMMANDS[word], words[:first] + words[first + 1 :]
    if "=" not in word and not word.startswith(("-", "~")):
        raise ConfigurationError(unknown_command(word))
    return None, words


def unknown_command(word: str) -> str:
    import difflib

    guess = difflib.get_close_matches(word, COMMANDS, n=1)
    meant = f"did you mean `breakout {guess[0]}`?" if guess else f"the commands are {', '.join(COMMANDS)}."
    return f"there is no command {word}: {meant}"


def run(command: Command, rest: list[str]) -> int:
    """A composed program; from here on Hydra is needed."""
    # All linear algebra here is held to one thread. A library that never has more makes none, which would turn idly.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = sort_words(rest, command.name)
    from breakout.cli.program import run_composed

    if words.is_completion and any(word.startswith("query=") for word in words.overrides):
        from breakout.cli.completion import complete

        return complete(words, run_composed)
    return run_composed(command, words)
