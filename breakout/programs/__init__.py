"""The programs, one a command and named as it is typed: settings or words in, the exit code out."""
