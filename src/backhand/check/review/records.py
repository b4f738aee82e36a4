"""What a review of a person's file says, as plain values that travel between processes and into every form."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from math import nan
from typing import Any, Literal

from backhand.check.source.remarks import Place
from backhand.extras import REPORT

Severity = Literal["wrong", "wrong elsewhere", "warning", "harmless", "style"]
SEVERITIES: tuple[Severity, ...] = ("wrong", "wrong elsewhere", "warning", "harmless", "style")
Pass = Literal["forward", "backward", "together"]


@dataclass(frozen=True)
class Change:
    """A change of one line. verified: whether the check passes with it, in every configuration."""

    place: Place
    before: str
    after: str
    verified: bool


@dataclass(frozen=True)
class Picture:
    """A wrong gradient beside the true one, for an error that no hypothesis explains; NaN where none is known."""

    array: str
    shape: tuple[int, ...]
    given: list[float]
    true: list[float]
    configuration: str


@dataclass(frozen=True)
class Finding:
    """One mistake, or one thing worth knowing.

    severity: "wrong": in the configurations that courses use; "wrong elsewhere": only in others; "warning": overflow,
    logarithms of 0; "harmless": such as a bias gradient of another shape that broadcasting forgives; "style".
    cause: its name, the same wherever this mistake occurs, such as "divided by the batch size"; "" if unexplained.
    headline: the sentence to read first.   evidence: what was measured.   explanation: why it is wrong.
    formula: as it should be.   page: the derivation, a file name of docs/derivations.   function: qualified name.
    failed, tried: the configurations in which it shows, and how many were tried.
    """

    severity: Severity
    cause: str
    pass_name: Pass
    headline: str
    evidence: str = ""
    explanation: str = ""
    formula: str = ""
    page: str = ""
    function: str = ""
    array: str = ""
    place: Place | None = None
    change: Change | None = None
    picture: Picture | None = None
    failed: tuple[str, ...] = ()
    tried: int = 0


@dataclass(frozen=True)
class UnitReview:
    """A layer, loss, network or update rule of the file.

    name: as its author calls it.   kind: what it is taken for, such as "Linear"; "" where it is none that is known.
    understood: how it was read, in one line.   place: where it is defined.   passes: the configurations that were
    tried.   refused: those that its forward pass does not take, with its error.   skipped: comparisons left out because
    of kinks.   error: the largest relative error of a gradient that passed.
    """

    name: str
    kind: str
    understood: str
    place: Place | None
    tried: int
    refused: dict[str, str] = field(default_factory=dict)
    skipped: int = 0
    error: float = 0.0
    findings: tuple[Finding, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The severest of the findings; None where there is none."""
        return min((finding.severity for finding in self.findings), key=SEVERITIES.index, default=None)


@dataclass(frozen=True)
class UnreadUnit:
    """What looks like a layer but was not understood: why, and three lines of `spec` that would explain it."""

    name: str
    place: Place | None
    reason: str
    spec: str


@dataclass(frozen=True)
class Note:
    """What was noticed while the file was read: a module that is missing, Python 2, a syntax error, an unfinished
    function (kind "unfinished").
    """

    kind: str
    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Review:
    """Everything that a review says about a file, a folder or a notebook.

    target: as the person named it.   together: findings on layers, losses and updates as the file wires them.
    failure: why the review itself came to no end, such as a time limit; "" where it did.
    """

    target: str
    units: tuple[UnitReview, ...] = ()
    unread: tuple[UnreadUnit, ...] = ()
    notes: tuple[Note, ...] = ()
    together: tuple[Finding, ...] = ()
    precision: str = "float64"
    seconds: float = 0.0
    failure: str = ""

    @property
    def findings(self) -> Iterator[Finding]:
        """All findings, those of the units first."""
        for unit in self.units:
            yield from unit.findings
        yield from self.together

    @property
    def passed(self) -> bool:
        """Whether something was checked to the end and nothing is wrong, here or elsewhere."""
        wrong = any(finding.severity.startswith("wrong") for finding in self.findings)
        return bool(self.units) and not wrong and not self.failure

    def to_json(self) -> dict[str, Any]:
        """The review as values for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Review":
        """A review from the values that `to_json` gave."""
        return cls(
            values["target"],
            tuple(_unit(unit) for unit in values["units"]),
            tuple(_unread(unit) for unit in values["unread"]),
            tuple(_note(note) for note in values["notes"]),
            tuple(_finding(finding) for finding in values["together"]),
            values["precision"],
            values["seconds"],
            values["failure"],
        )

    def _repr_html_(self) -> str | None:
        """The review as a notebook shows it; None, in whose place a notebook shows the text, without jinja2."""
        if not REPORT.is_installed():
            return None
        from backhand.check.review.forms.html import fragment

        return fragment(self)


def from_values(kind: str, values: dict[str, Any]) -> UnitReview | UnreadUnit | Note:
    """A part of a review from its values; kind: "unit", "unread" or "note"."""
    if kind == "unit":
        return _unit(values)
    return _unread(values) if kind == "unread" else _note(values)


def _unread(values: dict[str, Any]) -> UnreadUnit:
    return UnreadUnit(**{**values, "place": _place(values["place"])})


def _note(values: dict[str, Any]) -> Note:
    return Note(**{**values, "place": _place(values["place"])})


def _place(values: dict[str, Any] | None) -> Place | None:
    return None if values is None else Place(**values)


def _unit(values: dict[str, Any]) -> UnitReview:
    findings = tuple(_finding(finding) for finding in values["findings"])
    return UnitReview(**{**values, "place": _place(values["place"]), "findings": findings})


def _finding(values: dict[str, Any]) -> Finding:
    change = values["change"]
    return Finding(
        **{
            **values,
            "place": _place(values["place"]),
            "change": None if change is None else Change(**{**change, "place": Place(**change["place"])}),
            "picture": _picture(values["picture"]),
            "failed": tuple(values["failed"]),
        }
    )


def _picture(values: dict[str, Any] | None) -> Picture | None:
    """Numbers that are not finite are null in JSON files."""
    if values is None:
        return None
    given, true = ([nan if number is None else number for number in values[name]] for name in ("given", "true"))
    return Picture(values["array"], tuple(values["shape"]), given, true, values["configuration"])
