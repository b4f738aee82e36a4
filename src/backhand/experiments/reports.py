"""Reports on saved runs: one page to read offline, the same as Markdown, and its plots as files."""

from collections.abc import Sequence
from pathlib import Path

from backhand import extras
from backhand.errors import BackhandError
from backhand.experiments.kind import REPORT
from backhand.experiments.kinds import kind_of
from backhand.experiments.run import KIND as RUN
from backhand.files.atomic import write_atomic
from backhand.files.paths import PathLike, as_path
from backhand.files.temporary import sweep
from backhand.page.blocks import Block

HTML, MARKDOWN = REPORT


def write(path: PathLike) -> Path:
    """Write report.html, report.md and plots/*.png into the folder of an experiment; return the page's path.

    Reads nothing but that folder, and gives the same bytes each time. Raises CheckpointError for a folder in which
    a file is missing or damaged, BackhandError for one that cannot be written, and MissingExtraError without the
    packages that draw and write pages.
    """
    from backhand.page import render, style

    extras.REPORT.require("a report")
    folder = as_path(path)
    kind = kind_of(folder) or RUN  # whose reader says what is missing
    with style.plot_style():
        page = kind.report.page(folder)
    plots = folder / "plots"
    try:
        plots.mkdir(exist_ok=True)
    except OSError as error:
        raise BackhandError(f"cannot make the folder {plots}: {error.strerror}; mend its permissions") from None
    images = list(render.images(page.sections))
    sweep(folder, {HTML, MARKDOWN})
    sweep(plots, {f"{image.name}.png" for image in images})
    for image in images:
        write_atomic(plots / f"{image.name}.png", image.png)
    write_atomic(folder / MARKDOWN, render.markdown(page))
    write_atomic(folder / HTML, render.html(page))
    return folder / HTML


def write_all(path: PathLike) -> list[Path]:
    """Write the reports of the runs that belong to the experiment in the folder, then its own; returns their pages."""
    folder = as_path(path)
    kind = kind_of(folder) or RUN
    runs = sorted(path for path in folder.glob(kind.runs) if kind_of(path)) if kind.runs else []
    return [write(path) for path in (*runs, folder)]


def closing(path: PathLike) -> list[Block]:
    """The result of the experiment in a folder in a few lines, as the terminal shows it at the end."""
    folder = as_path(path)
    return list((kind_of(folder) or RUN).report.closing(folder))


def write_results(series: Sequence[PathLike], out: PathLike) -> Path:
    """One file with the claims of several series beside our figures, from their folders; returns its path.

    Raises CheckpointError where a file is missing or damaged, BackhandError where the file cannot be written.
    """
    from backhand.experiments.series.report import results

    return results.write([as_path(folder) for folder in series], as_path(out))
