"""The comparison of served feature vectors with vectors that are computed again from the present tables.

The ledger (the record of served predictions) has the vectors that were served. A vector differs now if a source row
behind it was corrected, removed or added after the prediction. Such rows are named if the ledger recorded the source
rows of the prediction.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from breakout.dataset import build_dataset
from breakout.errors import ConfigurationError, DataError, GateError, nearest_name
from breakout.ledger.shadows import find_predicting_bundle
from breakout.ledger.source_changes import CellChange, SourceChanges
from breakout.production.bundle_gate import check_contract
from breakout.production.statuses import known_by
from breakout.warehouse.cache import RememberingWarehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date, datetime
    from pathlib import Path

    import pandas as pd

    from breakout.bundle.folder import Bundle
    from breakout.ledger.opening import Ledger
    from breakout.warehouse.base import Warehouse

ALL = "all"
SERVED_COLUMNS = (
    *("game_date", "game_id", "player_lookup", "team_abbr", "opponent_team_abbr"),
    *("bundle", "name", "run_id", "role", "predicted_at", "features"),
)


@dataclass(frozen=True)
class FeatureShare:
    """How often the served value of a feature differs from its recomputed value.

    - `vectors`: the number of compared feature vectors that have the feature.
    - `differing`: the number of these vectors in which the two values differ.
    """

    feature: str
    vectors: int
    differing: int

    @property
    def share(self) -> float:
        return self.differing / self.vectors


@dataclass(frozen=True)
class CorrectedCell:
    """A cell of a source table that changed after predictions were made.

    `vectors` is the number of served feature vectors that differ now, or cannot be computed again, perhaps because of
    the change.
    """

    change: CellChange
    vectors: int


@dataclass(frozen=True)
class ServedAudit:
    """The comparison of served feature vectors with vectors computed again from the present tables.

    A vector has the features of one player for one prediction.

    - `features`: one element for each feature, the largest share of differing vectors first.
    - `cells`: the changed source cells that may explain differences, those that may explain most vectors first.
    - `vectors`: the number of served vectors of all models whose bundle can be used.
    - `absent`: the number of vectors that cannot be computed again, because the present tables no longer have the
      player among the players of that game.
    - `differing`: the number of vectors that were computed again and differ in a feature.
    - `unexplained`: the number of differing or absent vectors without a known change of a source row.
    - `unexamined`: a sentence for each model whose bundle cannot be used.
    - `damaged`: a sentence for each file of the ledger that cannot be read.
    """

    features: tuple[FeatureShare, ...]
    cells: tuple[CorrectedCell, ...]
    vectors: int
    differing: int
    absent: int
    unexplained: int
    unexamined: tuple[str, ...]
    damaged: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every served feature vector was computed again and is equal, and no file of the ledger is damaged."""
        return not (self.differing or self.absent or self.unexamined or self.damaged)


def audit_served(
    ledger: Ledger,
    warehouse: Warehouse,
    outputs: Path,
    served: str,
    dates: tuple[date | None, date | None] = (None, None),
    *,
    on_date: Callable[[date], object] = str,
) -> ServedAudit:
    """Compute the feature vectors of served predictions again, and compare them with the vectors in the ledger.

    Two values are equal only if they agree in every digit.

    - `served`: `all`, a role (production, shadow or other), or the name or fingerprint of a model.
    - `dates`: the first and the last game date, both inclusive; None sets no limit.
    - `on_date`: called with the game date of each slate (the predictions of one day by one model).

    A model is not compared, but listed in `unexamined` of the result, if its bundle is missing, damaged, refused by
    this version, or of another contract (the definition of features and label).

    ConfigurationError if the ledger has no such role or model, or if a feature needs injury reports, but no table of
    injury reports is configured. DataError if the ledger has no such predictions, or if the ledger or the warehouse
    cannot be read.
    """
    found = ledger.read_entries(SERVED_COLUMNS)
    entries = _choose(found.rows.to_pandas(), served, dates)
    shared: Any = RememberingWarehouse(warehouse)
    changes = SourceChanges(ledger.source_log, shared, (entries["game_date"].min(), entries["game_date"].max()))
    bundles, unexamined = _load_bundles(entries, outputs)
    vectors, differing, touched = Counter[str](), Counter[str](), Counter[CellChange]()
    totals = Counter[str]()
    calls: Iterable[Any] = entries.groupby(["game_date", "bundle", "predicted_at"], sort=True)
    for (day, fingerprint, instant), rows in calls:
        on_date(day)
        if fingerprint not in bundles:
            continue
        bundle, predicted_at = bundles[fingerprint], instant.to_pydatetime()
        changed = _compare(rows, _compute_again(bundle, day, predicted_at, shared), vectors, differing)
        totals["vectors"] += len(rows)
        totals["differing"] += sum(bool(names) for names in changed.values())
        totals["absent"] += sum(not names for names in changed.values())
        if not changed:
            continue
        since = changes.since(predicted_at, bundle, day)
        unequal: Iterable[Any] = rows.loc[list(changed)].itertuples()
        for row in unequal:
            explaining = since.near(row.player_lookup, (row.team_abbr, row.opponent_team_abbr))
            touched.update(explaining)
            totals["unexplained"] += not explaining
    shares = (FeatureShare(name, count, differing[name]) for name, count in vectors.items())
    return ServedAudit(
        features=tuple(sorted(shares, key=lambda one: -one.share)),
        cells=tuple(CorrectedCell(change, count) for change, count in touched.most_common()),
        vectors=totals["vectors"],
        differing=totals["differing"],
        absent=totals["absent"],
        unexplained=totals["unexplained"],
        unexamined=unexamined,
        damaged=(*found.damaged, *changes.damaged),
    )


def _choose(entries: pd.DataFrame, served: str, dates: tuple[date | None, date | None]) -> pd.DataFrame:
    if entries.empty:
        raise DataError("the ledger is empty; `breakout daily` and `breakout predict` fill it.")
    known = sorted({*entries["role"], *entries["name"], *entries["bundle"]})
    if served != ALL and served not in known:
        near = nearest_name(served, (ALL, *known))
        hint = f"did you mean {near}?" if near else f"it knows {', '.join((ALL, *known))}."
        raise ConfigurationError(f"served={served} is no role and no model in the ledger; {hint}")
    is_served = (entries[["role", "name", "bundle"]] == served).any(axis=1) | (served == ALL)
    first, last = dates[0] or entries["game_date"].min(), dates[1] or entries["game_date"].max()
    chosen = entries[is_served & entries["game_date"].between(first, last)].reset_index(drop=True)
    if chosen.empty:
        raise DataError(f"the ledger has no entries of {served} from {first} to {last}; widen audit.start..audit.end.")
    return chosen


def _load_bundles(entries: pd.DataFrame, outputs: Path) -> tuple[dict[str, Bundle], tuple[str, ...]]:
    """Return the usable bundles (saved models) by fingerprint, and a sentence for each unusable one.

    A bundle is unusable if it is missing or damaged, if this version refuses its settings, or if its contract (the
    definition of features and label) is not the installed one.
    """
    bundles, unexamined = {}, []
    models: Iterable[Any] = entries.drop_duplicates("bundle").itertuples()
    for model in models:
        try:
            bundle = find_predicting_bundle(str(model.bundle), str(model.run_id), outputs)
            if bundle is not None:
                check_contract(bundle)
                bundles[str(model.bundle)] = bundle
                continue
            problem = f"its bundle is no longer below {outputs}."
        except (ConfigurationError, DataError, GateError) as error:
            problem = str(error)
        count = int((entries["bundle"] == model.bundle).sum())
        unexamined.append(f"{count:,} vectors of {model.name} ({model.bundle}) are not examined: {problem}")
    return bundles, tuple(unexamined)


def _compare(
    entries: pd.DataFrame,
    present: Mapping[tuple[str, str], dict[str, float | None]],
    vectors: Counter[str],
    differing: Counter[str],
) -> dict[Any, tuple[str, ...]]:
    """Return the names of the features whose served values differ from the values in `present`.

    The keys are the index values of `entries`; predictions without a difference are left out. `present` maps game id
    and player to the features computed from the present tables. A prediction that is missing in `present` has an empty
    tuple. For each feature, the number of compared predictions is added to `vectors`, and the number of those with a
    different value to `differing`.
    """
    changed: dict[Any, tuple[str, ...]] = {}
    rows: Iterable[Any] = entries[["game_id", "player_lookup", "features"]].itertuples()
    for row in rows:
        now = present.get((row.game_id, row.player_lookup))
        if now is None:
            changed[row.Index] = ()
            continue
        logged = dict(row.features)
        names = tuple(name for name in now if logged.get(name) != now[name])
        vectors.update(now.keys())
        differing.update(names)
        if names:
            changed[row.Index] = names
    return changed


def _compute_again(
    bundle: Bundle, day: date, predicted_at: datetime, warehouse: Warehouse
) -> dict[tuple[str, str], dict[str, float | None]]:
    """Return the feature vectors of a day from the present tables, by game id and player; None for a missing value.

    Every player of the day's games has a vector. Injury reports made after the bundle's cutoff time, or after
    `predicted_at` if that is earlier, are ignored.
    """
    features = bundle.features
    known = known_by(features.availability, day, predicted_at)
    rows = build_dataset(warehouse, replace(features, availability=known), day, day, row_source="slate")
    raw = rows.X.astype(object).mask(rows.is_missing, None)
    keys = zip(rows.keys["game_id"], rows.keys["player_lookup"], strict=True)
    vectors: Any = raw.to_dict("records")
    return dict(zip(keys, vectors, strict=True))
