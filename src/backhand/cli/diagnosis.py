"""What `backhand doctor` does with a diagnosis: a page in the terminal, JSON, and an HTML file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from backhand.check.review.forms.styles import FAINT, STYLES, grid, heading, indented, marked_up
from backhand.check.review.forms.terminal import block, page_console, print_parts
from backhand.console.output import print_json
from backhand.doctor.records import Diagnosis, Problem, Result
from backhand.files.atomic import write_output

COLOURS = {"wrong": STYLES["wrong"], "warning": STYLES["warning"], "fine": STYLES["right"], "left out": FAINT}


def show(diagnosis: Diagnosis) -> None:
    """Print the page on the terminal."""
    print_parts(page_console(), _parts(diagnosis))


def show_json(diagnoses: Sequence[Diagnosis]) -> None:
    """Print the diagnosis as JSON; several as a list under `diagnoses`."""
    from backhand.page.diagnosis import conclusion

    values = [{"version": 1, "conclusion": conclusion(each)} | each.to_json() for each in diagnoses]
    whole = values[0] if len(values) == 1 else {"version": 1, "diagnoses": values}
    print_json(whole)


def write_html(diagnoses: Sequence[Diagnosis], path: Path) -> None:
    """Write the page with its plots. Raises BackhandError where it cannot be written."""
    from backhand.page import render
    from backhand.page.diagnosis import page

    write_output(path, render.html(page(diagnoses)).encode())


def _parts(diagnosis: Diagnosis) -> Iterator[RenderableType]:
    from backhand.page.diagnosis import conclusion
    from backhand.page.numbers import duration

    facts = ", ".join(filter(None, (diagnosis.subject, duration(diagnosis.seconds))))
    yield block(Text.assemble((diagnosis.target, "bold"), (f"   {facts}", FAINT)))
    if diagnosis.failure:
        yield block(marked_up(diagnosis.failure, STYLES["wrong"]))
    if diagnosis.looked_at:
        table = grid(Column("", style=FAINT, no_wrap=True), "", headings=False)
        for name, fact in diagnosis.looked_at:
            table.add_row(name, Text(fact))
        yield block(heading("What was looked at"), indented(table))
    if diagnosis.results:
        yield block(heading("Results"), indented(_results(diagnosis.results)))
    for number, (result, problem) in enumerate(diagnosis.problems, start=1):
        yield _problem(number, result, problem)
    yield marked_up(conclusion(diagnosis), "bold")


def _results(results: Sequence[Result]) -> Table:
    table = grid(Column("symptom", no_wrap=True), Column("result", no_wrap=True), "measured")
    for result in results:
        said = Text(result.summary) if result.summary else Text(result.left_out, FAINT)
        table.add_row(Text(result.title, "bold"), Text(result.verdict, COLOURS[result.verdict]), said)
    return table


def _problem(number: int, result: Result, problem: Problem) -> RenderableType:
    from backhand.page.diagnosis import details, sentence

    title = Text.assemble((f"{number}. {result.title}: ", "bold"), (problem.severity, COLOURS[problem.severity]))
    rows = grid(Column("", style=FAINT, no_wrap=True), "", headings=False)
    for name, text in details(problem):
        rows.add_row(name, marked_up(text))
    return block(title, indented(marked_up(sentence(problem.headline), "bold"), 3), indented(rows, 3))
