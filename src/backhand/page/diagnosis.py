"""A diagnosis as a page: what was looked at, a line per symptom, each problem in full, and small plots."""

from collections.abc import Iterator, Sequence

import backhand
from backhand.doctor.records import Diagnosis, Problem, Result
from backhand.page.blocks import Block, Images, Notice, Page, Points, Section, Table, Text
from backhand.page.diagnosis_plots import draw
from backhand.page.numbers import counted, duration, listed

TITLES = {"wrong": "Wrong", "warning": "Warning"}


def page(diagnoses: Sequence[Diagnosis]) -> Page:
    """The page of one diagnosis, or of those of several networks of one file."""
    first = diagnoses[0]
    facts = (first.subject, f"Backhand {backhand.__version__}", duration(sum(each.seconds for each in diagnoses)))
    keys = [""] if len(diagnoses) == 1 else [f"network-{number}-" for number in range(1, len(diagnoses) + 1)]
    sections = [section for key, each in zip(keys, diagnoses, strict=True) for section in _sections(each, key)]
    title = f"Diagnosis of {listed([each.target for each in diagnoses])}"
    return Page(title, " · ".join(filter(None, facts)), tuple(sections))


def conclusion(diagnosis: Diagnosis) -> str:
    """The last sentence, with all counts."""
    severities = [problem.severity for _, problem in diagnosis.problems]
    measured = [result for result in diagnosis.results if not result.left_out]
    if not measured:
        return "Nothing could be looked at."
    left_out = len(diagnosis.results) - len(measured)
    parts = [counted(severities.count("wrong"), "thing") + " wrong" if "wrong" in severities else "Nothing is wrong"]
    if "warning" in severities:
        parts.append(counted(severities.count("warning"), "warning"))
    parts.append(f"{counted(len(measured), 'symptom')} looked for" + (f", {left_out} left out" if left_out else ""))
    return f"{'; '.join(parts)}."


def details(problem: Problem) -> tuple[tuple[str, str], ...]:
    """What a problem says below its headline, each with its heading."""
    rows = (("measured", problem.evidence), ("why it matters", problem.why), ("change", problem.remedy))
    return tuple((heading, sentence(text)) for heading, text in rows if text)


def sentence(text: str) -> str:
    """The text with a capital letter at its beginning and a full stop at its end."""
    begun = text[:1].upper() + text[1:]
    return begun if not begun or begun[-1] in ".!?:" else f"{begun}."


def _sections(diagnosis: Diagnosis, key: str) -> Iterator[Section]:
    """The sections of a diagnosis.   key: the beginning of their anchors; empty for the only diagnosis."""
    before = f"{diagnosis.target}: " if key else ""
    yield Section(f"{key}results", f"{before}Results", tuple(_overview(diagnosis)))
    problems = [block for result, problem in diagnosis.problems for block in _problem(result, problem)]
    if problems:
        yield Section(f"{key}problems", f"{before}What is wrong, and what to change", tuple(problems))
    plots = [
        draw(f"{key}{result.symptom}-{number}", plot)
        for result in diagnosis.results
        for number, plot in enumerate(result.plots)
    ]
    if plots:
        yield Section(f"{key}plots", f"{before}Measurements", (Images(tuple(plots)),))


def _overview(diagnosis: Diagnosis) -> Iterator[Block]:
    if diagnosis.failure:
        yield Notice(sentence(diagnosis.failure))
    yield Text(conclusion(diagnosis))
    if diagnosis.looked_at:
        yield Table("What was looked at.", ("", ""), diagnosis.looked_at, "ll")
    rows = tuple((result.title, result.verdict, result.summary or result.left_out) for result in diagnosis.results)
    yield Table("The result for each symptom.", ("symptom", "result", "measured"), rows, "lll")


def _problem(result: Result, problem: Problem) -> Iterator[Block]:
    yield Notice(f"{TITLES[problem.severity]} ({result.title}): {sentence(problem.headline)}")
    yield Points(tuple((heading, text.replace("`", "")) for heading, text in details(problem)))
