"""The programs: one module a command, named as the command is typed; each returns the exit code."""
