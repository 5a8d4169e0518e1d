"""Tests of the command line: help, exit codes, messages for mistakes, sweeps and shell completion."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from breakout import __version__
from breakout.cli import main, split_command
from breakout.cli.arguments import sort_arguments
from breakout.cli.commands import COMMANDS, DEFAULT, TABLE
from breakout.cli.help import command_page, main_page, wrap_page
from breakout.conf_tree import group_names, group_options
from breakout.errors import ConfigurationError, DataError, GateError
from tests.commands import QUICK, call
from tests.conftest import Program

TrainWith = Callable[[Callable[[Any], int | None]], None]
DATES = "start=2026-01-11 end=2026-01-12"


def test_help_shows_what_it_is_six_commands_the_groups_and_the_exit_codes(program: Program) -> None:
    shown = program("--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    _, steps, _ = shown.stdout.split("\n\n", 3)[1:]
    assert len([line for line in steps.splitlines() if line.startswith("  breakout")]) == 6
    for group in group_names():
        assert f"\n  {group} " in shown.stdout
        assert all(option in shown.stdout for option in group_options(group))
    assert "0 done   1 a check or a job failed   2 usage or configuration   3 data or warehouse" in shown.stdout
    assert all(f"\n  {name}" in shown.stdout for name in COMMANDS)
    assert max(map(len, shown.stdout.splitlines())) <= 120


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_page(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"breakout {name}: ")
    assert "Exit codes" in shown


@pytest.mark.parametrize("page", [main_page(), *map(command_page, TABLE)], ids=["breakout", *COMMANDS])
def test_a_terminal_wraps_everything_on_a_help_page_but_the_commands_to_copy(page: str) -> None:
    wrapped = wrap_page(page, 80)
    assert [line for line in wrapped.splitlines() if len(line) > 80 and not line.startswith("  breakout ")] == []
    assert wrapped.split() == page.split()


def test_a_terminal_gets_the_list_of_features_wrapped_and_a_pipe_one_line_for_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["features"]) == 0
    piped = capsys.readouterr().out
    assert len([line for line in piped.splitlines() if line.startswith("  tonight ")]) == 1
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["features"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.split() == piped.split()


def test_the_commands_of_the_help_pages_are_accepted() -> None:
    for command in TABLE:
        for line in command.usage:
            words = shlex.split(line)[1:]
            if command.is_composed:
                sort_arguments([word for word in words if word != command.name], command.name)
            else:
                assert words[0] == command.name


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"breakout {__version__}\n"


WRONG_LINES = [
    ("model.depth=0", "model.depth must be an integer from 1 to 16, got 0"),
    ("+sead=2", "did you mean seed?"),
    ("features=enhanced", "mode=experimental"),
    ("mode=experimental features.names=[cv_ration]", "cv_ratio"),
    ("trian", "did you mean `breakout train`?"),
    ("frobnicate", "the commands are train, features"),
    ("help", "did you mean `breakout --help`?"),
    ("--confg-dir mine window=december", "did you mean --config-dir?"),
    ("shadow ad bundle=x", "did you mean add?"),
    ("shadow ad", "did you mean add?"),
    ("shadow add", "type `breakout shadow list`"),
    ("production rolback", "did you mean rollback?"),
    ("train extra", "a setting is written key=value"),
    ("--depth 6", "type model.depth=6"),
    ("--depth=6 --iterations 300", "type model.depth=6"),
    ("--iterations 300", "type model.iterations=300"),
    ("--learning-rate 0.1", "type model.learning_rate=0.1"),
    ("--name deeper", "type name=deeper"),
    ("--mode experimental", "type mode=experimental"),
    ("--train-start 2025-11-01", "type window.train_start=2025-11-01"),
    ("--eval-end=2026-02-05", "type window.eval_end=2026-02-05"),
    ("--features a,b", "type mode=experimental features.names=[a,b]"),
    ("--features enhanced", "type mode=experimental features=enhanced"),
    ("--tags a,b", "type tags=[a,b]"),
    ("--dry-run", "type dry_run=true"),
    ("--list-features", "type `breakout features`"),
    ("--frobnicate", "settings are written key=value"),
    ("--config-name other", "experiment=NAME"),
    ("-cp elsewhere", "--config-dir"),
    ("--experimental-rerun x.pickle", "breakout reproduce"),
    ("--cfg", "--cfg needs one of job, hydra, all"),
    ("--cfg everything", "--cfg needs one of job, hydra, all"),
    ("--package", "--package needs a value"),
    ("evaluate", "bundle is required and not given; add for example bundle="),
    ("dataset end=2026-02-05", "start and out are required"),
    (f"dataset {DATES} out=x.parquet start=2026-01-13", "start 2026-01-13 is after end 2026-01-12"),
    ("predict bundle=x date=yesterday", "date must be text of the form 2026-01-31, or today, or tomorrow"),
    ("predict bundle=x date=2026-02-06 model.depth=6", "of `breakout predict`"),
    ("warehouse.player_game_summary=x", "belongs to warehouse=duckdb or warehouse=bigquery"),
    ("seed=1 --cfg job --info", "Only one of"),
    ("hypothesis=Jokić", "hypothesis='Jokić'"),
    ("window=[january,february]", "-m window="),
    ("hydra.run.dir=elsewhere", "paths.outputs=DIR"),
    ("hydra.job.num=3", "hydra.job.num"),
    ("-m hydra.run.dir=elsewhere seed=1,2", "paths.outputs=DIR"),
    ("~hydra", "Hydra composes"),
    ("-m sweep.workers=x seed=1,2", "sweep.workers must be an integer"),
    ("-m sweep.resume= seed=1,2", "sweep.resume must be text that is not empty"),
    ("model.depth=???", "model.depth is required"),
    ("name=a\udcff", "not utf-8"),
    ("report a\udcff", "not utf-8"),
]


@pytest.mark.parametrize(("line", "told"), WRONG_LINES)
def test_a_mistake_exits_2_with_one_sentence_and_leaves_nothing(
    line: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_text_beyond_ascii_is_taken_in_quotes_and_refused_in_a_locale_without_it(program: Program) -> None:
    word = "hypothesis='Jokić'"
    taken = program(word, "--cfg", "job")
    assert (taken.returncode, "hypothesis: Jokić\n" in taken.stdout) == (0, True)
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert program("--cfg", "job", **ascii_only).returncode == 0
    ended = program(word, "--cfg", "job", **ascii_only)
    assert ended.returncode == 2
    assert "LC_ALL=C.UTF-8" in ended.stderr


def test_a_setting_may_refer_to_hydras_own_values(train_with: TrainWith) -> None:
    seen: list[Any] = []
    train_with(seen.append)
    assert main(["name=${hydra:runtime.choices.model}"]) == 0
    assert seen[0].name == "catboost"


@pytest.mark.parametrize("environment", [{}, {"HYDRA_FULL_ERROR": "1"}], ids=["", "HYDRA_FULL_ERROR"])
def test_the_program_refuses_a_mistake_and_shows_a_traceback_only_on_request(
    program: Program, environment: dict[str, str]
) -> None:
    ended = program("model.depth=0", **environment)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "breakout: model.depth must be an integer from 1 to 16, got 0." in ended.stderr.splitlines()
    assert ("Traceback" in ended.stderr) == bool(environment)


@pytest.fixture
def train_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainWith:
    """Return a function that replaces `run` of the command train; the working folder becomes an empty one."""
    monkeypatch.chdir(tmp_path)

    def replace(run: Callable[[Any], int | None]) -> None:
        stand_in = SimpleNamespace(run=lambda settings: run(settings) or 0)
        monkeypatch.setitem(sys.modules, "breakout.programs.train", stand_in)

    return replace


def raising(error: BaseException) -> Callable[[Any], int]:
    def run(_settings: object) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (GateError("drift in home_away"), 1, "breakout: drift in home_away\n"),
        (ConfigurationError("no"), 2, "breakout: no\n"),
        (DataError("no such file"), 3, "breakout: no such file\n"),
        (RuntimeError("two\nlines"), 1, "breakout: unexpected RuntimeError: two lines. HYDRA_FULL_ERROR=1 shows"),
        (KeyboardInterrupt(), 130, "breakout: interrupted.\n"),
    ],
)
def test_every_failure_of_a_program_ends_in_its_exit_code(
    error: BaseException,
    code: int,
    told: str,
    train_with: TrainWith,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train_with(raising(error))
    assert main([]) == code
    assert told in capsys.readouterr().err


def test_the_notes_of_an_error_are_printed(train_with: TrainWith, capsys: pytest.CaptureFixture[str]) -> None:
    error = RuntimeError("lost")
    error.add_note("the traceback is in outputs/runs/a/run.log")
    train_with(raising(error))
    assert main([]) == 1
    assert "breakout: the traceback is in outputs/runs/a/run.log\n" in capsys.readouterr().err


def test_a_program_gets_typed_settings_and_gives_its_exit_code(train_with: TrainWith) -> None:
    seen: list[object] = []

    def run(settings: object) -> int:
        seen.append(settings)
        return 1

    train_with(run)
    assert main(["train", "seed=7", "experiment=research/cv_ratio"]) == 1
    (settings,) = seen
    assert (settings.seed, settings.name) == (7, "cv_ratio")  # type: ignore[attr-defined]


@pytest.mark.parametrize("line", ["-m seed=1,2", "seed=1,2 -m", "-m train seed=1,2", "train --multirun seed=1,2"])
def test_the_flag_of_a_sweep_may_stand_anywhere(line: str) -> None:
    command, rest = split_command(line.split())
    arguments = sort_arguments(rest, "train")
    assert (command or DEFAULT) == COMMANDS["train"]
    assert (arguments.is_multirun, arguments.overrides) == (True, ["seed=1,2"])


def test_a_sweep_file_makes_a_sweep_without_the_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep=seeds", "window=january", "dry_run=true"]) == 0
    assert "sweep of 8 jobs" in capsys.readouterr().out


def test_a_plan_names_the_jobs_that_cannot_be_begun(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "model.depth=4,0,6", "window=january", "dry_run=true"]) == 1
    shown = capsys.readouterr()
    assert "sweep of 3 jobs, 1 impossible: 2 fits" in shown.out
    assert "job 1 cannot be begun (model.depth=0): model.depth must be an integer from 1 to 16, got 0" in shown.out


@pytest.mark.parametrize("flags", [("--cfg", "job"), ("--cfg", "all"), ("--info", "config")], ids=" ".join)
def test_a_password_is_masked_in_a_printed_configuration(flags: tuple[str, ...]) -> None:
    shown = call(*flags, "tracking=mlflow", "tracking.uri='http://user:hunter2@host/x'")
    assert "user:***@host" in shown.out
    assert "hunter2" not in shown.out + shown.err


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("seed=3 --cfg job --resolve", "seed: 3\n"),
        ("--cfg job --package model", "depth: 5"),
        ("--cfg hydra", "name: breakout"),
        ("--info defaults", "| model/catboost "),
        ("evaluate --cfg=job", "bundle: ???"),
    ],
)
def test_the_composed_configuration_can_be_shown(
    line: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = call(*line.split())
    assert (shown.code, part in shown.out) == (0, True)
    assert ("hydra:" in shown.out) == (line == "--cfg hydra")
    assert not list(tmp_path.iterdir())


def test_settings_of_ones_own_machine_are_joined(program: Program, tmp_path: Path) -> None:
    local = tmp_path / "mine" / "local" / "default.yaml"
    local.parent.mkdir(parents=True)
    local.write_text("# @package _global_\npaths:\n  outputs: /elsewhere\n", encoding="utf-8")
    shown = program("--config-dir", str(tmp_path / "mine"), "--cfg", "job", "--package", "paths")
    assert "outputs: /elsewhere" in shown.stdout


def complete(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    monkeypatch.setenv("COMP_LINE", line)
    assert main(["-sc", "query=bash"]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("breakout tra", ["train", "track", "tracking.", "tracking="]),
        ("breakout features --j", ["--json"]),
        ("breakout production r", ["rollback", "retire"]),
        ("breakout reproduce out", []),
        (
            "breakout train model=",
            [f"model={name}" for name in ("base_rate", "blend", "catboost", "logistic", "points", "sklearn")],
        ),
        ("breakout model.d", ["model.depth="]),
        ("breakout train model=logistic model.C", ["model.C="]),
        ("breakout train model.dep", ["model.depth="]),
        ("breakout experiment=prod", ["experiment=production/prod_v2_feb", "experiment=production/v1_retrain"]),
        ("breakout experiment=research/cv_ratio model.dep", ["model.depth="]),
        ("breakout evaluate bun", ["bundle="]),
        ("breakout evaluate exper", []),
        ("breakout -m exper", ["experiment="]),
        ("breakout hydra/launcher=ba", ["hydra/launcher=basic"]),
        ("breakout model=nonsense model.dep", []),
        ("python -m breakout audit.r", []),
        ("python -m breakout audit audit.r", ["audit.rows="]),
    ],
)
def test_the_shell_completes(
    line: str, expected: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complete(line, monkeypatch, capsys) == expected


def test_an_empty_line_offers_the_commands_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complete("breakout ", monkeypatch, capsys)[: len(COMMANDS)] == list(COMMANDS)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_real_bash_completes_with_the_installed_script(tmp_path: Path) -> None:
    program = tmp_path / "breakout"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m breakout "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = """
        eval "$(breakout -sc install=bash)"
        COMP_LINE="breakout train mode" COMP_POINT=19 COMP_CWORD=2
        hydra_bash_completion
        echo "${COMPREPLY[@]}"
    """
    env = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    shown = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.split() == ["mode.", "mode=", "model.", "model="]


@pytest.mark.parametrize("line", ["--help", "train --help", "features", "--version", "trian"])
def test_what_needs_no_composition_imports_nothing_heavy(line: str) -> None:
    heavy = "{'hydra', 'omegaconf', 'msgspec', 'numpy', 'pandas', 'duckdb', 'sklearn', 'catboost', 'rich.console'}"
    if line == "features":  # it imports the declarations of the source tables, which use msgspec (15 ms)
        heavy += " - {'msgspec'}"
    code = f"import sys; from breakout.cli import main; main({line.split()}); print(*(({heavy}) & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.splitlines()[-1] == ""


def test_a_configuration_error_imports_no_machinery() -> None:
    code = """
import sys
from breakout.cli import main
for line in ("model.depth=0", "features=enhanced", "+sead=2"):
    heavy = {"numpy", "pandas", "pyarrow", "duckdb", "sklearn", "catboost", "sqlglot"} & set(sys.modules)
    print(main([line]), *heavy)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.splitlines() == ["2", "2", "2"]


def test_a_program_makes_no_threads_for_linear_algebra() -> None:
    code = "from breakout.cli import main; main(['model.depth=0']); import numpy; from threadpoolctl import *"
    code += "; print(*[pool['num_threads'] for pool in threadpool_info()])"
    env = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    shown = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert shown.stdout.splitlines() == ["1"]


def test_a_reader_that_goes_away_causes_no_complaint(tmp_path: Path) -> None:
    line = f"{sys.executable} -m breakout --help | true"
    ended = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == ""


def test_verbose_prints_the_log_of_a_run_on_standard_error_and_is_refused_in_a_sweep(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("debug=tiny", "model=base_rate", f"paths.outputs={tmp_path}", *QUICK, "run.write_report=false")
    assert main([*words]) == 0
    assert "run complete" not in capfd.readouterr().err
    assert main([*words, "hydra.verbose=true"]) == 0
    assert "INFO run complete" in capfd.readouterr().err
    assert main(["-m", *words, "seed=1,2", "hydra.verbose=true"]) == 2
