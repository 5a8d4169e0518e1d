"""The output on the terminal. The module `lines` does not import rich, which takes long to import."""
