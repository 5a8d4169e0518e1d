"""Reading of source tables from files: find them, check each one, and convert its columns to the declared types."""
