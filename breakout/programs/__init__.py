"""The commands of the command line: one module each. The function `run` or `main` returns the exit code.

The table in `breakout.cli.commands` lists the module of each command. The module `arguments` is no command; several
commands read their arguments with it.
"""
