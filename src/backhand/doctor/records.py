"""What an examination says, as plain values that travel between processes and into every form."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite, nan
from typing import Any, Literal

Severity = Literal["wrong", "warning"]
Verdict = Literal["fine", "warning", "wrong", "left out"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, or worth a warning.

    cause: its name, the same wherever it occurs, such as "softmax twice".   headline: the sentence to read first.
    evidence: what was measured.   why: why it matters.   remedy: what to change.
    """

    severity: Severity
    cause: str
    headline: str
    evidence: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Plot:
    """A small plot beside a result.

    names: of the bars, or empty for lines.   series: the values by the name of the line or of the group of bars.
    log: whether the scale of the values is logarithmic.   level: a value that a dashed line marks, None for none.
    points: where the values of the lines lie, on a logarithmic scale; empty for values that are counted from 1.
    """

    title: str
    x_label: str
    y_label: str
    series: Mapping[str, tuple[float, ...]]
    names: tuple[str, ...] = ()
    log: bool = False
    level: float | None = None
    points: tuple[float, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What a symptom measured, in a line, and the problems that it shows."""

    summary: str
    problems: tuple[Problem, ...] = ()
    plots: tuple[Plot, ...] = ()


@dataclass(frozen=True)
class Result:
    """The result of one symptom.

    symptom: its key.   title: its name for people.   summary: what was measured, in a line.   left_out: why nothing was
    measured; empty where something was.
    """

    symptom: str
    title: str
    summary: str = ""
    problems: tuple[Problem, ...] = ()
    plots: tuple[Plot, ...] = ()
    left_out: str = ""

    @property
    def verdict(self) -> Verdict:
        """The result in a word or two."""
        if self.left_out:
            return "left out"
        severities = {problem.severity for problem in self.problems}
        return "wrong" if "wrong" in severities else "warning" if severities else "fine"


@dataclass(frozen=True)
class Diagnosis:
    """Everything that an examination says.

    target: as the person named it.   subject: what it is, such as "a study".   looked_at: what was looked at, as names
    and facts.   failure: why nothing, or not everything, could be looked at; empty where all was.
    """

    target: str
    subject: str = ""
    looked_at: tuple[tuple[str, str], ...] = ()
    results: tuple[Result, ...] = ()
    seconds: float = 0.0
    failure: str = ""

    @property
    def problems(self) -> Iterator[tuple[Result, Problem]]:
        """All problems with their symptoms, those that are wrong first."""
        pairs = [(result, problem) for result in self.results for problem in result.problems]
        yield from sorted(pairs, key=lambda pair: pair[1].severity != "wrong")

    @property
    def status(self) -> int:
        """The exit status: 1 where something is wrong, 2 where nothing, or not all, could be looked at, else 0."""
        if any(problem.severity == "wrong" for _, problem in self.problems):
            return 1
        return 2 if self.failure or all(result.left_out for result in self.results) else 0

    def _repr_html_(self) -> str:
        """The verdict on each symptom, and each problem with its remedy, as a notebook shows it."""
        from backhand.notebook import html

        rows = [(r.title, r.verdict, r.summary or r.left_out) for r in self.results]
        texts = [_sentences(problem) for _, problem in self.problems]
        table = html.table(("symptom", "result", "measured"), rows, "lll")
        failure = [html.paragraph(self.failure)] if self.failure else []
        heading = html.heading(f"Diagnosis of {self.target}", self.subject)
        return html.view(heading, *failure, table, *map(html.paragraph, texts))

    def to_json(self) -> dict[str, Any]:
        """The diagnosis as values for JSON, in which numbers that are not finite are null."""
        values = asdict(self)
        for result, raw in zip(self.results, values["results"], strict=True):
            raw["verdict"] = result.verdict
            for plot in raw["plots"]:
                plot["series"] = {name: [_finite(value) for value in line] for name, line in plot["series"].items()}
                plot["level"] = None if plot["level"] is None else _finite(plot["level"])
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Diagnosis":
        """A diagnosis from the values that `to_json` gave."""
        looked_at = tuple((name, fact) for name, fact in values["looked_at"])
        results = tuple(map(_result, values["results"]))
        return cls(values["target"], values["subject"], looked_at, results, float(values["seconds"]), values["failure"])


@dataclass
class Collected:
    """The problems and plots of one symptom, as they come up while it is measured."""

    problems: list[Problem] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)

    def wrong(self, cause: str, headline: str, **texts: str) -> None:
        """Add something that is wrong. texts: evidence, why and remedy."""
        self.problems.append(Problem("wrong", cause, headline, **texts))

    def warn(self, cause: str, headline: str, **texts: str) -> None:
        """Add something that is worth a warning. texts: evidence, why and remedy."""
        self.problems.append(Problem("warning", cause, headline, **texts))

    def measured(self, summary: str) -> Measured:
        """All of it, with what was measured in a line."""
        return Measured(summary, tuple(self.problems), tuple(self.plots))


def _sentences(problem: Problem) -> str:
    """What a problem says, in whole sentences with their full stops."""
    texts = filter(None, (problem.headline, problem.evidence, problem.why, problem.remedy))
    return " ".join(f"{text[:1].upper()}{text[1:].rstrip('.')}." for text in texts)


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _result(values: dict[str, Any]) -> Result:
    problems = tuple(Problem(**problem) for problem in values["problems"])
    plots = tuple(_plot(plot) for plot in values["plots"])
    return Result(values["symptom"], values["title"], values["summary"], problems, plots, values["left_out"])


def _plot(values: dict[str, Any]) -> Plot:
    series = {name: tuple(nan if v is None else float(v) for v in line) for name, line in values["series"].items()}
    return Plot(**{**values, "series": series, "names": tuple(values["names"]), "points": tuple(values["points"])})
