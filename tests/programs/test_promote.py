"""The gate lets through only what passes every check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from breakout.production import promotion
from breakout.production.registry import Registry
from breakout.proof.auditing import AuditReport, audit_features
from breakout.proof.paths import installed_paths
from tests.commands import QUICK, Trained, call, current, files, fingerprint, promote, train

pytestmark = pytest.mark.usefixtures("audit_once")

CHECKS = (
    "shared mode",
    "contract current",
    "evaluated",
    "audit of its features",
    "AUC against production",
    "log loss not worse",
    "Brier score not worse",
)


def test_a_better_candidate_is_promoted_and_every_check_is_printed_with_its_figure(
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


def test_a_worse_candidate_is_refused_and_nothing_changes(trained: Trained, outputs: Path) -> None:
    assert promote(trained["default"], outputs).code == 0
    before = files(outputs / "production")
    answer = promote(trained["base_rate"], outputs)
    assert answer.code == 1
    assert "not promoted, production is unchanged: AUC against production, log loss not worse" in answer.err
    assert files(outputs / "production") == before


def test_the_lower_bound_must_lie_above_the_margin(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["default"], outputs, "promote.margin=0.2")
    assert answer.code == 1
    assert answer.err.strip().endswith("unchanged: AUC against production.")


def test_the_model_in_production_is_not_promoted_again(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["base_rate"], outputs)
    assert answer.code == 1
    assert "are the same model" in " ".join(answer.out.split())


def test_a_first_model_passes_without_a_comparison_but_not_without_the_other_checks(
    trained: Trained, tmp_path: Path
) -> None:
    refused = promote(trained["untested"], tmp_path)
    assert refused.code == 1
    assert "unchanged: evaluated." in refused.err
    assert not (tmp_path / "production").exists()
    assert call("evaluate", f"bundle={trained['untested']}", f"paths.outputs={tmp_path}", *QUICK).code == 0
    answer = promote(trained["untested"], tmp_path)
    assert answer.code == 0, answer.err
    assert answer.out.count("first model; against the base rate") == 3
    assert " ".join(answer.out.replace("│", " ").split()).count("on 1,515 games of 2026-01-11..2026-02-05") == 4


def test_an_experimental_model_is_refused(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["experimental"], outputs)
    assert answer.code == 1
    assert "unchanged: shared mode" in answer.err


def test_another_question_is_refused(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["narrow"], outputs)
    assert answer.code == 1
    assert "max_ppg is 14.0 for the candidate" in " ".join(answer.out.replace("│", " ").split())


def test_an_audit_that_finds_a_leak_refuses(trained: Trained, outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "points_avg_last_5"
    paths = installed_paths()
    leaky = replace(paths.registry[name], expression="row.points_before / NULLIF(row.games_before, 0) + row.day * 0")

    def audit(*asked: Any) -> AuditReport:
        """The real audit, over paths of which one computes a feature in its own way."""
        registry = dict(paths.registry) | {name: leaky}
        crossed = replace(paths, evaluation=installed_paths(registry).evaluation)
        return audit_features(*asked, paths=crossed)

    monkeypatch.setattr(promotion, "audit_features", audit)
    answer = promote(trained["default"], outputs)
    assert answer.code == 1
    assert "unchanged: audit of its features." in answer.err


def test_a_window_inside_training_is_a_mistake_of_usage(trained: Trained, outputs: Path) -> None:
    assert promote(trained["default"], outputs, "start=2026-01-01").code == 2
    assert current(outputs) == fingerprint(trained["base_rate"])


def test_without_games_after_both_trainings_nothing_is_promoted(trained: Trained, outputs: Path) -> None:
    answer = promote(trained["default"], outputs, "start=2026-03-01")
    assert answer.code == 1
    assert "no comparison: the warehouse has no games from 2026-03-01 on" in " ".join(
        answer.out.replace("│", " ").split()
    )


def test_a_promotion_of_a_model_trained_again_is_decided_on_later_games_alone(outputs: Path) -> None:
    later = train(outputs, "later", "window=february")
    answer = promote(later, outputs)
    assert "2026-02-01..2026-02-05" in " ".join(answer.out.replace("│", " ").split())
