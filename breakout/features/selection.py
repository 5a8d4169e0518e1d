"""The check of a feature list: shared mode allows one fixed list, experimental mode any list of known features."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from breakout.errors import ConfigurationError, nearest_name
from breakout.features.registry import BREAKOUT_FEATURE_ORDER, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from breakout.features.feature import Feature

NAMED_FEATURES = 3  # the largest number of features that an error message names


def select_features(mode: str, names: Sequence[str], registry: Mapping[str, Feature] = REGISTRY) -> tuple[str, ...]:
    """Return the names of a feature list as a tuple, if the mode allows the list.

    ConfigurationError if the list is empty, repeats a name, or has a name that `registry` lacks. ConfigurationError
    also if `mode` is "shared" and the list is not BREAKOUT_FEATURE_ORDER.
    """
    chosen = tuple(names)
    check_names(chosen, registry)
    if mode == "shared" and chosen != BREAKOUT_FEATURE_ORDER:
        raise ConfigurationError(
            "mode=shared is locked to the features of BREAKOUT_FEATURE_ORDER, but the given ones "
            f"{_difference(chosen)}; use mode=experimental to choose features freely."
        )
    return chosen


def check_names(names: Sequence[str], registry: Mapping[str, Feature] = REGISTRY) -> None:
    """Raise ConfigurationError if the list is empty, repeats a name, or has a name that `registry` lacks.

    The message about an unknown name suggests a similar known name, if any.
    """
    if not names:
        raise ConfigurationError("features.names is empty; name at least one feature (breakout features lists them).")
    for name in names:
        if name not in registry:
            near = nearest_name(name, registry, cutoff=0.5)
            hint = f"did you mean {near}?" if near else "breakout features lists the known ones."
            raise ConfigurationError(f"features.names has an unknown feature {name!r}; {hint}")
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ConfigurationError(f"features.names repeats {', '.join(repeated)}; name each feature once.")


def _difference(chosen: tuple[str, ...]) -> str:
    added = [name for name in chosen if name not in BREAKOUT_FEATURE_ORDER]
    removed = [name for name in BREAKOUT_FEATURE_ORDER if name not in chosen]
    if not added and not removed:
        return "stand in another order"
    parts = [f"add {_list_first(added)}" if added else "", f"leave out {_list_first(removed)}" if removed else ""]
    return " and ".join(part for part in parts if part)


def _list_first(names: Sequence[str]) -> str:
    """Return a text such as "a, b, c and 2 more", with at most NAMED_FEATURES names."""
    more = len(names) - NAMED_FEATURES
    return ", ".join(names[:NAMED_FEATURES]) + (f" and {more} more" if more > 0 else "")
