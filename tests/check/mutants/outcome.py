"""What a review says of a planted mistake, and whether it is right."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backhand.check.review.records import SEVERITIES, Change, Finding, Review
from tests.check.mutants.mutant import ANY, Mutant
from tests.check.mutants.reviews import review_in_child


@dataclass(frozen=True)
class Outcome:
    """How the check did on a mutant; `line` and `change` are None where it told none.

    said: what it said, in a line.   seconds: of processor time.
    """

    mutant: Mutant
    detected: bool
    named: bool
    line: bool | None
    change: bool | None
    said: str
    seconds: float = 0.0

    @property
    def missed(self) -> tuple[str, ...]:
        """What the check did not get right: of "found", "named", "line" and "change"."""
        marks = {"found": self.detected, "named": self.named, "line": self.line, "change": self.change}
        return tuple(name for name, right in marks.items() if right is False)

    @property
    def report(self) -> str:
        """What went wrong, and what was said."""
        return f"{self.mutant.name}\n    not {', '.join(self.missed)}; wanted {self.mutant.causes}\n    {self.said}"


def outcome(mutant: Mutant) -> Outcome:
    """Review a mutant, and where a change is proposed, the file with that change."""
    review = _review(mutant, mutant.text)
    found = new_findings(review, mutant)
    if mutant.is_silent:
        return _of_silence(mutant, review, found)
    if not found:
        return _of_unread(mutant, review)
    first = found[0]
    said = f"{first.severity} | {first.cause} | {first.headline} | {first.place} | " + "; ".join(
        finding.cause for finding in found[1:]
    )
    named = bool(first.cause) and (ANY in mutant.causes or first.cause in mutant.causes)
    change = _is_change_right(found, mutant)
    return Outcome(mutant, True, named, _is_line_right(first, mutant), change, said, review.seconds)


def new_findings(review: Review, mutant: Mutant) -> list[Finding]:
    """The findings on the mutant that count, the worst first, without those on the right file."""
    known = {(finding.cause, finding.array) for finding in _of_unit(right_review(mutant), mutant)}
    found = [finding for finding in _of_unit(review, mutant) if finding.severity in mutant.severities]
    new = [finding for finding in found if (finding.cause, finding.array) not in known]
    return sorted(new, key=lambda finding: SEVERITIES.index(finding.severity))


def _of_unit(review: Review, mutant: Mutant) -> Sequence[Finding]:
    own = [finding for unit in review.units if unit.name == mutant.unit for finding in unit.findings]
    return [*own, *review.together] if mutant.unit else list(review.findings)


_RIGHT: dict[tuple[str, str], Review] = {}  # the reviews of bases, which many mutants share


def right_review(mutant: Mutant) -> Review:
    """The review of the base without the mistake."""
    key = mutant.reviewed or mutant.base, mutant.unit
    if key not in _RIGHT:
        _RIGHT[key] = _review(mutant, mutant.base_text)
    return _RIGHT[key]


def _review(mutant: Mutant, text: str) -> Review:
    with tempfile.TemporaryDirectory(prefix="backhand-mutant-") as folder:
        return review_in_child(mutant.write(Path(folder), text), [mutant.unit] if mutant.unit else ())


def _of_unread(mutant: Mutant, review: Review) -> Outcome:
    reasons = [unit.reason for unit in review.unread if not mutant.unit or unit.name == mutant.unit]
    reasons += [note.text for note in review.notes]
    told = any(cause.lower() in reason.lower() for cause in mutant.causes for reason in reasons)
    read = " ".join(unit.understood for unit in review.units if unit.name == mutant.unit)
    said = review.failure or (f"unread: {reasons}" if reasons else f"nothing; {read}")
    detected = "unread" in mutant.severities and told
    return Outcome(mutant, detected, detected, None, None, said, review.seconds)


def _of_silence(mutant: Mutant, review: Review, found: Sequence[Finding]) -> Outcome:
    """Of a change that is no mistake: nothing may be said of it."""
    told = "; ".join(finding.headline for finding in found) or review.failure
    read = any(unit.name == mutant.unit and unit.kind for unit in review.units)
    said = told or ("" if read else "not read")
    return Outcome(mutant, not told and read, not told and read, None, None, said, review.seconds)


def _is_line_right(finding: Finding, mutant: Mutant) -> bool | None:
    if finding.place is None:
        return None
    in_file = Path(finding.place.file).name == Path(mutant.base).name
    return in_file and finding.place.line in mutant.right_lines


def _is_change_right(found: Sequence[Finding], mutant: Mutant) -> bool | None:
    """Whether the file has no new finding once the first change that is proposed was made."""
    change = next((finding.change for finding in found if finding.change), None)
    if change is None:
        return None
    changed = apply(change, mutant.text)
    if changed is None:
        return False
    again = _review(mutant, changed)
    known = {finding.cause for finding in right_review(mutant).findings}
    left = [f for f in _of_unit(again, mutant) if f.severity != "style" and f.cause not in known]
    read = any(unit.name == mutant.unit for unit in again.units) or not mutant.unit
    return read and not left and not again.failure


def apply(change: Change, text: str) -> str | None:
    """A text with a change made; None where the line that it speaks of is another."""
    lines, start = text.splitlines(), change.place.line - 1
    before, after = change.before.splitlines(), change.after.splitlines()
    old = [line.strip() for line in lines[start : start + len(before)]]
    if any(was.strip() not in line for was, line in zip(before, old, strict=True)):
        return None
    indent = lines[start][: len(lines[start]) - len(lines[start].lstrip())]
    lines[start : start + len(before)] = [indent + line for line in after]
    return "\n".join(lines) + "\n"
