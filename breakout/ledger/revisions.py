"""The differences between two slates (the ranked players of one day) by one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

NAMED_FEATURES = 3  # the largest number of changed features that a `Move` names


@dataclass(frozen=True)
class Move:
    """One player whose probability or features differ between two slates (the ranked players of one day).

    - `before`, `after`: the probabilities; None if the player is not on that slate.
    - `features`: up to NAMED_FEATURES changed features as (name, before, after). None in place of a value means that
      the value was missing and a default was used. Empty if the player is on one slate only.
    """

    player: str
    before: float | None
    after: float | None
    features: tuple[tuple[str, float | None, float | None], ...]


def find_moves(before: pa.Table, after: pa.Table) -> tuple[Move, ...]:
    """Return the players whose probability or features differ between two slates of one day by one model.

    Players who are on only one slate come first. The others are sorted by the change of probability, the largest first.
    """
    old, new = (
        {(row["game_id"], row["player_lookup"]): row for row in entries.to_pylist()} for entries in (before, after)
    )
    moves = [move for key in sorted({*old, *new}) if (move := _move(old.get(key), new.get(key)))]
    return tuple(sorted(moves, key=_size, reverse=True))


def _move(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Move | None:
    if old is None or new is None:
        row = old or new or {}
        before, after = (None if side is None else side["probability"] for side in (old, new))
        return Move(str(row["player_full_name"]), before, after, ())
    earlier = dict(old["features"])
    changed = [(name, earlier.get(name), value) for name, value in new["features"] if earlier.get(name) != value]
    if old["probability"] == new["probability"] and not changed:
        return None
    return Move(str(new["player_full_name"]), old["probability"], new["probability"], tuple(changed[:NAMED_FEATURES]))


def _size(move: Move) -> float:
    return 1.0 if move.before is None or move.after is None else abs(move.after - move.before)
