"""Packages with entry points, written into folders as `pip` would install them, and programs that see them."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree, ignore_patterns

import backhand

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "backhand-swish"
SRC = Path(backhand.__file__).parents[1]

EntryPoints = Mapping[str, Mapping[str, str]]  # group -> name -> target


def write_metadata(folder: Path, name: str, version: str, entry_points: EntryPoints) -> None:
    """The .dist-info of an installed package."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    groups = (f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in rows.items()) for group, rows in entry_points.items())
    (info / "entry_points.txt").write_text("\n".join(groups), "utf-8")


def install_example(folder: Path) -> Path:
    """The example, installed into a folder."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    copytree(EXAMPLE / "src", folder, dirs_exist_ok=True, ignore=ignore_patterns("__pycache__"))
    write_metadata(folder, project["name"], project["version"], project["entry-points"])
    return folder


def python(cwd: Path, *arguments: object, plugins: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, where the packages in the folder `plugins` are installed."""
    path = os.pathsep.join(map(str, (SRC, *([] if plugins is None else [plugins]))))
    environment = os.environ | {"PYTHONPATH": path, "COLUMNS": "200", "BACKHAND_BACKEND": "reference"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", cwd=cwd, check=False
    )


def program(cwd: Path, *arguments: object, plugins: Path | None = None) -> str:
    """What `backhand ARGUMENTS` prints where it succeeds."""
    done = python(cwd, "-m", "backhand", *arguments, plugins=plugins)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def refusal(cwd: Path, *arguments: object, plugins: Path | None = None) -> str:
    """The one sentence with which `backhand ARGUMENTS` refuses."""
    done = python(cwd, "-m", "backhand", *arguments, plugins=plugins)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())
