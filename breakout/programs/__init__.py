"""The programs: one module for each command, with the command's name; each returns the exit code."""
