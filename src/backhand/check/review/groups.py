"""The mistakes of many submissions, the same ones together: what a teacher explains to the whole course."""

from collections.abc import Sequence
from dataclasses import dataclass

from backhand.check.review.records import SEVERITIES, Finding, Review, Severity

UNEXPLAINED = "not explained"


@dataclass(frozen=True)
class Group:
    """A mistake that submissions share.

    kind: of layer, such as "Linear"; "" for one of no known kind or of the layers together.   cause: the name of the
    mistake.   severity: the worst that it has anywhere.   targets: the submissions that have it, each once.   example:
    the finding of the first one.
    """

    kind: str
    cause: str
    severity: Severity
    targets: tuple[str, ...]
    example: Finding


def group(reviews: Sequence[Review]) -> list[Group]:
    """The mistakes by kind and cause, those of most submissions first."""
    found: dict[tuple[str, str], list[tuple[str, Finding]]] = {}
    for review in reviews:
        pairs = [(unit.kind, finding) for unit in review.units for finding in unit.findings]
        for kind, finding in [*pairs, *(("", finding) for finding in review.together)]:
            if finding.severity.startswith("wrong"):
                cause = finding.cause or f"{finding.pass_name}, {UNEXPLAINED}"
                found.setdefault((kind, cause), []).append((review.target, finding))
    groups = [
        Group(
            kind,
            cause,
            min((finding.severity for _, finding in pairs), key=SEVERITIES.index),
            tuple(dict.fromkeys(target for target, _ in pairs)),
            pairs[0][1],
        )
        for (kind, cause), pairs in found.items()
    ]
    return sorted(groups, key=lambda each: -len(each.targets))
