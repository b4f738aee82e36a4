"""Judges units together of which one may do the work of both: a softmax and its loss, an activation and the bias.

The gradient of the cross-entropy by the scores, p − t, holds the derivative of the softmax already. A loss that gives
it is right beside a softmax that passes the gradient on or has no backward pass, and wrong beside one with a
derivative.

The constant 1 that carries a bias has an entry in the gradient of the input, which either the layer drops that put it
there, or the activation before it.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.review.records import Finding
from backhand.check.verdicts.judge import Judgement

BY_SCORES, PASSES_ON = "gradient by the scores", "derivative left out"
ENTRY_KEPT = "entry of the bias kept"
LOSSES = ("cross_entropy", "nll")


def settled(
    judgement: Judgement, judgements: Sequence[Judgement], passed_over: Collection[str] = ()
) -> tuple[Finding, ...]:
    """The findings on a unit; of a softmax or a loss after it, as the other of the two in the file settles them.

    passed_over: the kinds of which the names of those units speak that are not judged; they settle nothing.
    """
    findings, kind = judgement.review.findings, judgement.reading.kind.name
    if kind == "softmax":
        others = [_has(j, BY_SCORES) for j in judgements if j.reading.kind.name in LOSSES and j.reading.match]
        return _settled(findings, PASSES_ON, others, is_alone=not {*LOSSES} & {*passed_over})
    if kind in LOSSES:
        others = [_has(j, PASSES_ON) for j in judgements if j.reading.kind.name == "softmax" and j.reading.match]
        return _settled(findings, BY_SCORES, others, is_alone="softmax" not in passed_over)
    if any(_drops_entry(other) for other in judgements):
        return tuple(finding for finding in findings if finding.cause != ENTRY_KEPT)
    return findings


def _drops_entry(judgement: Judgement) -> bool:
    """Whether a backward pass drops the entry of the bias of the layer that comes after it."""
    specimen = judgement.reading.specimen
    return isinstance(specimen, ObjectSpecimen) and specimen.forward().axis_of_bias is not None


def _has(judgement: Judgement, cause: str) -> bool:
    return any(finding.cause == cause for finding in judgement.review.findings)


def _settled(findings: Sequence[Finding], cause: str, others: Sequence[bool], *, is_alone: bool) -> tuple[Finding, ...]:
    """The findings, but those of this cause only where the others do not have the mistake that makes up for it."""
    if others and all(others):
        return tuple(finding for finding in findings if finding.cause != cause)
    return tuple(
        finding
        if finding.cause != cause or others or not is_alone
        else replace(finding, severity="warning", change=None)
        for finding in findings
    )
