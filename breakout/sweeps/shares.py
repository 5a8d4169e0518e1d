"""Which worker carries out which groups: groups with their estimates in, a share for each worker out.

Estimates say where a group waits; a worker that is done with its own takes over what another has not begun.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from breakout.sweeps.cost import ROWS_SECONDS

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


class Estimated(Protocol):
    """What is known of a group before it is begun: its seconds on one core, and which rows it learns from."""

    @property
    def seconds(self) -> float: ...

    @property
    def rows(self) -> Hashable: ...


Work = TypeVar("Work", bound=Estimated)

EVEN_ENOUGH = 0.01  # of the longest share
MANY = 100  # groups that even themselves out, while looking at all their pairs would cost more than it gains
ROWS_AT_HAND = 4  # windows that a worker remembers the parts and baselines of, see experiment.fitting


@dataclass
class Share(Generic[Work]):
    """Groups of one worker and what they take: their own seconds, and once for the same rows what makes them ready."""

    groups: list[Work] = field(default_factory=list)
    rows: Counter[Hashable] = field(default_factory=Counter)
    seconds: float = 0.0

    def seconds_with(self, taken: Work | None, given: Work | None = None) -> float:
        """What the share would take with one group more and another one less."""
        seconds = self.seconds
        if taken is not None:
            is_new = not self.rows[taken.rows]
            seconds += taken.seconds + is_new * ROWS_SECONDS
        if given is not None:
            is_last = self.rows[given.rows] == 1 and (taken is None or taken.rows != given.rows)
            seconds -= given.seconds + is_last * ROWS_SECONDS
        return seconds

    def exchange(self, taken: Work | None, given: Work | None = None) -> None:
        """Take one group and give another away."""
        self.seconds = self.seconds_with(taken, given)
        if taken is not None:
            self.groups.append(taken)
            self.rows[taken.rows] += 1
        if given is not None:
            self.groups = [group for group in self.groups if group is not given]
            self.rows[given.rows] -= 1

    def in_order(self) -> list[Work]:
        """The costliest first; of more rows than a worker remembers, those of the same rows together."""
        ordered = sorted(self.groups, key=lambda group: -group.seconds)
        places = {rows: place for place, rows in enumerate(dict.fromkeys(group.rows for group in ordered))}
        return ordered if len(places) <= ROWS_AT_HAND else sorted(ordered, key=lambda group: places[group.rows])


def share_out(groups: Sequence[Work], workers: int) -> list[list[Work]]:
    """Give the costliest group first to whoever would be done with it first, then even the shares out."""
    shares: list[Share[Work]] = [Share() for _ in range(workers)]
    for group in sorted(groups, key=lambda group: -group.seconds):
        min(shares, key=lambda share: share.seconds_with(group)).exchange(group)
    while len(groups) < MANY and _even_out(shares):
        pass
    return [share.in_order() for share in shares]


def _even_out(shares: Sequence[Share[Work]]) -> bool:
    """Move a group out of the longest share, or swap it, where that helps most; False if nothing helps enough."""
    longest = max(shares, key=lambda share: share.seconds)
    others = [share for share in shares if share is not longest]
    if not others or len(longest.groups) < 2:
        return False
    seconds, other, taken, given = min(
        (
            (max(longest.seconds_with(taken, given), other.seconds_with(given, taken)), other, taken, given)
            for other in others
            for given in longest.groups
            for taken in (None, *other.groups)
        ),
        key=lambda exchange: exchange[0],
    )
    if longest.seconds - seconds <= EVEN_ENOUGH * longest.seconds:
        return False
    longest.exchange(taken, given)
    other.exchange(given, taken)
    return True


class Waiting(Generic[Work]):
    """Groups that are not begun, each at the place of the worker that is to begin it."""

    def __init__(self, groups: Sequence[Work], places: int) -> None:
        self._shares = share_out(groups, places)

    def __len__(self) -> int:
        return sum(map(len, self._shares))

    def take(self, place: int) -> Work:
        """The next group of a place; where it has none, the last one of the place that has most to do."""
        if self._shares[place]:
            return self._shares[place].pop(0)
        return max(self._shares, key=lambda share: sum(group.seconds for group in share)).pop()

    def put_back(self, group: Work, place: int) -> None:
        """Have a group begun before all others of a place."""
        self._shares[place].insert(0, group)
