"""The warehouse in BigQuery: client, jobs, error messages, and the tables that the program writes there."""
