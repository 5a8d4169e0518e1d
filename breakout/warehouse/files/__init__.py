"""The reading of source tables from files: find them, check every file, and convert columns to the declared types."""
