"""The report of a question: what was found, drawn from question.json alone."""

from collections.abc import Iterable
from pathlib import Path

from backhand.experiments.questions.record import Answer, read
from backhand.experiments.questions.report import divergence, dropout, sigmoid
from backhand.page import settings
from backhand.page.blocks import Block, Notice, Page, Section
from backhand.page.numbers import counted

CHAPTERS = {"sigmoid": sigmoid.chapters, "dropout": dropout.chapters, "divergence": divergence.chapters}


def page(folder: Path) -> Page:
    """The report. Raises CheckpointError where a piece is missing or damaged."""
    answer = read(folder)
    done, planned = len(answer.cells), answer.asked.planned
    if done < planned:
        left = f"This question is not answered yet: {done} of {counted(planned, 'cell')} of its grid are trained."
        chapters: tuple[Section, ...] = (Section("summary", "Findings", (Notice(left),)),)
    else:
        chapters = CHAPTERS[answer.asked.question](answer)
    return Page(answer.title, answer.subtitle, (*chapters, _settings(answer)))


def closing(folder: Path) -> Iterable[Block]:
    """The findings of the page."""
    findings = next(section for section in page(folder).sections if section.key == "summary")
    return findings.blocks


def _settings(answer: Answer) -> Section:
    study = settings.table("Every setting (study.toml).", answer.study)
    return settings.chapter("answer", [study], answer.environment)
