"""A review as one HTML page that needs nothing else, in the style of reports, and as a notebook shows it."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

import backhand
from backhand.check.review.forms import heat, wording
from backhand.check.review.forms.listing import lines_around
from backhand.check.review.records import Finding, Review
from backhand.page.numbers import duration

CODE = re.compile(r"`([^`\n]+)`")
FRAME_HEIGHT = 640  # pixels of the page in a notebook, which scrolls
CLASSES = {
    "wrong": "wrong",
    "wrong elsewhere": "elsewhere",
    "warning": "warning",
    "not checked": "unchecked",
    "not finished": "unchecked",
}


def page(review: Review) -> str:
    """The page of one review."""
    facts = (review.target, f"Backhand {backhand.__version__}", wording.precision(review), duration(review.seconds))
    return render(
        "review.html.j2", review=review, title=f"Check of {name_of(review)}", subtitle=" · ".join(filter(None, facts))
    )


def fragment(review: Review) -> str:
    """The page in a frame, so that its style stays out of the notebook around it."""
    frame = Markup('<iframe srcdoc="{}" style="width: 100%; height: {}px; border: 0" title="{}"></iframe>')
    return str(frame.format(page(review), FRAME_HEIGHT, f"Check of {name_of(review)}"))


def name_of(review: Review) -> str:
    """The last part of what the person named."""
    return Path(review.target).name or review.target


def render(template: str, **values: Any) -> str:
    """A template of this package with these values."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    # Names, code and messages come from the person's file: everything is escaped except what the templates write.
    loader = ChoiceLoader([PackageLoader("backhand.check.review.forms"), PackageLoader("backhand.page")])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "code": _with_code,
        "findings": _named_findings,
        "lines": lines_around,
        "panels": heat.rows,
        "result_class": lambda result: CLASSES.get(result, "right"),
        "severity_class": lambda severity: CLASSES.get(severity, "remark"),
        "verdict_class": lambda unit: CLASSES.get(wording.verdict(unit), "right"),
        **{
            function.__name__: function
            for function in (
                *(
                    wording.change_title,
                    wording.conclusion,
                    wording.configurations,
                    wording.details,
                    wording.files,
                    wording.headline,
                ),
                *(wording.largest_error, wording.notes, wording.understood, wording.unread_sentence, wording.verdict),
            )
        },
    }
    return environment


def _with_code(text: str) -> Markup:
    """The text, what stands between backticks as code."""
    pieces = CODE.split(text)  # text and code in turn
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if i % 2 else escape(piece) for i, piece in enumerate(pieces)
    )


def _named_findings(review: Review) -> list[tuple[str, Finding]]:
    return [(wording.layer_name(unit), finding) for unit, finding in wording.in_order(review)]
