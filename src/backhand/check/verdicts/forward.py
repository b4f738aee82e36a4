"""What is wrong with a forward pass: the mistakes that its kind knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from backhand.arrays import Array
from backhand.check.kinds.kind import Config, Match, State
from backhand.check.reading.reader import NoSuchSettingError, Reading
from backhand.check.reading.recognition import recognise
from backhand.check.review.records import Finding, Severity
from backhand.check.source.edits import Edit
from backhand.check.source.program import Program
from backhand.check.verdicts.naming import (
    change_of,
    constructor_of,
    filled,
    functions_of,
    line_of,
    names_in,
    qualified_name,
)
from backhand.check.verdicts.places import forward_place
from backhand.check.verdicts.repair import Attempt, mend_best
from backhand.check.verdicts.switches import is_switched_off
from backhand.check.verdicts.trial import Trial, run_trial

UNKNOWN_STATE = "unknown state"  # what is kept is nothing that is known; told of nobody, but no change may lead there
CHOICES = ("p", "samples", "channels", "kernel")  # what a change may not turn into its opposite


class ForwardMistake(NamedTuple):
    """A mistake of the forward pass, and the change that mends it, if there is one."""

    finding: Finding
    edit: Edit | None


def forward_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[ForwardMistake]:
    """The mistakes of the forward pass that the kind knows, with the configurations in which they show."""
    if reading.match is None:
        return
    shows = forward_mistakes(reading, ran)
    for mistake, trials in shows.items():
        words = reading.kind.mistakes.get(mistake)
        severity: Severity = "wrong" if any(trial.is_usual for trial in trials) else "wrong elsewhere"
        names = names_in(reading, trials[0], "")
        is_mended = partial(_is_mended, reading, ran, shows, mistake)
        attempts = [
            Attempt(functions_of(reading, "forward"), is_mended),
            Attempt(constructor_of(reading), partial(is_mended, anew=True)),
        ]
        edit = mend_best(attempts, partial(_is_best, reading, ran, trials[0]))
        finding = Finding(
            severity,
            mistake,
            "forward",
            f"forward {filled(words.says, names)}" if words else f"forward: {mistake}",
            explanation=filled(words.why, names) if words else "",
            formula=filled(words.formula, names) if words else "",
            page=reading.kind.page,
            function=qualified_name(reading, "forward"),
            place=line_of(program, edit) if edit else forward_place(reading, program, mistake, trials, ran),
            change=change_of(program, edit),
            failed=tuple(trial.config.name for trial in trials),
            tried=len(ran),
        )
        yield ForwardMistake(finding, edit)


def _is_best(reading: Reading, ran: Sequence[Trial], first: Trial) -> bool:
    """Whether the forward pass has no mistake at all, takes every usual configuration, and its gradients are right.

    first: the trial in which gradients are compared.
    """
    if not run_trial(reading, first.config).passed:
        return False
    names = {trial.config.name for trial in ran}
    configs = [config for config in reading.kind.configs() if config.usual or config.name in names]
    trials = [run_trial(reading, config) for config in configs]
    trials = [trial for trial in trials if not isinstance(trial.refused, NoSuchSettingError)]
    return all(trial.refused is None for trial in trials) and not forward_mistakes(reading, trials)


def mended_configs(reading: Reading, mistake: ForwardMistake) -> set[str]:
    """The configurations, of those in which a mistake shows, in which all is right with the change that mends it."""
    if mistake.edit is None:
        return set()
    with mistake.edit.applied():
        trials = [
            run_trial(reading, config) for config in reading.kind.configs() if config.name in mistake.finding.failed
        ]
    return {trial.config.name for trial in trials if trial.refused is None and trial.passed}


def forward_mistakes(reading: Reading, ran: Sequence[Trial]) -> dict[str, list[Trial]]:
    """The known mistakes of a forward pass, each with the trials in which it shows."""
    shows: dict[str, list[Trial]] = {}
    found: list[tuple[Config, Match]] = []
    for trial in ran:
        match, mistakes = _recognised(reading, trial)
        if match is not None:
            found.append((trial.config, match))
        for mistake in mistakes:
            if mistake != UNKNOWN_STATE:
                shows.setdefault(mistake, []).append(trial)
    for mistake in reading.kind.joint_mistakes(found):
        shows.setdefault(mistake, list(ran))
    return shows


def _recognised(reading: Reading, trial: Trial) -> tuple[Match | None, list[str]]:
    """What a forward pass computes in a trial, and its mistakes there: in the result and in what it keeps."""
    specimen, passage = trial.specimen, trial.passage
    assert specimen is not None
    assert passage is not None
    match = recognise(reading.kind, specimen, passage, trial.config, reading.layout)
    mistakes = [match.mistake] if match is not None and match.mistake else []
    if passage.written:
        arrays = specimen.by_role
        of_state = _state_mistakes(reading, passage.written, arrays, trial.config)
        mistakes += [] if of_state == ["statistics not updated"] and is_switched_off(reading, specimen) else of_state
    return match, mistakes


def _state_mistakes(
    reading: Reading, written: Mapping[str, Array], arrays: Mapping[str, Array], config: Config
) -> list[str]:
    """The mistakes in what a forward pass keeps; its arrays must agree in how they are averaged."""

    def state_of(some: Mapping[str, Array]) -> State | None:
        return next(reading.kind.recognise_state(some, arrays, config, reading.layout), None)

    state = state_of(written)
    if state is not None:
        return [state.mistake] if state.mistake else []
    apart = {role: state_of({role: array}) for role, array in written.items()}
    if len(apart) > 1 and all(apart.values()):
        named = [state.mistake for state in apart.values() if state is not None and state.mistake]
        return named or ["momentum swapped"]
    return [UNKNOWN_STATE]


def _agree(match: Match, known: Match | None, choices: Sequence[str] = CHOICES) -> bool:
    """Whether two ways of a forward pass make the same choices, such as p as the share kept."""
    other = known.convention if known is not None else {}
    return all(other[name] == match.convention[name] for name in choices if name in other and name in match.convention)


def _is_mended(
    reading: Reading, ran: Sequence[Trial], before: Mapping[str, Sequence[Trial]], mistake: str, *, anew: bool = False
) -> bool:
    """Whether the forward pass, as it is now, is recognised everywhere, and without this mistake or a new one.

    anew: whether objects are made again, as they must be where their constructor was changed.
    """
    now: list[Trial] = []
    rest = set(before) - {mistake}
    for trial in sorted(ran, key=lambda trial: all(trial is not other for other in before[mistake])):
        specimen = reading.specimen_for(trial.config) if anew else trial.specimen
        assert specimen is not None
        assert trial.specimen is not None
        again = replace(trial, specimen=specimen, passage=specimen.forward())
        match, mistakes = _recognised(reading, again)
        known = {other for other in rest if any(trial is each for each in before[other])}
        if specimen.arrays.keys() != trial.specimen.arrays.keys():
            return False
        if match is None or set(mistakes) - known or not _agree(match, reading.match):
            return False
        earlier = _recognised(reading, trial)[0] if trial.config.get("train", True) else None
        if earlier is not None and not earlier.mistake and not _agree(match, earlier, ("eps",)):
            return False
        now.append(again)
    return not set(forward_mistakes(reading, now)) - rest
