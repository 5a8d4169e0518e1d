"""A column of an Arrow table as an array, without pandas, which pyarrow's own conversion imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def array_of(column: pa.ChunkedArray) -> np.ndarray:
    """Numbers as they are, days as datetime64[D]; shape (n,)."""
    import pyarrow as pa

    values = column.combine_chunks()
    if pa.types.is_date32(values.type):
        return np.from_dlpack(values.view(pa.int32())).astype("datetime64[D]")
    return np.from_dlpack(values)
