"""The recording of predictions, and of the source rows that were available to them, in the ledger.

The ledger is the record of served predictions. A slate is the ranked players of one day by one model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from breakout.errors import ConfigurationError, DataError, GateError
from breakout.ledger.entries import Role, build_entries
from breakout.ledger.opening import open_ledger
from breakout.ledger.revisions import Move, find_moves
from breakout.ledger.shadows import Shadows
from breakout.ledger.source_rows import dates_read, read_source_rows, tables_read
from breakout.production.bundle_gate import check_contract
from breakout.production.registry import Registry
from breakout.production.slate import Slate, build_slate, check_day
from breakout.warehouse.cache import RememberingWarehouse
from breakout.warehouse.tables import AVAILABILITY
from breakout.warehouse.tip_offs import read_tip_offs

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path

    from breakout.bundle.folder import Bundle
    from breakout.ledger.opening import Ledger
    from breakout.ledger.source_rows import SourceLog
    from breakout.settings import DailyConfig, LedgerConfig
    from breakout.warehouse.base import Warehouse


def find_role(fingerprint: str, outputs: str | Path) -> Role:
    """Return the role of a model: `production`, `shadow` (a challenger) or `other`.

    `outputs` is the folder with the registry and the shadows. A shadow that is also in production has the role
    `production`. DataError if the registry is damaged.
    """
    if Registry.of(outputs).current() == fingerprint:
        return "production"
    return "shadow" if fingerprint in Shadows.of(outputs).fingerprints() else "other"


@dataclass
class SlateRecorder:
    """The object that adds one command's slates, and the source rows available to the models, to the ledger.

    A slate is the ranked players of one day by one model. `compared` lists the tables and days whose rows were already
    compared with the ledger's log of source rows. These rows are not compared again for the next model. An element is a
    table's name, a day, and the undeclared columns (see `tables_read`).
    """

    warehouse: Warehouse
    config: LedgerConfig
    outputs: str | Path
    compared: set[tuple[str, date, tuple[str, ...]]] = field(default_factory=set)

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.config, self.outputs)

    def record(self, slate: Slate, bundle: Bundle) -> str | Path | None:
        """Add a slate of a model to the ledger, with the source rows that were available to the model.

        Return the path of the new file; for BigQuery, a text such as `ledger.entries revision 2`. If the model's newest
        slate of that day has the same predictions, only source rows are recorded, and the result is None. A ledger in
        BigQuery records no source rows.

        Record nothing and return None if no player is ranked, or if `config.others` is false and the role of the model
        is `other`. DataError if the registry is damaged, the warehouse cannot be read, or the ledger cannot be read or
        written.
        """
        role = find_role(bundle.fingerprint, self.outputs)
        if role == "other" and not self.config.others:
            return None
        data = self.warehouse.fingerprint(has_reports=bundle.contract.has_reports)
        tip_offs = read_tip_offs(self.warehouse, slate.day, slate.day)
        entries = build_entries(slate, bundle, role, data, tip_offs, self.config.timezone)
        ledger = self.ledger
        if entries.num_rows and ledger.source_log is not None:
            before = ledger.read_slate(slate.day, bundle.fingerprint)
            are_games_known = before is not None and before["data"][0].as_py() == data
            self._record_sources(ledger.source_log, slate, bundle, are_games_known=are_games_known)
        return ledger.add_entries(entries)

    def _record_sources(self, log: SourceLog, slate: Slate, bundle: Bundle, *, are_games_known: bool) -> None:
        """Compare the source rows available to a slate with the log, and record new, changed and gone rows.

        `are_games_known` says that the source tables have not changed since the newest slate of this model and day.
        Then the rows of games are not compared again. Injury reports are, because a later slate may use later reports
        of the same table.
        """
        for table, extra in tables_read(bundle):
            key = (table.name, slate.day, extra)
            if key in self.compared or (are_games_known and table is not AVAILABILITY):
                continue
            days = dates_read(table, slate.day)
            now = read_source_rows(self.warehouse, table, days, extra)
            if table is AVAILABILITY:
                now = now[now["reported_at"] <= slate.predicted_at]
            log.record(table, extra, now, days, slate.predicted_at)
            self.compared.add(key)


@dataclass(frozen=True)
class DaySlate:
    """One model's ranked players of one day, and their predictions in the ledger.

    - `slate`: None if the model is a shadow that failed to predict.
    - `name`: the name of the training run; "" if `slate` is None.
    - `written`: the path of the new file, or a text such as `ledger.entries revision 2`. None if nothing was written,
      because the ledger already had these predictions, or because no player is ranked.
    - `moves`: the differences from the slate that this slate replaces. None if there is no earlier slate, or if nothing
      was written.
    - `n_entries`: the number of the slate's predictions in the ledger.
    - `n_late`: the number of the slate's predictions in the ledger that were made at or after tip-off.
    - `error`: why the shadow failed to predict; otherwise "".
    """

    role: Role
    fingerprint: str
    slate: Slate | None
    name: str = ""
    written: str | Path | None = None
    moves: tuple[Move, ...] | None = None
    n_entries: int = 0
    n_late: int = 0
    error: str = ""


def predict_day(warehouse: Warehouse, day: date, config: DailyConfig, now: datetime) -> tuple[DaySlate, ...]:
    """Predict a day with the model in production and with every shadow, and add the predictions to the ledger.

    A shadow is a challenger that is scored in parallel with the production model. The result begins with production. If
    the model in production is also a shadow, it predicts once, with the role production.

    The errors of the model in production are raised. An error of a shadow is returned in the field `error` of its
    result.

    - DataError if no model is in production, if the registry or a bundle is damaged, or if the predictions cannot be
      made or added.
    - GateError if the model's contract (the definition of features and label) is not the installed one.
    - ConfigurationError if the day is not after the model's training window, if this version refuses the settings of
      the bundle, or if a feature needs injury reports, but no table of injury reports is configured.
    """
    outputs = config.paths.outputs
    shared: Any = RememberingWarehouse(warehouse)
    recorder = SlateRecorder(shared, config.ledger, outputs)
    production = Registry.of(outputs).current_bundle()
    slates = [_predict(production, "production", recorder, day, config, now)]
    shadows = Shadows.of(outputs)
    for fingerprint in shadows.fingerprints():
        if fingerprint == production.fingerprint:
            continue
        try:
            slates.append(_predict(shadows.load(fingerprint), "shadow", recorder, day, config, now))
        except (DataError, GateError, ConfigurationError) as error:
            slates.append(DaySlate("shadow", fingerprint, None, error=str(error)))
    return tuple(slates)


def _predict(
    bundle: Bundle, role: Role, recorder: SlateRecorder, day: date, config: DailyConfig, now: datetime
) -> DaySlate:
    check_contract(bundle)
    check_day(bundle, day)
    slate = build_slate(bundle, recorder.warehouse, day, config.max_days_since_game, now=now)
    ledger = recorder.ledger
    before = ledger.read_slate(day, bundle.fingerprint)
    written = recorder.record(slate, bundle)
    after = ledger.read_slate(day, bundle.fingerprint) if written else before
    moves = find_moves(before, after) if written and before is not None and after is not None else None
    late = [] if after is None else after["is_late"].to_pylist()
    name = bundle.manifest.name
    return DaySlate(role, bundle.fingerprint, slate, name, written, moves, n_entries=len(late), n_late=sum(late))
