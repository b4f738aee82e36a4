"""An answered question as sections of a report."""

from pathlib import Path

from backhand.experiments.questions.report import divergence, dropout, sigmoid
from backhand.experiments.questions.report.record import FILE, chapter, read
from backhand.page.blocks import Section

CHAPTERS = {"sigmoid": sigmoid.chapters, "dropout": dropout.chapters, "divergence": divergence.chapters}


def is_in(folder: Path) -> bool:
    """Whether the folder is that of a question."""
    return (folder / FILE).is_file()


def told(folder: Path) -> tuple[str, str, tuple[Section, ...]]:
    """Title, subtitle and sections. Raises CheckpointError where question.json is damaged or not finished."""
    answer = read(folder)
    return answer.title, answer.subtitle, (*CHAPTERS[answer.question](answer), chapter(answer))
