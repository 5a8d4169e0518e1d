"""The settings group of prices: the file or table that holds them, its format, and the rules for stakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from breakout.settings.groups import FilePath


@dataclass(frozen=True)
class PricesConfig:
    """The prices of bookmakers and the rules for stakes.

    The prices are in `file` or in the BigQuery table `table`; both are None without prices. `odds` is their format.
    `margin` is the method that removes the bookmaker's margin from the probabilities that prices imply. `kelly` is the
    share of the Kelly fraction that is staked, `max_stake` the largest stake as a share of the bank, and `min_edge` the
    least expected value per unit staked.
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
        """Whether a file or a table of prices is given."""
        return self.file is not None or self.table is not None
