"""The Python interface for notebooks and scripts, whose names `breakout` itself exports.

Each function calls the same code as the command for that purpose. A parameter `overrides` takes the overrides of that
command, such as "warehouse=duckdb". The functions return pandas frames or typed results, which `figures` shows as
tables and charts. Only `run_experiment` and `Picture.save` write results to files.
"""
