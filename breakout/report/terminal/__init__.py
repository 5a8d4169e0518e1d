"""The output on the terminal. The module `lines` works without rich, which takes long to import."""
