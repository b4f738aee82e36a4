"""Factors that gradients of one unit share: the average over the batch, the sign of the loss, another learning rate."""

from collections.abc import Sequence
from dataclasses import replace

from backhand.check.reading.reader import Reading
from backhand.check.review.records import Finding
from backhand.check.source.program import Program
from backhand.check.verdicts.descent import ascends
from backhand.check.verdicts.naming import gradient_expression
from backhand.check.verdicts.places import gradient_place
from backhand.check.verdicts.trial import Trial

SUMMED = ("times the batch size", "1/N missing")  # the causes of a loss whose gradient lacks 1/N
AVERAGED = ("divided by the batch size", "averaged over the batch")  # the causes of a layer that takes the mean


def of_the_loss(findings: list[Finding], program: Program) -> list[Finding]:
    """The findings on a network; none where its gradients are those of minus the loss, and its updates add them.

    One factor in all of them besides is no more than another learning rate.
    """
    causes = {finding.cause for finding in findings}
    if not ({"with the opposite sign"} == causes or _is_factor_of_opposite(findings)):
        return findings
    adds = ascends(program)
    if causes == {"times a constant"}:
        return findings if adds is False else [_told_as_a_rate(findings[0], known=bool(adds))]
    return [] if adds else findings


def _is_factor_of_opposite(findings: Sequence[Finding]) -> bool:
    texts = {finding.headline.partition(" times ")[2] for finding in findings if finding.cause == "times a constant"}
    return len(texts) == 1 and texts.pop().startswith("-") and {f.cause for f in findings} == {"times a constant"}


def _told_as_a_rate(finding: Finding, *, known: bool) -> Finding:
    """One finding for all gradients.   known: whether the updates are there to see."""
    sign = "The updates add them, so the sign is right." if known else "The sign is right if the updates add them."
    factor = finding.headline.partition(" times -")[2]
    return replace(
        finding,
        severity="warning",
        headline=f"all gradients are {factor} times those of minus the loss",
        explanation=f"{sign} The factor acts as another learning rate would: it is often the number of values over "
        "which the loss is a mean.",
        array="",
        change=None,
    )


def averaged_in_part(
    reading: Reading, ran: Sequence[Trial], findings: list[Finding], program: Program
) -> list[Finding]:
    """The findings on a layer with samples as columns, of whose gradients some are averaged over the batch.

    There the layers average, as a course has it whose losses do not: the mistake is in the others.
    """
    parameters = reading.specimen.parameter_names if reading.specimen is not None else []
    left = [name for name in parameters if name not in {finding.array for finding in findings}]
    averaged = [finding for finding in findings if finding.cause in AVERAGED]
    if reading.layout.get("samples") != "columns" or not averaged or len(averaged) < len(findings) or not left:
        return findings
    return [_not_averaged(reading, ran, averaged[0], name, program) for name in left]


def _not_averaged(reading: Reading, ran: Sequence[Trial], other: Finding, name: str, program: Program) -> Finding:
    expressions = [gradient_expression(reading, each) for each in (name, other.array)]
    own, others = (text or f"the gradient of {name}" for text in expressions)
    return replace(
        other,
        cause="averaged in part",
        headline=f"{own} is not averaged over the batch, as {others} is",
        evidence="",
        explanation="Either all gradients of the parameters are averaged, where the loss leaves that to them, or none.",
        array=name,
        place=gradient_place(reading, program, "", name, ran[:1], []),
        change=None,
    )


def is_averaged(reading: Reading, findings: Sequence[Finding]) -> bool:
    """Whether the gradients of all parameters, and they alone, are divided by the batch size."""
    specimen = reading.specimen
    assert specimen is not None
    parameters = set(specimen.parameter_names)
    by_cause = {finding.array for finding in findings if finding.cause in AVERAGED}
    return bool(parameters) and by_cause == parameters and len(findings) == len(parameters)


def is_summed(reading: Reading, findings: Sequence[Finding]) -> bool:
    """Whether it is a loss whose value is a mean and whose gradient is that of the sum."""
    return "labels" in reading.kind.constants and [finding.cause for finding in findings] in [
        [cause] for cause in SUMMED
    ]
