"""A report as the tests see it: written, then read back."""

import json
from dataclasses import dataclass
from pathlib import Path

from backhand.experiments import reports
from tests.experiments.pageparser import Page

HARD = ("a very long class name that goes on and on", "<script>alert(1)</script>", "a|b *c* _d_ `e`", "$5 & $6")


@dataclass(frozen=True)
class Written:
    """A run folder with its report, read back."""

    folder: Path
    page: Page
    markdown: str
    metrics: dict

    def plots(self):
        return {path.stem for path in (self.folder / "plots").iterdir()}


def written(folder):
    page = reports.write(folder)
    assert page == folder / "report.html"
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    return Written(folder, Page(page.read_text(encoding="utf-8")), markdown, metrics)
