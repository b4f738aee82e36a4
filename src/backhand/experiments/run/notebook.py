"""A run as a notebook shows it: the main figures and the findings of its report, and its curves."""

from backhand.experiments.run.record import Run
from backhand.experiments.run.report.findings import findings
from backhand.experiments.run.report.summary import notices, tiles
from backhand.notebook import html
from backhand.training.history import History


def view(run: Run) -> str:
    """The figures, what must not be overlooked, the findings, and the curves over the epochs."""
    curves = History(epoch.figures for epoch in run.history)
    shown = html.row(*curves.charts()) if run.history else html.paragraph("No epoch was finished.")
    parts = (*map(html.paragraph, notices(run)), html.tiles(tiles(run)), html.points(findings(run)), shown)
    return html.view(html.heading(run.title, run.subtitle), *parts)
