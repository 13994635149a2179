"""A wheel built from the project works by itself: SQL, rule book and samples travel in it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Return the folder that a wheel of the project was unpacked into."""
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    return tmp_path / "site"


@pytest.mark.slow
def test_the_wheel_loads_the_samples_that_travel_in_it(unpacked: Path, tmp_path: Path) -> None:
    """Away from the checkout, with nothing but what the wheel brought."""
    samples = unpacked / "pipelines" / "data" / "samples" / "logs"
    command = [sys.executable, "-m", "pipelines", "load", str(samples), "--home", str(tmp_path / "home"), "--json"]
    alone = {**os.environ, "PYTHONPATH": str(unpacked)}
    done = subprocess.run(command, cwd=tmp_path, env=alone, check=True, capture_output=True)
    report = json.loads(done.stdout)
    assert report["events"] > 10_000
    assert report["lines"] == report["event_lines"] + report["duplicates"] + report["rejects"]
    located = subprocess.run(
        [sys.executable, "-c", "import dashboard.app, pipelines; print(pipelines.DATA, dashboard.app.__file__)"],
        cwd=tmp_path, env=alone, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert located.stdout.split() == [str(unpacked / "pipelines" / "data"), str(unpacked / "dashboard" / "app.py")]
