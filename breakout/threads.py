"""A limit of one thread for linear algebra, as a context manager or a decorator.

The matrices in this package are small, so several threads mostly wait for each other. Without the limit, evaluations in
two parallel jobs on two cores took eight times as long. The last bits of results would also depend on the number of
cores.
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
    """Limit the linear algebra of numpy to one thread, in a block or in each call of a decorated function.

    The limit includes scipy.linalg if it is imported already.
    """
    with _libraries("scipy.linalg" in sys.modules).limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries(has_scipy: bool) -> ThreadpoolController:
    """Return a controller of the libraries of linear algebra that this process has loaded.

    The result is cached, because finding the libraries takes longer than some evaluations. `has_scipy` says whether
    scipy.linalg is imported. The cache depends on this flag, because that import loads a further library.
    """
    del has_scipy
    return ThreadpoolController()
