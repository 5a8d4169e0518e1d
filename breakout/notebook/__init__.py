"""The Python interface for notebooks and scripts; `breakout` itself exports its functions.

A function that has the purpose of a command calls the same code as the command. A parameter `overrides` takes the
overrides of that command, such as "warehouse=duckdb". The functions return pandas frames or typed results, which
`figures` shows as tables and charts. Only `run_experiment` and `Picture.save` write results to files.
"""
