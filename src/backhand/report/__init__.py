"""Reports on saved runs: one page to read offline, the same as Markdown, and its plots as files."""

from pathlib import Path

from backhand.errors import BackhandError
from backhand.files import write_atomic

__all__ = ["write"]


def write(run: Path) -> Path:
    """Write report.html, report.md and plots/*.png into the folder of a saved run; return the path of the page.

    Reads nothing but that folder, and gives the same bytes each time. Raises CheckpointError for a folder in which
    a piece is missing or damaged, BackhandError for one that cannot be written.
    """
    from backhand.report import page, style  # matplotlib and jinja2 are heavy; `import backhand.report` is not
    from backhand.report.chapters import chapters
    from backhand.report.run import read

    saved = read(Path(run))
    with style.look():
        sections = chapters(saved)
    plots = saved.folder / "plots"
    try:
        plots.mkdir(exist_ok=True)
    except OSError as error:
        raise BackhandError(f"cannot make the folder {plots}: {error.strerror}; mend its permissions") from None
    for image in page.images(sections):
        write_atomic(plots / f"{image.name}.png", image.png)
    write_atomic(saved.folder / "report.md", page.markdown(saved.title, saved.subtitle, sections))
    write_atomic(saved.folder / "report.html", page.html(saved.title, saved.subtitle, sections))
    return saved.folder / "report.html"
