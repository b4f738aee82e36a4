"""The page of a question: what was found, drawn from question.json alone."""

from pathlib import Path

from backhand.errors import BackhandError
from backhand.files import write_atomic

__all__ = ["write"]


def write(folder: Path) -> Path:
    """Write report.html, report.md and plots/*.png into the folder of a question; return the path of the page.

    Raises CheckpointError where question.json is missing, damaged or not finished, BackhandError where it cannot write.
    """
    from backhand.report import page, style  # matplotlib and jinja2 are heavy
    from backhand.report.questions import divergence, dropout, sigmoid
    from backhand.report.questions.record import read, settings

    answer = read(Path(folder))
    chapters = {"sigmoid": sigmoid.chapters, "dropout": dropout.chapters, "divergence": divergence.chapters}
    with style.look():
        sections = (*chapters[answer.question](answer), settings(answer))
    plots = Path(folder) / "plots"
    try:
        plots.mkdir(exist_ok=True)
    except OSError as error:
        raise BackhandError(f"cannot make the folder {plots}: {error.strerror}; mend its permissions") from None
    for image in page.images(sections):
        write_atomic(plots / f"{image.name}.png", image.png)
    write_atomic(Path(folder) / "report.md", page.markdown(answer.title, answer.subtitle, sections))
    write_atomic(Path(folder) / "report.html", page.html(answer.title, answer.subtitle, sections))
    return Path(folder) / "report.html"
