"""The worked example of an activation in CONTRIBUTING.md, carried out on a copy of the package."""

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

from tests.docs.markdown_pages import FENCE, ROOT

FILE = re.compile(r"^`(?P<path>[\w./]+\.\w+)`:\n\n" + FENCE.pattern.removeprefix("^"), re.MULTILINE | re.DOTALL)

# The tests that hold a new op and layer to the rules.
HOLDING = [
    "tests/docs/test_worked_examples.py",
    "tests/docs/test_studies_guide.py",
    "tests/ops",
    "tests/layers/test_layers.py",
]


def carry_out(text: str, root: Path) -> list[str]:
    """Write the files and apply the changes that the page shows, below `root`; returns their paths."""
    steps = list(FILE.finditer(text))
    for step in steps:
        file = root / step["path"]
        if step["language"] == "diff":
            whole = file.read_text("utf-8")
            for hunk in re.split(r"^@@\n", step["body"], flags=re.MULTILINE):
                lines = hunk.splitlines(keepends=True)
                old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
                assert whole.count(old) == 1, f"CONTRIBUTING.md quotes lines that {step['path']} has not:\n{old}"
                whole = whole.replace(old, new)
            file.write_text(whole, "utf-8")
        else:
            file.write_text(step["body"], "utf-8")
    return [step["path"] for step in steps]


def test_the_worked_example_of_contributing_works(tmp_path: Path) -> None:
    for part in ("src", "docs", "tests"):
        copytree(ROOT / part, tmp_path / part, ignore=ignore_patterns("__pycache__", "*.egg-info"))
    copy(ROOT / "pyproject.toml", tmp_path)
    activation, *_ = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Add a kind of experiment")
    changed = carry_out(activation, tmp_path)
    assert len(changed) == 9
    assert "All 2 agree" in run_in(tmp_path, "backhand", "check", "--only", "softplus")
    told = run_in(tmp_path, "pytest", *HOLDING, "-vv", "-k", "oftplus or every", "-p", "no:cacheprovider")
    assert told.count("oftplus") > 8


def run_in(folder: Path, *command: str) -> str:
    """What a module of Python prints when it is run on the package in the folder."""
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command], env=environment, capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
