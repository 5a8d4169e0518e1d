"""One thread for linear algebra while it runs, whatever the machine has: a context, or a decorator.

The matrices here are small. Spread over threads their products wait for each other, and with two sweep jobs on two
cores an evaluation took eight times as long; their last bits would also depend on the number of cores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np  # noqa: F401  (brings its library)
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold the linear algebra of numpy, and of scipy where it is imported by now, to one thread."""
    with _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries(has_scipy: bool) -> ThreadpoolController:
    """Return the loaded libraries of linear algebra, looked up once, which takes longer than some evaluations."""
    del has_scipy
    return ThreadpoolController()
