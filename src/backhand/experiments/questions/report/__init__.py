"""The report of a question, from the files of its folder alone."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.questions.record import Answer, read
from backhand.experiments.questions.report import divergence, dropout, sigmoid
from backhand.files.names import STUDY
from backhand.page import settings
from backhand.page.blocks import Block, Notice, Page, Points, Section
from backhand.page.numbers import counted
from backhand.study import to_values

QUESTIONS = {"sigmoid": sigmoid, "dropout": dropout, "divergence": divergence}


def page(folder: Path) -> Page:
    """The report as a page. Raises CheckpointError where a file is missing or damaged."""
    answer = read(folder)
    if notice := _unfinished(answer):
        chapters: tuple[Section, ...] = (Section("summary", "Findings", (notice,)),)
    else:
        chapters = QUESTIONS[answer.record.question].chapters(answer)
    return Page(answer.title, answer.subtitle, (*chapters, _settings(answer)))


def closing(folder: Path) -> Iterable[Block]:
    """The findings; while cells are left to train, how many are trained."""
    answer = read(folder)
    yield _unfinished(answer) or Points(tuple(QUESTIONS[answer.record.question].findings(answer)))


def _unfinished(answer: Answer) -> Notice | None:
    """How many cells are trained; None where all of them are."""
    trained, planned = len(answer.cells), answer.record.planned
    if trained == planned:
        return None
    return Notice(
        f"This question is not answered yet: {trained} of {counted(planned, 'cell')} of the grid are trained."
    )


def _settings(answer: Answer) -> Section:
    study = settings.table(f"Every setting ({STUDY}).", to_values(answer.study))
    return settings.chapter("answer", [study], answer.environment)
