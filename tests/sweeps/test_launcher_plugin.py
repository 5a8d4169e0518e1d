"""Tests of the launcher as a plugin of Hydra, which finds it by name, also in a program that does not use breakout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.utils import get_class

from breakout.conf_tree import conf_dir

PLAIN = """
import hydra

@hydra.main(config_path={conf!r}, config_name="train", version_base="1.3")
def main(config):
    print("depth", config.model.depth, hydra.core.hydra_config.HydraConfig.get().job.num)

main()
"""


def test_hydra_finds_the_launcher_by_the_name_in_the_tree() -> None:
    named = yaml.safe_load((conf_dir() / "hydra" / "launcher" / "processes.yaml").read_text())["_target_"]
    assert issubclass(get_class(named), Launcher)
    assert named in {f"{found.__module__}.{found.__name__}" for found in Plugins.instance().discover(Launcher)}
    with initialize_config_dir(config_dir=str(conf_dir()), version_base="1.3"):
        config = compose("train", ["hydra/launcher=breakout"], return_hydra_config=True)
    assert config.hydra.launcher == {"_target_": named}


def test_a_program_of_hydra_alone_runs_any_function_with_it(tmp_path: Path) -> None:
    script = tmp_path / "plain.py"
    script.write_text(PLAIN.format(conf=str(conf_dir())), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), "-m", "model.depth=3,4", "hydra.sweep.dir=swept"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["depth 3 0", "depth 4 1"]
