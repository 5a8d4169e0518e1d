"""Functions for notebooks and scripts, which the package `breakout` exports.

The functions run the same code as the commands. A parameter `overrides` takes the command's overrides, such as
"warehouse=duckdb". The functions return pandas frames or typed results. The module `figures` shows these as tables and
charts. Only `run_experiment` and `Picture.save` write results to files.
"""
