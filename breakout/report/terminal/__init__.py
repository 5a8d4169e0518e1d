"""The output on the terminal. The module `lines` works without the library rich, which takes long to import."""
