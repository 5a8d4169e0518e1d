"""The programs: one module for each command of the command line, whose function `run` or `main` returns the exit code.

The table in `breakout.cli.commands` names the module of each command. The module `arguments` is shared by some of them.
"""
