"""Judges a unit: runs its trials, explains what is wrong, and finds the line and, where it is small, the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backhand.check.reading.reader import NoSuchSettingError, Reading, Unread
from backhand.check.review.records import Finding, UnitReview
from backhand.check.source.program import Program
from backhand.check.verdicts.backward import backward_findings, kink_findings
from backhand.check.verdicts.behaviour import behaviour_findings, partial_accumulation, shape_findings
from backhand.check.verdicts.common_factors import AVERAGED, averaged_in_part, is_averaged, is_summed, of_the_loss
from backhand.check.verdicts.description import describe
from backhand.check.verdicts.forward import ForwardMistake, forward_findings, mended_configs
from backhand.check.verdicts.intended import is_of_intended
from backhand.check.verdicts.naming import place_of
from backhand.check.verdicts.narrow import narrow_finding, refusal_findings
from backhand.check.verdicts.observation import observe
from backhand.check.verdicts.other_forward import other_forward
from backhand.check.verdicts.overflow import overflow_findings
from backhand.check.verdicts.scope import is_doubtful, missing_name, refuse_other_axes, refuse_unknown
from backhand.check.verdicts.trial import Trial, run_trial
from backhand.check.verdicts.whole_numbers import whole_number_findings

FOR_ONE = "With a single value for each sample it is right."


@dataclass(frozen=True)
class Judgement:
    """What was found of a unit.

    averaged: whether all gradients of its parameters, and these alone, are divided by the batch size.   summed:
    whether it is a loss whose gradient lacks the 1/N of its value.   accumulates: whether gradients are added up.
    Judged together with the other units (`together`).
    """

    review: UnitReview
    reading: Reading
    averaged: bool = False
    summed: bool = False
    accumulates: bool = False
    pending: tuple[Finding, ...] = field(default=())


def judge(reading: Reading, program: Program) -> Judgement | Unread:
    """Judge a unit that was read; it counts as unread where backward needs what could not be loaded."""
    trials = [run_trial(reading, config) for config in reading.kind.configs()]
    trials = [trial for trial in trials if not isinstance(trial.refused, NoSuchSettingError)]
    if (unread := _unread(reading, trials, program)) is not None:
        return unread
    ran = [trial for trial in trials if trial.refused is None]
    seen = observe(ran[0]) if ran and ran[0].crashed is None else {}
    in_forward = list(forward_findings(reading, ran, program))
    wrong = _not_caused_by(seen, backward_findings(reading, ran, program, mended=not in_forward))
    wrong = _not_of_forward(wrong, in_forward, ran)
    elsewhere = other_forward(reading, ran, wrong, program)
    wrong = [finding for finding in wrong if elsewhere is None or not set(finding.failed) <= set(elsewhere.failed)]
    wrong = _as_meant(reading, ran, wrong, program)
    averaged, summed = is_averaged(reading, wrong), is_summed(reading, wrong)
    pending = tuple(wrong) if averaged or summed else ()
    narrow = narrow_finding(reading, ran, program)
    findings = [
        *(() if narrow is None else (narrow,)),
        *(mistake.finding for mistake in in_forward),
        *(() if elsewhere is None else (elsewhere,)),
        *overflow_findings(reading, trials, program),
        *(() if pending else wrong),
    ]
    if ran:
        findings += behaviour_findings(reading, ran[0], seen, program)
        findings += partial_accumulation(reading, ran[0], seen, program)
        findings += () if in_forward else whole_number_findings(reading, ran[0], program)
    findings += refusal_findings(reading, trials, program)
    findings += kink_findings(reading, ran, program)
    findings += shape_findings(reading, ran, program)
    review = replace(_review(reading, trials, program), understood=describe(reading, seen), findings=tuple(findings))
    return Judgement(review, reading, averaged, summed, "gradients accumulate" in seen, pending)


def _unread(reading: Reading, trials: Sequence[Trial], program: Program) -> Unread | None:
    """Why a unit counts as unread after all, once it was tried; trials that it is not meant for are refused."""
    for trial in trials:
        if name := missing_name(trial.crashed, program):
            return Unread(reading.unit, f"it needs `{name}`, which this file does not get here", trial.crashed)
    refuse_other_axes(reading, trials)
    refuse_unknown(reading, trials)
    ran = [trial for trial in trials if trial.refused is None]
    if is_doubtful(reading, ran):
        error = ran[0].crashed
        return Unread(reading.unit, f"backward ends with {type(error).__name__}: {error}", error)
    return None


def _as_meant(reading: Reading, ran: Sequence[Trial], wrong: list[Finding], program: Program) -> list[Finding]:
    """The findings on gradients, seen in the way in which their author may have meant them."""
    if reading.unit.form == "network" or reading.kind.name == "network":
        wrong = of_the_loss(wrong, program)
    if reading.right_for_one:
        wrong = [replace(f, severity="wrong elsewhere", explanation=f"{f.explanation} {FOR_ONE}") for f in wrong]
    return averaged_in_part(reading, ran, wrong, program)


def _review(reading: Reading, trials: Sequence[Trial], program: Program) -> UnitReview:
    """What the trials of a unit come to, without findings."""
    ran = [trial for trial in trials if trial.refused is None]
    return UnitReview(
        reading.unit.name,
        reading.kind.title if reading.match else "",
        "",
        place_of(program, reading.unit.forward),
        len(ran),
        {trial.config.name: f"{type(trial.refused).__name__}: {trial.refused}" for trial in trials if trial.refused},
        sum(trial.skipped for trial in ran),
        max((trial.error for trial in ran), default=0.0),
    )


def _not_caused_by(seen: Mapping[str, Any], findings: list[Finding]) -> list[Finding]:
    """The findings on gradients that no behaviour explains: random numbers, or weights that were changed on the way."""
    if "random in backward" in seen or "forward differs" in seen:
        return []
    if "parameters changed in backward" in seen:
        known = ("weights already updated", "is empty", "crop empty at padding 0", *AVERAGED)
        return [finding for finding in findings if finding.cause in known or finding.change is not None]
    return findings


def _not_of_forward(
    findings: Sequence[Finding], in_forward: Sequence[ForwardMistake], ran: Sequence[Trial]
) -> list[Finding]:
    """The findings on gradients that no mistake of the forward pass explains.

    A backward pass is not to blame where it is right once forward is mended, where it is the gradient of what forward
    was meant to compute, or where the gradient itself makes no sense, as that of a result cut to whole numbers.
    """
    failed = {name for mistake in in_forward for name in mistake.finding.failed}
    causes = {mistake.finding.cause for mistake in in_forward} | ({"of the right loss"} if in_forward else set())
    mended = {name for mistake in in_forward if findings for name in mended_configs(ran[0].reading, mistake)}

    def is_of_forward(finding: Finding) -> bool:
        own = [trial for trial in ran if trial.config.name in finding.failed]
        if finding.cause in causes or set(finding.failed) <= mended:
            return True
        return set(finding.failed) <= failed and (
            not finding.cause or all(is_of_intended(trial, finding.array) for trial in own)
        )

    return [finding for finding in findings if not is_of_forward(finding)]
