"""A test that a package installed from a wheel is complete; it runs a sweep, which uses most of the package."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent


@pytest.mark.slow
def test_an_installed_wheel_sweeps(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert {name.partition("/")[0].partition("-")[0] for name in packed.namelist()} == {
            "breakout",
            "hydra_plugins",
            "nba_breakout",
        }
        packed.extractall(tmp_path / "installed")
    script = "from breakout import cli; print(cli.__file__); raise SystemExit(cli.main())"
    words = ("-m", "debug=tiny", "model=base_rate,logistic", "paths.outputs=outputs")
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "installed"))
    assert len(list(tmp_path.glob("outputs/sweeps/*/runs/*/bundle/manifest.json"))) == 2
