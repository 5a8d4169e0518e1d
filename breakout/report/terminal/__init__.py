"""Everything that is printed on the terminal. `lines` prints without rich, which takes long to import."""
