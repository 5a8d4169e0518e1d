"""The audit of features: sampled rows are computed again, for example without later games, and compared."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from breakout.errors import DataError
from breakout.features.query import seasons_before
from breakout.features.query_plan import plan_query
from breakout.features.sources import extra_columns
from breakout.proof.audit_checks import DATA_CHECKS, GAME_CHECKS, run_checks
from breakout.proof.differences import COLUMNS, GAMES, ROWS, Audited, Difference
from breakout.proof.leak import SourceRow, find_leak
from breakout.proof.paths import Paths, installed_paths
from breakout.proof.replay import Replay
from breakout.proof.sampling import sample_rows
from breakout.proof.status_checks import STATUS_CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from breakout.features.config import BreakoutFeatureConfig
    from breakout.warehouse.base import Warehouse

logger = logging.getLogger("breakout")

_BEGINNING = date(1900, 1, 1)
_COUNTEREXAMPLES = 3


@dataclass(frozen=True)
class Counterexample:
    """A difference that an audit found, and a source row that causes it.

    A difference is a leak if a feature value changed because a check changed data on which the feature must not depend.
    `leaked` is a source row whose change alone changes the feature. `leaked` is None if the search found no such row,
    or if the difference is no leak.
    """

    difference: Difference
    leaked: SourceRow | None

    def __str__(self) -> str:
        found = self.difference
        row = f"{found.player_lookup} {found.game_id}".strip() or "all rows"
        text = f"{found.feature}, {row}, {found.check}: expected {found.expected!r}, found {found.found!r}"
        return text if self.leaked is None else f"{text}; it changes {self.leaked}"


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    - `rows`, `dates`: the number of sampled rows, and the number of their dates.
    - `edge_cases`: the number of sampled rows of each kind of edge case, such as first games after a trade.
    - `violations`: every difference that the checks found.
    - `counterexamples`: a few of the violations, each with a source row that causes it if one was found.
    """

    features: tuple[str, ...]
    checks: tuple[str, ...]
    rows: int
    dates: int
    edge_cases: dict[str, int]
    violations: tuple[Difference, ...]
    counterexamples: tuple[Counterexample, ...]

    @property
    def is_clean(self) -> bool:
        return not self.violations

    def count(self, feature: str, check: str) -> int:
        """Return the number of differences that one check found in one feature."""
        return sum(found.feature == feature and found.check == check for found in self.violations)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Return all audited features, then each of ROWS, COLUMNS and GAMES for which there is a difference."""
        frame = [part for part in (ROWS, COLUMNS, GAMES) if any(found.feature == part for found in self.violations)]
        return (*self.features, *frame)


def _counterexamples(audited: Audited, violations: tuple[Difference, ...]) -> tuple[Counterexample, ...]:
    """Return one counterexample for each of the first _COUNTEREXAMPLES features in which differences were found.

    Differences that concern no single feature are grouped as ROWS (missing or repeated rows), COLUMNS (another list of
    features) or GAMES (source tables disagree about games). Each group counts as one feature. The counterexample of a
    leak also names a source row that causes the leak, if one is found.
    """
    # Violations of the checks in DATA_CHECKS come first, because `find_leak` finds source rows only for these checks.
    ranked = sorted(violations, key=lambda found: found.check not in DATA_CHECKS)
    firsts = {found.feature: found for found in reversed(ranked)}
    examples = []
    for found in sorted(firsts.values(), key=violations.index)[:_COUNTEREXAMPLES]:
        is_leak = found.check in DATA_CHECKS and found.feature not in (ROWS, COLUMNS)
        examples.append(Counterexample(found, find_leak(audited, found) if is_leak else None))
    return tuple(examples)


def audit_features(
    warehouse: Warehouse,
    config: BreakoutFeatureConfig,
    rows: int,
    seed: int,
    start: date | None = None,
    end: date | None = None,
    *,
    paths: Paths | None = None,
    on_date: Callable[[date], object] = str,
) -> AuditReport:
    """Sample about `rows` rows of the dates `start` to `end`, compute them again in each check, and report differences.

    A check changes data that must not matter, such as later games, or uses another row builder.

    - `start`, `end`: None means the first or last date of the warehouse. A later `end` means the last date too.
    - `seed`: equal seeds give equal samples.
    - `paths`: the row builders to audit; None means the row builders of the commands.
    - `on_date`: a function that is called with each sampled date after its checks.

    DataError if the window has no rows, or if the warehouse cannot be read. ConfigurationError if a feature needs
    injury reports and their table is not configured. ConfigurationError also if a feature reads a column whose name is
    no plain identifier. FeatureDefinitionError if the expression of a feature cannot be resolved.
    """
    used = paths or installed_paths(config.registry)
    last = min(end, warehouse.latest_game_date()) if end else warehouse.latest_game_date()
    first = start or _BEGINNING
    if first > last:
        raise DataError(f"there are no rows to audit from {first} on: the newest game is of {last}.")
    plan = plan_query(used.registry, config.names)
    extra = {
        "player_game_summary": set(extra_columns("played", plan.inputs["played"])),
        "team_offense_game_summary": set(extra_columns("team_games", plan.inputs["team_games"])),
    }
    window = used.training(warehouse, config, first, last)
    if not len(window):
        raise DataError(f"there are no rows to audit between {first} and {last}; widen audit.start..audit.end.")
    mask, edges = sample_rows(window, rows, seed)
    logger.info("auditing %d rows", int(mask.sum()))
    has_reports = plan.uses_availability
    with Replay(
        warehouse, first, last, extra, seasons_before(config.names, used.registry), has_reports=has_reports
    ) as replay:
        audited = Audited(window.take(mask), config, used, replay, last, seed)
        violations = tuple(run_checks(audited, on_date))
        examples = _counterexamples(audited, violations)
    logger.info("audited %d rows of %d dates: %d violations", int(mask.sum()), len(audited.days()), len(violations))
    checks = (*GAME_CHECKS, *(STATUS_CHECKS if has_reports else ()))
    return AuditReport(config.names, checks, int(mask.sum()), len(audited.days()), edges, violations, examples)
