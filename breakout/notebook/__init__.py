"""The Python interface for notebooks and scripts; the package `breakout` exports its functions.

A function with the purpose of a command calls the same code as the command. Its parameter `overrides` takes the
command's overrides, such as "warehouse=duckdb". The functions return pandas frames or typed results, which the module
`figures` shows as tables and charts. Only `run_experiment` and `Picture.save` write results to files.
"""
