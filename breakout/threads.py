"""A limit of one thread for linear algebra, as a context or a decorator.

The matrices here are small. On several threads their products wait for each other: with two sweep jobs on two cores an
evaluation took eight times as long. The last bits of results would also depend on the number of cores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np  # noqa: F401  (loads the library that is limited here)
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit the linear algebra of numpy, and of scipy if it is imported already, to one thread."""
    with _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries(has_scipy: bool) -> ThreadpoolController:
    """Return the loaded libraries of linear algebra.

    The result is kept, because the search takes longer than some evaluations.
    """
    del has_scipy
    return ThreadpoolController()
