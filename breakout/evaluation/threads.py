"""One thread for linear algebra while an evaluation runs.

The matrix products here are small. Spread over threads they wait for each other, and with two sweep jobs on two
cores an evaluation took eight times as long; their last bits would also depend on the number of cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold numpy's linear algebra to one thread; serves as a decorator too."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
