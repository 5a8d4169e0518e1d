"""The settings group of prices: where they are, how they are read, and how stakes are sized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from breakout.settings.groups import FilePath


@dataclass(frozen=True)
class PricesConfig:
    """Prices in files or in a table of BigQuery, at most one of which is given, and the rules of stakes.

    `margin` names the method that removes the bookmaker's margin. `kelly` is the share of the Kelly fraction that is
    staked, `max_stake` the largest stake as a share of the bank, `min_edge` the least expected value per unit staked.
    """

    file: FilePath | None
    table: str | None
    odds: Literal["decimal", "american"]
    margin: Literal["multiplicative", "power", "shin"]
    kelly: Annotated[float, Meta(gt=0, le=1)]
    max_stake: Annotated[float, Meta(gt=0, le=1)]
    min_edge: Annotated[float, Meta(ge=0, le=10)]

    @property
    def is_given(self) -> bool:
        """Whether there are prices."""
        return self.file is not None or self.table is not None
