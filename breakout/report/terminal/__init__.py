"""Everything that is printed on the terminal; the modules that need rich import it only when they print."""
