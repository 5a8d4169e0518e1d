"""The registration of runs with trackers: MLflow, or a table of experiments in BigQuery."""
