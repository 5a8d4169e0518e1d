"""Everything that a job needs, imported once in the server from which workers are forked. Nothing in, nothing out."""

import atexit
import gc
import os
import sys
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

# With Arrow's own pool of memory, one of two forked workers that begin to read together stalls longer than both read.
arrow = import_module("pyarrow")
arrow.set_memory_pool(arrow.system_memory_pool())

# The server has nothing to put away, and whoever reads the sweep's output waits for its end.
if any("multiprocessing.forkserver" in word for word in sys.orig_argv):
    atexit.register(os._exit, 0)
