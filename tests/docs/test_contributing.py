"""The worked example of CONTRIBUTING.md, carried out on a copy of the package."""

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree

from markdown_pages import FENCE, ROOT, blocks

FILE = re.compile(r"^`(?P<path>[\w./]+\.\w+)`:\n\n" + FENCE.pattern.removeprefix("^"), re.MULTILINE | re.DOTALL)


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
    copytree(ROOT / "src" / "backhand", tmp_path / "src" / "backhand")
    copytree(ROOT / "docs", tmp_path / "docs")
    changed = carry_out((ROOT / "CONTRIBUTING.md").read_text("utf-8"), tmp_path)
    assert len(changed) >= 6
    code = "from backhand.cli import main; main()"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    command = [sys.executable, "-W", "error", "-c", code, "check", "--only", "softplus"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All 2 agree" in done.stdout
    page = tmp_path / "docs" / "derivations" / "softplus.md"
    sections = [re.findall(r"^## (.+)$", p.read_text("utf-8"), re.MULTILINE) for p in (page, page.with_stem("tanh"))]
    assert sections[0] == sections[1]
    (example,) = blocks(page, "python")
    subprocess.run([sys.executable, "-W", "error", "-c", example], env=environment, check=True)
