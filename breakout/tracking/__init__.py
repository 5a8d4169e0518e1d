"""The registration of runs with trackers, services that record runs: MLflow, or a table in BigQuery."""
