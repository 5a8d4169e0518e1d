"""The data files that `breakout daily` writes: ranked and skipped players of one day, for all models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from breakout.production.slate import RANKED_COLUMNS, SKIPPED_COLUMNS
from breakout.production.slate_output import skipped_path, write_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from breakout.ledger.recording import DaySlate

MODEL_COLUMNS = ("role", "model", "bundle")


def write_day(slates: Sequence[DaySlate], out: str, top: int | None) -> list[str]:
    """Write the ranked players of all models to the file `out`, the skipped ones to a second file; return both paths.

    If `out` is NAME.EXTENSION, the second file is NAME.skipped.EXTENSION. The columns are role, model (the name of the
    training run) and bundle (the fingerprint of the saved model), then the other columns of `Slate.ranked` or
    `Slate.skipped`.

    `top` limits the ranked rows of each model; None sets no limit. Both files are written even if they have no rows, so
    that files of an earlier day are not mistaken for files of this day. DataError if a file cannot be written.
    """
    path = Path(out)
    ranked, skipped = [], []
    for found in slates:
        if found.slate is not None:
            model = {"role": found.role, "model": found.name, "bundle": found.fingerprint}
            ranked.append(found.slate.ranked[:top].assign(**model))
            skipped.append(found.slate.skipped.assign(**model))
    beside = skipped_path(path)
    write_rows(_join(ranked, RANKED_COLUMNS), path)
    write_rows(_join(skipped, SKIPPED_COLUMNS), beside)
    return [str(path), str(beside)]


def _join(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    rows = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=list(columns))
    others = [name for name in rows.columns if name not in MODEL_COLUMNS]
    return rows.reindex(columns=[*MODEL_COLUMNS, *others])
