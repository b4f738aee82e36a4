"""Reports on saved runs: one page to read offline, the same as Markdown, and its plots as files."""

from collections.abc import Sequence
from pathlib import Path

from backhand.errors import BackhandError
from backhand.files.atomic import sweep, write_atomic
from backhand.files.paths import PathLike, as_path

__all__ = ["write", "write_results"]


def write(run: PathLike) -> Path:
    """Write report.html, report.md and plots/*.png into the folder of a run or of several; return the page's path.

    Reads nothing but that folder, and gives the same bytes each time. Raises CheckpointError for a folder in which
    a piece is missing or damaged, BackhandError for one that cannot be written.
    """
    # matplotlib and jinja2 are heavy; `import backhand.experiments.reports` is not
    from backhand.experiments.comparison.report import chapters as comparison
    from backhand.experiments.extension.report import chapters as extension
    from backhand.experiments.questions.report import chapters as questions
    from backhand.experiments.run.report.chapters import chapters as of_run
    from backhand.experiments.run.saved import read
    from backhand.experiments.search.report import chapters as search
    from backhand.experiments.series.report import chapters as series
    from backhand.page import render, style

    folder = as_path(run)
    kinds = comparison, extension, questions, search, series
    with style.look():
        kind = next((each for each in kinds if each.is_in(folder)), None)
        if kind is not None:
            title, subtitle, sections = kind.told(folder)
        else:
            saved = read(folder)
            title, subtitle, sections = saved.title, saved.subtitle, of_run(saved)
    plots = folder / "plots"
    try:
        plots.mkdir(exist_ok=True)
    except OSError as error:
        raise BackhandError(f"cannot make the folder {plots}: {error.strerror}; mend its permissions") from None
    images = list(render.images(sections))
    sweep(folder, {"report.html", "report.md"})
    sweep(plots, {f"{image.name}.png" for image in images})
    for image in images:
        write_atomic(plots / f"{image.name}.png", image.png)
    write_atomic(folder / "report.md", render.markdown(title, subtitle, sections))
    write_atomic(folder / "report.html", render.html(title, subtitle, sections))
    return folder / "report.html"


def write_results(series: Sequence[PathLike], out: PathLike) -> Path:
    """One file with the claims of several series beside our figures, from their folders; returns its path.

    Raises CheckpointError where a piece is missing or damaged, BackhandError where the file cannot be written.
    """
    from backhand.experiments.series.report import results

    return results.write([as_path(each) for each in series], as_path(out))
