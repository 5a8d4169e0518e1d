"""Tests that the jobs of a sweep have the settings that Hydra composes from the jobs' overrides."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakout.cli import main
from breakout.cli.job_composition import JobComposer
from breakout.conf_tree import conf_dir
from breakout.settings.composition import check_one_option_each, plain
from breakout.settings.composition_errors import explain
from breakout.settings.versions import rename_overrides
from breakout.sweeps.job import Job
from tests.commands import ONLY_TRAINS
from tests.sweeps.conftest import statuses, sweep

VALUES = st.sampled_from(
    [
        "model.depth=3",
        "model.depth='4'",
        "model.depth=${seed}",
        "model.depth=null",
        "model.l2_leaf_reg=${model.depth}",
        "model.l2_leaf_reg='${.depth}'",
        "model.iterations=${window.train_days}",
        "seed=7",
        "seed=${oc.env:BREAKOUT_NO_SUCH_VARIABLE,11}",
        "name=d${model.depth}-${seed}",
        "name='a, b=c'",
        "name=a b",
        'hypothesis="is it, \\"so\\"?"',
        "hypothesis=",
        "tags=[]",
        "tags=[a,'b c',${name}]",
        "tags=null",
        "evaluation.thresholds=[0.2,0.4]",
        "window.train_days=21",
        "window.train_start=2025-11-02",
        "optimized_metric=auc",
        "evaluation.shap_rows=5",
        "model={depth:2}",
        "target={min_ppg:9,max_ppg:15}",
        "target.min_ppg=1e1",
        "nothing=1",
        "model.nothing=1",
        "++model.depth=5",
        "++model.extra={a:{b:[1,2]}}",
        "+model.extra=1",
        "+model.depth=1",
        "+extra=[1,{a:2}]",
        "~model.depth",
        "~seed=42",
        "~tags",
        "model.depth=1,2",
        "model.depth=range(1,3)",
        "model.depth=choice(1)",
        "name=[",
    ]
)
CHOICES = st.sampled_from(
    [
        "model=logistic",
        "model=blend",
        "model=none_of_them",
        "model=${name}",
        "window=trailing",
        "window=[january,february]",
        "calibration=sigmoid",
        "calibration@again=sigmoid",
        "+calibration@model.again=isotonic",
        "~calibration",
        "~debug",
        "debug=tiny",
        "mode=experimental",
        "features=enhanced",
        "experiment=research/cv_ratio",
        "experiment=null",
        "sweep=seeds",
    ]
)
OVERRIDES = st.lists(VALUES | CHOICES, max_size=6) | st.lists(VALUES, min_size=2, max_size=8)


@pytest.fixture
def composer() -> Iterator[JobComposer]:
    with initialize_config_dir(config_dir=str(conf_dir()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        yield JobComposer(loader, loader.load_configuration("train", [], RunMode.MULTIRUN))


def outcome(overrides: list[str]) -> Any:
    """Return the settings that Hydra composes from overrides, or the error message if they are not valid."""
    try:
        config = compose("train", rename_overrides(overrides), return_hydra_config=True)
        check_one_option_each(config, "train")
        return plain(config)
    except Exception as error:  # noqa: BLE001
        return explain(error, "train")


@given(OVERRIDES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_job_is_composed_as_hydra_composes_it(composer: JobComposer, overrides: list[str]) -> None:
    overrides = ["job_defaults=[]", *overrides]
    try:
        found: Any = plain(composer.compose_config(0, overrides))
    except Exception as error:  # noqa: BLE001
        found = explain(error, "train")
    assert found == outcome(overrides)


def test_a_job_is_given_the_job_defaults_that_its_overrides_leave_open(composer: JobComposer) -> None:
    for overrides in (["evaluation.shap_rows=7"], ["++evaluation.shap_rows=7"], ["experiment=research/cv_ratio"]):
        job = composer.compose(0, overrides)
        assert isinstance(job, Job)
        expected = [
            "write_report=false",
            "evaluation.permutation_repeats=0",
            "evaluation.shap_rows=0",
            "job_defaults=['calibration=isotonic']",
        ]
        assert job.config.evaluation.permutation_repeats == 0
        assert job.config.evaluation.shap_rows == (7 if "shap_rows" in overrides[0] else 0)
        group = composer.compose(0, [*overrides, *expected])
        assert isinstance(group, Job)
        assert group.config.calibration.kind == "isotonic"


def test_hydra_s_own_values_are_those_of_the_job(composer: JobComposer) -> None:
    jobs = [composer.compose(number, ["name=job${hydra:job.num}_${now:%f}", f"seed={number}"]) for number in (0, 1)]
    names = [job.config.name for job in jobs if isinstance(job, Job)]
    assert [name.partition("_")[0] for name in names] == ["job0", "job1"]


def test_values_that_refer_to_others_follow_them_from_files_and_from_the_command_line(tmp_path: Path) -> None:
    experiments = tmp_path / "conf" / "experiment"
    experiments.mkdir(parents=True)
    (experiments / "l2.yaml").write_text(
        "# @package _global_\nname: depth${model.depth}\nmodel:\n  l2_leaf_reg: ${model.depth}\n", encoding="utf-8"
    )
    quick = ("model.iterations=5", "model.depth=2,3", *ONLY_TRAINS)
    by_file = sweep(tmp_path, "--config-dir", str(tmp_path / "conf"), "experiment=l2", *quick)
    typed = sweep(tmp_path, "model.l2_leaf_reg=${model.depth}", "name=depth${model.depth}", *quick)
    for swept in (by_file, typed):
        rows = [row for table in swept.board["tables"] for row in table["rows"]]
        assert sorted((row["model"]["depth"], row["model"]["l2_leaf_reg"]) for row in rows) == [(2, 2), (3, 3)]


def test_jobs_are_found_again_by_their_settings_and_names_and_not_by_their_order(tmp_path: Path) -> None:
    swept = sweep(tmp_path, "model=base_rate", "name=one,two", "seed=1,1")
    assert "sweep of 2 jobs, 2 asked for twice: 1 fit" in swept.out
    assert sorted(
        next(word for word in row["overrides"] if word.startswith("name=")) for row in swept.board["tables"][0]["rows"]
    ) == ["name=one", "name=two"]
    again = sweep(tmp_path, "model=base_rate", "name=three,two,one", "seed=1", f"resume={swept.folder}")
    assert "sweep of 3 jobs, 2 completed already: 1 fit" in again.out
    assert len(again.board["tables"][0]["rows"]) == len(statuses(swept.folder)) == 3
    assert again.code == 0


@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        (("hydra.sweep.subdir=${hydra.job.override_dirname}", "hydra.sweeper.max_batch_size=2", "seed=range(1,6)"), 5),
        (("features=glob([c*,p*],exclude=production)", "mode=experimental", "window=january"), 1),
        (("experiment=glob([research/cv*,production/v1*])", "window=january"), 2),
        (("seed=choice(3,4)", "evaluation.thresholds=[0.1,0.2],[0.3]", "hypothesis='a,b','c'"), 8),
        (("sweep=seeds",), 8),
    ],
)
def test_a_dry_run_plans_every_job_of_the_sweep(
    overrides: tuple[str, ...], jobs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-m", *overrides, "dry_run=true"]) == 0
    assert f"sweep of {jobs} job" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("override", "named"), [("model=glob(no*)", "catboost"), ("seed=range(3,3)", "seed=range(3,3)")]
)
def test_a_sweep_without_jobs_names_the_override_that_gives_none(
    override: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-m", "experiment=glob(research/*)", override, "dry_run=true"]) == 2
    assert named in capsys.readouterr().err
