"""A review as JSON, and as a JUnit report for programs that run tests."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from backhand.check.review.forms import wording
from backhand.check.review.groups import Group, group
from backhand.check.review.records import Finding, Review
from backhand.check.source.remarks import Place
from backhand.files import jsontext

VERSION = 1
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TOGETHER = "the layers together"


def json_of(review: Review) -> str:
    """One review as JSON; docs/formats.md describes it."""
    return jsontext.dumps({"version": VERSION, **_values(review)}, indent=2)


def json_of_all(reviews: Sequence[Review]) -> str:
    """Several reviews as JSON, with the mistakes that they share."""
    values = {
        "version": VERSION,
        "reviews": [_values(review) for review in reviews],
        "mistakes": [_group_values(each) for each in group(reviews)],
    }
    return jsontext.dumps(values, indent=2)


def _values(review: Review) -> dict[str, Any]:
    return {**review.to_json(), "passed": review.passed, "conclusion": wording.conclusion(review)}


def _group_values(mistake: Group) -> dict[str, Any]:
    return {
        "kind": mistake.kind,
        "cause": mistake.cause,
        "severity": mistake.severity,
        "submissions": list(mistake.targets),
    }


def junit(reviews: Iterable[Review]) -> str:
    """A JUnit report: a suite for each review, a case for each layer, a failure for each mistake."""
    root = ElementTree.Element("testsuites", name="backhand check")
    for review in reviews:
        root.append(_suite(review))
    ElementTree.indent(root)
    return f"{ElementTree.tostring(root, encoding='unicode', xml_declaration=True)}\n"


def _suite(review: Review) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_text(review.target))
    for unit in review.units:
        case = _case(suite, review, unit.name, unit.place)
        _add_failures(case, unit.findings, review)
        if not unit.tried:
            ElementTree.SubElement(case, "skipped", message="no configuration could be tried")
    if review.together:
        _add_failures(_case(suite, review, TOGETHER, None), review.together, review)
    for unread in review.unread:
        case = _case(suite, review, unread.name, unread.place)
        ElementTree.SubElement(case, "skipped", message=_text(unread.reason))
    for note in wording.unfinished(review):
        ElementTree.SubElement(_case(suite, review, note.text, note.place), "skipped", message="unfinished")
    if review.failure or not wording.checked(review):
        message = _text(review.failure or wording.conclusion(review))
        ElementTree.SubElement(_case(suite, review, "the check itself", None), "error", message=message)
    for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
    suite.set("time", f"{review.seconds:.3f}")
    return suite


def _case(suite: ElementTree.Element, review: Review, name: str, place: Place | None) -> ElementTree.Element:
    case = ElementTree.SubElement(
        suite, "testcase", classname=_text(Path(review.target).stem or review.target), name=_text(name)
    )
    if place is not None:
        case.set("file", _text(place.file))
        case.set("line", str(place.line))
    return case


def _add_failures(case: ElementTree.Element, findings: Iterable[Finding], review: Review) -> None:
    for finding in filter(wording.is_mistake, findings):
        message = wording.headline(finding, review.target)
        failure = ElementTree.SubElement(case, "failure", message=_text(message), type=finding.severity)
        lines = [f"{title}: {text}" for title, text in wording.details(finding)]
        if finding.change is not None:
            title = wording.change_title(finding, review.target)
            lines += [f"{title}:", f"- {finding.change.before}", f"+ {finding.change.after}"]
        failure.text = _text("\n".join(lines))


def _text(text: str) -> str:
    """The text without the characters that XML cannot hold, such as those that colour a terminal."""
    return NOT_XML.sub("?", text)
