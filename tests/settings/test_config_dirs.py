"""Tests of `--config-dir DIR`: what a user's folder of configuration files may contain, and what is refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from breakout.cli import main
from breakout.conf_tree import conf_dir
from breakout.errors import ConfigurationError
from breakout.settings.composition import compose, compose_config, compose_mapping, is_sweep
from breakout.settings.config_dirs import search_path_overrides


def write(folder: Path, name: str, content: bytes | str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def compose_from(folder: Path, *overrides: str) -> dict[str, Any]:
    return compose_mapping("train", [*search_path_overrides([str(folder)]), *overrides])


@pytest.mark.parametrize("header", ["", "# Why: the penalty follows the depth\n", "# @package _global_\n# Why: ...\n"])
def test_an_experiment_file_sets_keys_of_the_root_with_or_without_its_package_line(tmp_path: Path, header: str) -> None:
    content = header + "name: d${model.depth}\nmodel:\n  l2_leaf_reg: ${model.depth}\n  iterations: 20\n"
    write(tmp_path, "experiment/l2.yaml", content)
    mapping = compose_from(tmp_path, "experiment=l2", "model.depth=3")
    assert mapping["name"] == "d3"
    assert (mapping["model"]["l2_leaf_reg"], mapping["model"]["iterations"]) == (3, 20)


def test_the_command_line_wins_over_an_experiment_file_without_a_package_line(tmp_path: Path) -> None:
    write(tmp_path, "experiment/deep.yaml", "defaults:\n  - override /model: blend\nmodel:\n  depth: 7\n")
    mapping = compose_from(tmp_path, "experiment=deep", "model.depth=2")
    assert (mapping["model"]["kind"], mapping["model"]["depth"]) == ("blend", 2)


def test_an_option_of_another_group_keeps_the_package_of_its_group(tmp_path: Path) -> None:
    write(tmp_path, "window/march.yaml", "kind: trailing\ntrain_days: 9\neval_days: 3\nas_of: null\n")
    assert compose_from(tmp_path, "window=march")["window"]["train_days"] == 9


def test_a_folder_whose_name_holds_signs_of_the_override_grammar_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "c=1, it's {d}"
    write(folder, "experiment/a.yaml", "name: found\n")
    assert compose_from(folder, "experiment=a")["name"] == "found"


def test_the_first_folder_that_has_an_option_wins(tmp_path: Path) -> None:
    write(tmp_path / "one", "experiment/a.yaml", "name: one\n")
    write(tmp_path / "two", "experiment/a.yaml", "name: two\n")
    added = search_path_overrides([str(tmp_path / "one"), str(tmp_path / "two")])
    assert compose_mapping("train", [*added, "experiment=a"])["name"] == "one"


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    write(tmp_path, "experiment/windows.yaml", b"\xef\xbb\xbfname: bom\r\nseed: 3\r\n")
    mapping = compose_from(tmp_path, "experiment=windows")
    assert (mapping["name"], mapping["seed"]) == ("bom", 3)


BROKEN_FILES: dict[str, tuple[bytes | str, str, str]] = {
    "a tab": ("name: tab\n\tmodel: 3\n", "line 2", "tab"),
    "a key twice": ("name: a\nseed: 1\nname: b\n", "line 3", "'name'"),
    "an inner key twice": ("model:\n  depth: 3\n  depth: 4\n", "line 3", "'depth'"),
    "Latin-1": (b"name: a\nhypothesis: Joki\xe9\n", "line 2", "UTF-8"),
    "a list": ("- a\n- b\n", "no keys", "KEY: VALUE"),
    "one word": ("name\n", "no keys", "KEY: VALUE"),
    "a number": ("42\n", "no keys", "KEY: VALUE"),
    "an open bracket": ("tags: [a\n", "line 2", "']'"),
    "an alias of nothing": ("name: a\ntags: *absent\n", "line 2", "absent"),
    "two documents": ("name: a\n---\nname: b\n", "line 2", "---"),
    "too many brackets": ("tags: " + "[" * 3000, "nested", "brackets"),
    "a Python object": ("name: !!python/object/apply:os.getcwd []\n", "line 1", "python"),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_a_broken_file_is_refused_with_its_path_and_line(case: str, tmp_path: Path) -> None:
    content, *named = BROKEN_FILES[case]
    file = write(tmp_path, "experiment/broken.yaml", content)
    with pytest.raises(ConfigurationError) as caught:
        compose_from(tmp_path, "experiment=broken")
    assert "\n" not in str(caught.value)
    for part in (str(file), *named):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("name: ${name}\n", "name: "),
        ("name: ${nope.x}\n", "nope.x"),
        ("name: ${oc.env:BREAKOUT_NO_SUCH_VARIABLE}\n", "BREAKOUT_NO_SUCH_VARIABLE"),
        ("name: ${nosuch:x}\n", "nosuch"),
        ("defaults:\n  - broken\nname: x\n", "defaults list"),
        ("seed: 99999999999999999999999999\n", "seed"),
        ("1: a\n", "unknown key 1"),
        ("model: null\n", "model"),
        ('paths:\n  outputs: "a\\0b"\n', "paths.outputs must be text"),
        ("hydra:\n  run:\n    dir: elsewhere\n", "paths.outputs=DIR"),
    ],
)
def test_a_value_that_cannot_be_resolved_is_refused(
    content: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "cfg", "experiment/broken.yaml", content)
    monkeypatch.chdir(tmp_path)
    assert main(["--config-dir", "cfg", "experiment=broken", "dry_run=true"]) == 2
    shown = capsys.readouterr().err
    assert named in shown
    assert shown.count("\n") == 1


def test_a_config_dir_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    write(tmp_path, "file", "")
    for folder in ("a", "file", "absent"):
        assert main(["--config-dir", folder, "dry_run=true"]) == 2
        shown = capsys.readouterr().err
        assert f"--config-dir {folder}" in shown
        assert shown.count("\n") == 1


def test_a_config_dir_below_the_home_folder_of_an_unknown_user_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"--config-dir.*~nosuchuser/x.*home folder"):
        search_path_overrides(["~nosuchuser/x"])


def test_a_sweep_file_of_a_config_dir_makes_a_sweep(tmp_path: Path) -> None:
    content = "# @package _global_\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      model.depth: 3,4\n"
    write(tmp_path, "sweep/two.yaml", content)
    composed = compose_config("train", [*search_path_overrides([str(tmp_path)]), "sweep=two"])
    assert (is_sweep(composed), composed.hydra.sweeper.params) == (True, {"model.depth": "3,4"})


@pytest.mark.parametrize(("group", "content"), [("experiment", "name: a\n"), ("sweep", "hydra:\n  mode: MULTIRUN\n")])
def test_a_file_without_its_package_line_in_a_folder_that_hydra_reads_is_refused_with_that_line(
    group: str, content: str, tmp_path: Path
) -> None:
    write(tmp_path, f"{group}/mine.yaml", content)
    overrides = [f"hydra.searchpath=[file://{tmp_path}]", f"{group}=mine"]
    with pytest.raises(ConfigurationError, match="# @package _global_"):
        compose("train", overrides)


def test_a_sweep_resumes_with_the_folder_given_again_and_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "cfg", "experiment/mine.yaml", "model:\n  iterations: 5\n  l2_leaf_reg: ${model.depth}\n")
    monkeypatch.chdir(tmp_path)
    here = "hydra/launcher=basic"  # runs the jobs in this process
    assert main(["--config-dir", "cfg", "-m", "experiment=mine", "debug=tiny", "model.depth=2,3", here]) == 0
    (sweep,) = tmp_path.glob("outputs/sweeps/*")
    for flags in (["--config-dir", "cfg"], []):
        shutil.rmtree(min(sweep.glob("runs/*")))
        assert main([*flags, f"resume={sweep}"]) == 0
    saved = [yaml.safe_load(file.read_bytes())["model"] for file in sweep.glob("runs/*/settings.yaml")]
    found = sorted((model["depth"], model["l2_leaf_reg"], model["iterations"]) for model in saved)
    assert found == [(2, 2, 5), (3, 3, 5)]


def test_a_sweep_in_a_folder_whose_name_is_no_text_is_refused_and_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\xff"))
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert main(["-m", "debug=tiny", "model=base_rate", "seed=1,2"]) == 2
    assert "UTF-8" in capsys.readouterr().err
    assert not list(folder.glob("outputs/sweeps/*"))


def test_a_config_dir_and_a_search_path_exclude_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--config-dir", ".", "hydra.searchpath=[file:///]", "dry_run=true"]) == 2
    assert "hydra.searchpath" in capsys.readouterr().err


@pytest.mark.parametrize("header", ["", "# @package _global_\n"])
def test_the_local_file_of_a_checkout_sets_the_warehouse_with_or_without_its_package_line(
    header: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = Path(shutil.copytree(conf_dir(), tmp_path / "conf"))
    content = "defaults:\n  - override /warehouse: duckdb\nwarehouse:\n  folder: tables\nseed: 5\n"
    write(conf, "local/default.yaml", header + content)
    monkeypatch.setattr("breakout.settings.composition.conf_dir", lambda: conf)
    mapping = compose_mapping("train", [])
    assert (mapping["warehouse"]["kind"], mapping["warehouse"]["folder"], mapping["seed"]) == ("duckdb", "tables", 5)
    assert compose_mapping("train", ["seed=6"])["seed"] == 6
    compose_mapping("import", ["kind=nba_api", "to=tables"])  # has no warehouse that the file could set


@pytest.mark.parametrize(
    "line",
    [
        "--config-dir cfg doctor",
        "doctor --config-dir=cfg",
        "--config-dir cfg dataset start=2026-01-11 end=2026-01-12 out=x.parquet",
    ],
)
def test_a_config_dir_may_stand_before_the_command_and_counts_for_the_doctor(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = "defaults:\n  - override /warehouse: duckdb\nwarehouse:\n  folder: absent\n"
    write(tmp_path / "cfg", "local/default.yaml", content)
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 3
    shown = capsys.readouterr()
    assert "absent holds no imported tables" in shown.out + shown.err


def test_the_files_of_an_import_are_told_from_the_folder_of_a_config_dir(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cfg").mkdir()
    write(tmp_path, "games.csv", "a\n1\n")
    monkeypatch.chdir(tmp_path)
    assert main(["import", "--config-dir", "cfg", "nba_api", "games.csv", "to=tables"]) == 3
    assert "games.csv is not one of nba_api's" in capsys.readouterr().err
