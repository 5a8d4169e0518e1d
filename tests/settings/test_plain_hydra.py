"""Tests that the files of `conf/` compose with Hydra alone, and that the documented code types the result."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from breakout import settings
from breakout.conf_tree import conf_dir, group_options
from breakout.settings.composition import compose, compose_mapping

ROOT = Path(__file__).parent.parent.parent
CHOICES = [f"{group}={option}" for group in ("experiment", "sweep", "debug") for option in group_options(group)]


def test_hydra_alone_composes_every_experiment_sweep_and_debug_file_as_the_program_does() -> None:
    code = f"""
import json, sys
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
with initialize_config_dir({str(conf_dir())!r}, version_base="1.3"):
    for choice in {CHOICES!r}:
        composed = compose(config_name="train", overrides=[choice])
        print(json.dumps(OmegaConf.to_container(composed, resolve=True), default=str))
assert not any(name.split(".")[0] == "breakout" for name in sys.modules)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    for choice, line in zip(CHOICES, ended.stdout.splitlines(), strict=True):
        hydra_alone = settings.load(settings.ExperimentConfig, json.loads(line))
        single = "hydra.mode=RUN"  # composes a sweep file as one job, without its values to sweep over
        expected = settings.load(settings.ExperimentConfig, compose_mapping("train", [choice, single]))
        assert hydra_alone == expected, choice


def test_the_documented_snippet_gives_a_typed_configuration() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert code is not None
    found: dict[str, object] = {}
    exec(code.group(1), found)  # noqa: S102  (the page's own text)
    assert found["config"] == compose("train", ["experiment=research/cv_ratio", "model.depth=4"])


@pytest.mark.parametrize("choice", CHOICES)
def test_a_file_of_root_keys_says_so_then_why_and_which_command_runs_it(choice: str) -> None:
    group, _, option = choice.partition("=")
    package, _why, command, *_ = (conf_dir() / group / f"{option}.yaml").read_text(encoding="utf-8").splitlines()
    assert package == "# @package _global_"
    assert command == f"# Run: breakout {choice}"
