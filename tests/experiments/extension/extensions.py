"""A run on the digits 0 to 7, and extensions of it by 8 and 9."""

from pathlib import Path
from typing import Any

from backhand.experiments.extension import WAYS
from backhand.experiments.extension import work as extension
from backhand.experiments.extension.plan import Plan
from backhand.experiments.run import work
from backhand.study import load
from backhand.study.extend import ExtendTable

STUDY = """
name = "first"
[data]
name = "digits"
classes = ["0", "1", "2", "3", "4", "5", "6", "7"]
[model]
name = "mlp"
hidden = [24]
[train]
epochs = 6
save_every = 0
optimizer = { kind = "sgd", lr = 0.1 }
"""


def train(folder: Path, *overrides: str) -> Path:
    """Train the run `first` in this folder; returns its own folder."""
    (folder / "first.toml").write_text(STUDY, "utf-8")
    work.run(load(str(folder / "first.toml"), overrides), folder / "first", quiet=True)
    return folder / "first"


def extend(run: Path, out: Path, *, ways: tuple[str, ...] = WAYS, new: Any = None, **options: Any) -> dict[str, Any]:
    """Extend the run by the digits 8 and 9, or by the data in the table `new`; returns extend.json."""
    table = ExtendTable(run=run, **(new or {"name": "digits", "classes": ["8", "9"]}))
    return extension.run(Plan(table, ways, **options), out, quiet=True).as_json()
