"""Everything that a job needs, imported once in the server from which workers are forked. Nothing in, nothing out."""

import gc
from importlib import import_module

MODULES = (
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.preprocessing",
    "yaml",
    "breakout.models.base_rate",
    "breakout.models.catboost",
    "breakout.models.logistic",
    "breakout.sweeps.running",
    "breakout.warehouse.cache",
)

# What is imported stays: looking through it for garbage costs a tenth of the imports here, and memory in each worker.
gc.disable()
for name in MODULES:
    import_module(name)
gc.freeze()
gc.enable()
