"""The words that all forms of a review share: verdicts, counts, and what belongs to a finding."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from backhand.check.review.records import SEVERITIES, Finding, Note, Review, UnitReview, UnreadUnit
from backhand.check.source.remarks import Place
from backhand.page.numbers import counted, listed, scientific

NONE = "–"
NO_LAYERS = (
    ": there is no pair of functions such as `affine_forward` and `affine_backward`, and no class with a forward and a "
    "backward method"
)
UNFINISHED = "unfinished"
UNWRITTEN = " is not written yet"  # the end of a note, which the heading of the list says already
MOST_CONFIGURATIONS = 3  # that are named of those in which a mistake shows; more are only counted
DERIVATIONS = "docs/derivations"


def verdict(unit: UnitReview) -> str:
    """The result for a layer in a word or two: "right", "wrong", "right, 1 warning"."""
    if unit.tried == 0:
        return "not checked"
    if is_wrong(unit.findings):
        return str(unit.worst)
    warnings = sum(finding.severity == "warning" for finding in unit.findings)
    remarks = len(unit.findings) - warnings
    counts = [counted(n, noun) for n, noun in ((warnings, "warning"), (remarks, "remark")) if n]
    return ", ".join(["right", *counts])


def is_wrong(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings is a mistake, in the configurations of courses or in others."""
    return any(is_mistake(finding) for finding in findings)


def is_mistake(finding: Finding) -> bool:
    """Whether a finding is something wrong, and not only worth knowing."""
    return finding.severity.startswith("wrong")


def in_order(review: Review) -> list[tuple[UnitReview | None, Finding]]:
    """All findings, the severest first, each with its layer; None for those on the layers together."""
    found: list[tuple[UnitReview | None, Finding]] = [(unit, each) for unit in review.units for each in unit.findings]
    found += [(None, each) for each in review.together]
    return sorted(found, key=lambda pair: SEVERITIES.index(pair[1].severity))


def layer_name(unit: UnitReview | None) -> str:
    """The name of the layer that a finding belongs to."""
    return "the layers together" if unit is None else unit.name


def precision(review: Review) -> str:
    """A word on the precision, where the code has another than the check; else ""."""
    return "" if review.precision == "float64" else f"{review.precision}, checked in float64"


def understood(unit: UnitReview) -> str:
    """How a layer was read, without its kind, which stands beside it."""
    text = unit.understood.removeprefix(unit.kind).removeprefix(":").strip() if unit.kind else unit.understood
    return text or NONE


def files(review: Review) -> list[str]:
    """The file of each layer, where they come from more than one; else no names."""
    names = [unit.place.file if unit.place else "" for unit in review.units]
    return names if len(set(names)) > 1 else []


def configurations(unit: UnitReview) -> str:
    """The number of configurations that were tried, and of those that forward does not take: "7, and 2 refused"."""
    return f"{unit.tried}, and {len(unit.refused)} refused" if unit.refused else str(unit.tried)


def largest_error(unit: UnitReview) -> str:
    """The largest relative error of a gradient that passed."""
    return scientific(unit.error) if unit.error else NONE


def where(place: Place, target: str) -> str:
    """A place in the fewest words: the line, before it the cell, and the file where it is another than the target."""
    cell = "" if place.cell is None else f"cell {place.cell}, "
    file = "" if Path(place.file).name == Path(target).name else f"{place.file}, "
    return f"{file}{cell}line {place.line}"


def headline(finding: Finding, target: str) -> str:
    """The first sentence of a finding, with the function and the line before it."""
    function = f"`{finding.function}`" if finding.function else ""
    line = where(finding.place, target) if finding.place else ""
    begin = ", ".join(filter(None, (function, line))) or "In this file"
    return sentence(f"{begin}: {finding.headline}")


def sentence(text: str) -> str:
    """The text with a full stop at its end."""
    return text if not text or text[-1] in ".!?:" else f"{text}."


def details(finding: Finding) -> Iterator[tuple[str, str]]:
    """What else a finding says, each with its heading, without what is empty."""
    rows = (
        ("measured", sentence(finding.evidence)),
        ("shows", shown_in(finding)),
        ("why", sentence(finding.explanation)),
        ("formula", finding.formula),
        ("derived in", f"{DERIVATIONS}/{finding.page}" if finding.page else ""),
    )
    yield from ((heading, text) for heading, text in rows if text)


def shown_in(finding: Finding) -> str:
    """In how many configurations a mistake shows, and in which, where these are not all."""
    failed = len(finding.failed)
    if not failed or not finding.tried:
        return ""
    if failed == finding.tried:
        return f"in all {failed} configurations." if failed > 1 else "in the one configuration that was tried."
    count = f"in {failed} of {finding.tried} configurations"
    return f"{count}: {'; '.join(finding.failed)}." if failed <= MOST_CONFIGURATIONS else f"{count}."


def change_title(finding: Finding, target: str) -> str:
    """The line above a change, which says where it belongs and whether the check passes with it."""
    assert finding.change is not None
    place = finding.change.place
    known = finding.place is not None and (place.file, place.line) == (finding.place.file, finding.place.line)
    text = "with this change the check passes" if finding.change.verified else "a change to try"
    return text if known else f"{where(place, target)}: {text}"


def unfinished(review: Review) -> list[Note]:
    """The notes on functions that nobody has written yet."""
    return [note for note in review.notes if note.kind == UNFINISHED]


def unread_sentence(unit: UnreadUnit, target: str) -> str:
    """What was not understood, with its place, and why."""
    place = f", {where(unit.place, target)}" if unit.place else ""
    return sentence(f"`{unit.name}`{place}: {unit.reason}")


def notes(review: Review) -> list[tuple[str, list[str]]]:
    """Headings, and the sentences under each: what is unfinished, and what else was noticed."""
    noticed = [note for note in review.notes if note.kind != UNFINISHED]
    sentences = [note_text(note, review.target) for note in noticed]
    sentences += [f"`{unit.name}` refuses {'; '.join(names)}." for unit in review.units if (names := refusals(unit))]
    parts = [("Not written yet", _unwritten(review)), ("Remarks", sentences)]
    return [part for part in parts if part[1]]


def _unwritten(review: Review) -> list[str]:
    """The functions that nobody has written yet, as one list."""
    names = [note.text.removesuffix(".").removesuffix(UNWRITTEN) for note in unfinished(review)]
    places = [f" ({where(note.place, review.target)})" if note.place else "" for note in unfinished(review)]
    listing = ", ".join(f"{name}{place}" for name, place in zip(names, places, strict=True))
    return [sentence(listing)] if listing else []


def refusals(unit: UnitReview) -> list[str]:
    """The configurations that a layer does not take, without those that a finding speaks of."""
    told = {name for finding in unit.findings for name in finding.failed}
    return [name for name in unit.refused if name not in told]


def note_text(note: Note, target: str) -> str:
    """A note with its place before it."""
    return sentence(f"{where(note.place, target)}: {note.text}" if note.place else note.text)


def is_refused(review: Review) -> bool:
    """Whether there is nothing to show but why there is nothing."""
    return bool(review.failure) and not (review.units or review.unread or review.notes)


def checked(review: Review) -> list[UnitReview]:
    """The layers of which at least one configuration ran."""
    return [unit for unit in review.units if unit.tried]


def conclusion(review: Review) -> str:
    """The last sentence, with all counts."""
    if not checked(review):
        reasons = _other_counts(review)
        return f"Nothing could be checked{f': {listed(reasons)}' if reasons else '' if review.failure else NO_LAYERS}."
    units = checked(review)
    results = [str(unit.worst) if is_wrong(unit.findings) else "right" for unit in units]
    mistakes = sum(is_mistake(finding) for finding in review.findings)
    if not mistakes:
        begin = f"{units[0].name} is right" if len(units) == 1 else f"All {len(units)} that were checked are right"
        return f"{'; '.join([begin, *_other_counts(review)])}."
    numbers = [f"{results.count(word)} {text}" for word, text in _RESULTS.items() if word in results]
    parts = [f"{len(units)} checked: {listed(numbers)}", counted(mistakes, "mistake"), *_other_counts(review)]
    return f"{'; '.join(parts)}."


_RESULTS = {"right": "right", "wrong": "wrong", "wrong elsewhere": "wrong only elsewhere"}


def _other_counts(review: Review) -> list[str]:
    """What was not checked."""
    counts = ((len(review.unread), "not understood"), (len(unfinished(review)), "unfinished"))
    found = [f"{count} {text}" for count, text in counts if count]
    return [*found, "the rest was not reached"] if review.failure and review.units else found


def status(reviews: Sequence[Review]) -> int:
    """The exit status: 1 where something is wrong, else 2 where something could not be checked to its end, else 0."""
    if any(is_wrong(review.findings) for review in reviews):
        return 1
    return 2 if any(review.failure or not checked(review) for review in reviews) else 0
