"""A limit of one thread for linear algebra, as a context manager or a decorator.

The matrices in this package are small, and threads that share small products mostly wait for each other. Without the
limit, an evaluation in each of two jobs on two cores took eight times as long. The last bits of results would also
depend on the number of cores.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np  # noqa: F401  (loads the linear algebra library, so that the limit finds it)
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit the linear algebra of numpy, and of scipy.linalg if it is imported already, to one thread in the block.

    As a decorator, it limits each call of the function.
    """
    with _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries(has_scipy: bool) -> ThreadpoolController:
    """Return a controller of the libraries of linear algebra that this process has loaded.

    The result is cached, because the search for the libraries takes longer than some evaluations. The import of
    scipy.linalg loads a further library. So `has_scipy`, whether scipy.linalg is imported, is part of the cache's key.
    """
    del has_scipy
    return ThreadpoolController()
