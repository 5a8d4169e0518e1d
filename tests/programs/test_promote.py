"""Tests of `breakout promote`: it promotes only a candidate that fails no check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from breakout.bundle.folder import read_bundle
from breakout.evaluation.intervals import PairedDifference
from breakout.evaluation.resamples import Interval
from breakout.ledger import gate_evidence
from breakout.production import promotion
from breakout.production.promotion import Decision, check_candidate
from breakout.production.recipe import recipe_digest
from breakout.production.registry import EventFacts, Registry
from breakout.production.rules import decide
from breakout.proof.auditing import AuditReport, audit_features
from breakout.proof.paths import installed_paths
from breakout.settings import PromoteConfig
from breakout.settings.composition import compose
from breakout.warehouse.duckdb import DuckDBWarehouse
from breakout.warehouse.sample import open_sample
from tests.commands import ONLY_TRAINS, QUICK_GATE, Trained, call, current, files, fingerprint, promote, train
from tests.sample_files import ingest, warehouse_overrides

pytestmark = pytest.mark.usefixtures("audit_once")

CHECKS = (
    "shared mode",
    "contract current",
    "evaluated",
    "audit of its features",
    "enough later games",
    "AUC against production",
    "log loss not worse",
    "Brier score not worse",
)


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run that trains on all games up to the last one."""
    outputs = tmp_path_factory.mktemp("newest")
    return train(outputs, "newest", "model=logistic", "window.train_end=2026-02-05", *ONLY_TRAINS)


@pytest.fixture(scope="module")
def sample() -> Iterator[DuckDBWarehouse]:
    warehouse = open_sample()
    yield warehouse
    warehouse.close()


Gate = Callable[..., Decision]


@pytest.fixture
def check(sample: DuckDBWarehouse) -> Gate:
    """Return a function that runs the checks of the command on one open warehouse for all tests."""

    def check(candidate: Path, outputs: Path, *overrides: str) -> Decision:
        config = compose("promote", [f"candidate={candidate}", *QUICK_GATE, *overrides])
        assert isinstance(config, PromoteConfig)
        return check_candidate(read_bundle(candidate), Registry.of(outputs), sample, config, outputs)

    return check


def figures(decision: Decision) -> dict[str, str]:
    return {one.name: one.figure for one in decision.checks}


def put_into_production(run: Path, outputs: Path, window: tuple[date, date] | None = None) -> None:
    """Promote a run without checks, as if the gate had compared it on the games of `window`."""
    bundle, registry = read_bundle(run), Registry.of(outputs)
    with registry.lock():
        registry.promote(bundle, EventFacts(name=run.parent.name, recipe=recipe_digest(bundle), window=window))


def test_a_better_candidate_is_promoted_with_each_check_and_a_worse_one_then_changes_nothing(
    trained: Trained, outputs: Path
) -> None:
    answer = promote(trained["default"], outputs)
    assert answer.code == 0, answer.out + answer.err
    assert all(f"{check} " in answer.out for check in CHECKS)
    assert " no " not in answer.out
    assert current(outputs) == fingerprint(trained["default"])
    event = Registry.of(outputs).history()[-1]
    assert [check.name for check in event.facts.checks] == list(CHECKS)
    assert all(check.figure for check in event.facts.checks)
    before = files(outputs / "production")
    answer = promote(trained["base_rate"], outputs)
    assert answer.code == 1
    assert "not promoted, production is unchanged: AUC against production, log loss not worse" in answer.err
    assert files(outputs / "production") == before


def test_the_model_in_production_is_not_promoted_again(trained: Trained, outputs: Path, check: Gate) -> None:
    decision = check(trained["base_rate"], outputs)
    assert any("are the same model" in figures(decision)[name] for name in decision.refused)


def test_the_comparison_on_later_games_is_an_evaluation(trained: Trained, tmp_path: Path, check: Gate) -> None:
    early = check(trained["untested"], tmp_path, "end=2026-01-12")
    assert early.refused == ["evaluated", "enough later games"]
    answer = promote(trained["untested"], tmp_path)
    assert answer.code == 0, answer.err
    facts = Registry.of(tmp_path).history()[-1].facts
    assert (facts.rule, facts.window) == ("first_model", (date(2026, 1, 11), date(2026, 2, 5)))
    assert {check.name: check.is_passed for check in facts.checks}["evaluated"] is True
    assert 0.5 < (facts.metrics["auc"].estimate or 0) < 0.7


def test_a_first_model_must_beat_the_base_rate(trained: Trained, tmp_path: Path) -> None:
    answer = promote(trained["base_rate"], tmp_path)
    assert answer.code == 1
    assert "AUC above chance, log loss below the base rate's, verdict of its evaluation" in answer.err
    assert current(tmp_path) is None


def test_a_retrain_passes_without_being_better_and_the_history_says_who_and_why(
    trained: Trained, tmp_path: Path
) -> None:
    put_into_production(trained["earlier"], tmp_path)
    answer = promote(trained["logistic"], tmp_path, "promote.reason=weekly retrain")
    assert answer.code == 0, answer.out + answer.err
    assert "rule: not_worse" in answer.out
    event = Registry.of(tmp_path).history()[-1]
    results = {check.name: check.is_passed for check in event.facts.checks}
    assert (results["log loss not worse"], results["AUC against production"]) == (True, None)
    assert (event.facts.reason, event.facts.rule) == ("weekly retrain", "not_worse")
    assert event.facts.who is not None
    assert "weekly retrain" in call("production", f"paths.outputs={tmp_path}").out
    assert promote(trained["earlier"], tmp_path, "promote.rule=better").code == 1


def test_a_retrain_on_all_games_relies_on_the_comparison_of_its_recipe_for_a_time(
    trained: Trained, newest: Path, tmp_path: Path
) -> None:
    assert promote(trained["earlier"], tmp_path).code == 0
    assert promote(newest, tmp_path, "end=2026-02-05").code == 2  # `end` asks for later games, and there are none
    event = Registry.of(tmp_path).history()[-1]
    assert event.facts.window == (date(2026, 1, 4), date(2026, 2, 5))
    answer = promote(newest, tmp_path, "promote.max_age_days=0")
    assert answer.code == 0, answer.out + answer.err
    results = {check.name: check.is_passed for check in Registry.of(tmp_path).history()[-1].facts.checks}
    assert (results["same recipe passed lately"], results["evaluated"]) == (True, None)
    assert all(results[name] is None for name in CHECKS[-3:])


def test_the_evidence_of_a_recipe_grows_old(trained: Trained, newest: Path, tmp_path: Path, check: Gate) -> None:
    put_into_production(trained["earlier"], tmp_path, (date(2026, 1, 4), date(2026, 1, 31)))
    assert check(newest, tmp_path, "promote.max_age_days=4").refused == ["evaluated", "same recipe passed lately"]
    assert check(newest, tmp_path, "promote.max_age_days=5").refused == []


def test_a_comparison_that_ends_after_the_training_is_said_to_end_after_it(
    trained: Trained, tmp_path: Path, check: Gate
) -> None:
    put_into_production(trained["earlier"], tmp_path, (date(2026, 1, 4), date(2026, 2, 5)))
    shorter = train(tmp_path, "shorter", "model=logistic", "window.train_end=2026-02-02", *ONLY_TRAINS)
    decision = check(shorter, tmp_path)
    assert decision.refused == []
    figure = figures(decision)["same recipe passed lately"]
    assert "on 2026-01-04..2026-02-05, which ends 3 days after the end of this training" in figure


def test_a_retrain_on_all_games_is_compared_where_there_are_later_games_and_a_tolerated_loss_is_a_warning(
    trained: Trained, tmp_path: Path
) -> None:
    put_into_production(trained["logistic"], tmp_path)
    retrain = train(tmp_path, "retrain", "model=logistic", "window.train_start=2025-12-27", *ONLY_TRAINS)
    answer = promote(retrain, tmp_path, "promote.tolerance=1")
    assert answer.code == 0, answer.out + answer.err
    facts = Registry.of(tmp_path).history()[-1].facts
    checks = {check.name: check for check in facts.checks}
    assert (facts.rule, facts.window) == ("not_worse", (date(2026, 1, 11), date(2026, 2, 5)))
    assert (checks["evaluated"].is_passed, checks["log loss not worse"].is_passed) == (True, True)
    assert "worse beyond chance, within the tolerance" in checks["log loss not worse"].figure
    assert "warning: the log loss" in answer.out


def test_not_worse_is_refused_for_another_recipe_and_names_what_differs(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["default"], outputs, "promote.rule=not_worse")
    assert answer.code == 2
    assert "model.depth" in answer.err


def _difference(metric: str, estimate: float, low: float, high: float) -> PairedDifference:
    return PairedDifference(metric, None, None, Interval(estimate, low, high, 0), None, metric == "auc")


@pytest.mark.parametrize(
    ("auc", "log_loss", "brier", "better", "not_worse"),
    [
        ((0.02, 0.001, 0.04), (-0.01, -0.02, 0.004), (-0.01, -0.02, 0.004), (True, True, True), True),
        ((0.02, 0.0, 0.04), (-0.01, -0.02, 0.004), (-0.01, -0.02, 0.004), (False, True, True), True),
        ((0.02, 0.001, 0.04), (0.001, -0.02, 0.004), (0.001, -0.02, 0.004), (True, False, False), True),
        ((0.02, 0.001, 0.04), (-0.001, -0.02, 0.006), (-0.001, -0.02, 0.006), (True, False, False), False),
    ],
)
def test_the_rules_decide_by_point_and_by_bound(
    auc: tuple[float, float, float],
    log_loss: tuple[float, float, float],
    brier: tuple[float, float, float],
    better: tuple[bool, bool, bool],
    not_worse: bool,
) -> None:
    config = compose("promote", ["candidate=A"])
    assert isinstance(config, PromoteConfig)
    found = {
        name: _difference(name, *figures)
        for name, figures in {"auc": auc, "log_loss": log_loss, "brier": brier}.items()
    }
    assert tuple(check.is_passed for check in decide("better", found, config.promote)) == better
    assert tuple(check.is_passed for check in decide("not_worse", found, config.promote)) == (None, not_worse, None)


def test_the_lower_bound_of_the_auc_must_lie_above_the_margin() -> None:
    found = {name: _difference(name, 0.02, 0.001, 0.04) for name in ("auc", "log_loss", "brier")}
    for margin, is_passed in (("0.0009", True), ("0.001", False)):
        config = compose("promote", ["candidate=A", f"promote.margin={margin}"])
        assert isinstance(config, PromoteConfig)
        assert decide("better", found, config.promote)[0].is_passed is is_passed


def _refuse_work(*asked: object) -> AuditReport:
    raise AssertionError(f"work on {asked} although a cheap check has failed")


def test_an_experimental_model_is_refused_before_games_are_read(
    trained: Trained, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "audit_features", _refuse_work)
    monkeypatch.setattr(promotion, "compare_with_production", _refuse_work)
    monkeypatch.setattr(gate_evidence, "check_ledger_evidence", _refuse_work)
    answer = promote(trained["experimental"], outputs)
    assert answer.code == 1
    assert answer.err.strip().endswith("unchanged: shared mode.")
    assert answer.out.count("not examined") == 5
    with_ledger = promote(trained["experimental"], outputs, "promote.evidence=ledger")
    assert with_ledger.err == answer.err
    assert with_ledger.out.count("not examined") == 8


def test_a_refused_comparison_spares_the_audit(
    trained: Trained, outputs: Path, check: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promotion, "audit_features", _refuse_work)
    assert check(trained["base_rate"], outputs).refused
    assert check(trained["default"], outputs, "start=2026-02-05").refused


def test_another_question_is_refused(trained: Trained, outputs: Path, check: Gate) -> None:
    decision = check(trained["narrow"], outputs)
    assert any("max_ppg is 14.0 for the candidate" in figures(decision)[name] for name in decision.refused)


def test_an_audit_that_finds_a_leak_refuses(
    trained: Trained, outputs: Path, check: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "points_avg_last_5"
    paths = installed_paths()
    leaky = replace(paths.registry[name], expression="row.points_before / NULLIF(row.games_before, 0) + row.day * 0")

    def audit(*asked: Any) -> AuditReport:
        """Audit with a feature that evaluation computes from another definition."""
        registry = dict(paths.registry) | {name: leaky}
        crossed = replace(paths, evaluation=installed_paths(registry).evaluation)
        return audit_features(*asked, paths=crossed)

    monkeypatch.setattr(promotion, "audit_features", audit)
    assert check(trained["default"], outputs).refused == ["audit of its features"]


def test_a_window_inside_training_is_a_mistake_of_usage(trained: Trained, outputs: Path) -> None:
    assert promote(trained["default"], outputs, "start=2026-01-01").code == 2
    assert current(outputs) == fingerprint(trained["base_rate"])


def test_without_games_after_both_trainings_nothing_is_promoted(trained: Trained, outputs: Path, check: Gate) -> None:
    decision = check(trained["default"], outputs, "start=2026-03-01")
    assert "enough later games" in decision.refused
    assert figures(decision)["enough later games"].startswith(
        "too early: the warehouse has no games from 2026-03-01 on"
    )


def test_damaged_tables_are_an_error_and_not_a_comparison_that_is_too_early(
    trained: Trained, outputs: Path, tmp_path: Path
) -> None:
    start, end = date(2025, 10, 1), date(2026, 2, 5)
    ingest(tmp_path / "games", start, end)
    ingest(tmp_path / "games", end, end)  # writes the games of the last day a second time
    answer = promote(trained["default"], outputs, *warehouse_overrides(tmp_path / "games"))
    assert (answer.code, "player_game_summary" in answer.err) == (3, True)
    assert "too early" not in answer.out


def test_a_comparison_on_few_later_games_is_refused_as_too_early(outputs: Path) -> None:
    later = train(outputs, "later", "window=february", "model=logistic")
    answer = promote(later, outputs)
    assert (answer.code, "unchanged: enough later games." in answer.err) == (1, True)
    shown = " ".join(answer.out.replace("│", " ").split())
    assert "too early: 298 games of 5 dates, 2026-02-01..2026-02-05" in shown
    assert shown.count("not examined too few games") == 3


def test_evidence_of_the_ledger_is_needed_if_asked_for(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["default"], outputs, "promote.evidence=ledger")
    assert answer.code == 1
    assert answer.err.strip().endswith("enough graded in the ledger.")
