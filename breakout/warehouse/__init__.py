"""Access to the source tables (box scores, schedule, injury reports) in files or in BigQuery."""
