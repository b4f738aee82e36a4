"""Judges a unit: runs its trials, explains what is wrong, and finds the line and, where it is small, the change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.check.kinds.kind import Match
from backhand.check.reading.functions import FunctionSpecimen
from backhand.check.reading.objects import ObjectSpecimen, updated
from backhand.check.reading.reader import NoSuchSetting, Reading, recognise
from backhand.check.reading.results import returned_names
from backhand.check.reading.words import are_alike
from backhand.check.review.records import Change, Finding, Picture, Place, Severity, UnitReview
from backhand.check.source.definitions import plain
from backhand.check.source.edits import Edit, slice_lines
from backhand.check.source.program import Program
from backhand.check.verdicts.causes import Cause, find_cause
from backhand.check.verdicts.repair import mend
from backhand.check.verdicts.texts import BEHAVIOURS, LOGARITHM, OVERFLOW, words_for
from backhand.check.verdicts.trial import Trial, observe, run_trial

EXTREME = ("extreme", "zeros and ones")  # the draws that a result need not survive
MAX_PICTURE = 400  # the most entries of a picture
SUMMED = ("times the batch size", "1/N missing")
AVERAGED = ("divided by the batch size", "averaged over the batch")
BEHAVIOUR_SEVERITY: dict[str, Severity] = {
    "changed in forward": "wrong elsewhere",
    "dy changed": "style",
    "parameters changed in backward": "wrong elsewhere",
    "input changed in backward": "wrong elsewhere",
    "backward differs the second time": "wrong elsewhere",
    "random in backward": "wrong",
    "forward differs": "wrong",
}


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


def judge(reading: Reading, program: Program) -> Judgement:
    """Judge a unit that was read."""
    trials = [run_trial(reading, config) for config in reading.kind.configs()]
    trials = [trial for trial in trials if not isinstance(trial.refused, NoSuchSetting)]
    ran = [trial for trial in trials if trial.refused is None]
    findings = [*_forward_findings(reading, ran, program), *_overflow_findings(reading, trials, program)]
    wrong = _backward_findings(reading, ran, program)
    averaged = _is_averaged(reading, wrong)
    summed = _is_summed(reading, wrong)
    pending = tuple(wrong) if averaged or summed else ()
    findings += [] if pending else wrong
    seen = observe(ran[0]) if ran and ran[0].crashed is None else {}
    findings += _behaviour_findings(reading, seen, program)
    findings += _shape_findings(reading, ran, program)
    review = UnitReview(
        reading.unit.name,
        reading.kind.title if reading.match else "",
        describe(reading, seen),
        _place(program, reading.unit.forward),
        len(ran),
        {trial.config.name: f"{type(trial.refused).__name__}: {trial.refused}" for trial in trials if trial.refused},
        sum(trial.skipped for trial in ran),
        findings=tuple(findings),
    )
    return Judgement(review, reading, averaged, summed, "gradients accumulate" in seen, pending)


def describe(reading: Reading, seen: Mapping[str, Any]) -> str:
    """How a unit was read, in one line."""
    specimen = reading.specimen
    assert specimen is not None
    pieces = []
    if reading.match is not None:
        pieces += [
            f"{name}: {value}" if name != "function" else value for name, value in reading.match.convention.items()
        ]
    else:
        pieces.append("computes something that is none of the known kinds")
    for name, role in specimen.roles.items():
        if role not in ("x", "scores", "labels"):
            pieces.append(f"{name} {specimen.arrays[name].shape}")
    if isinstance(specimen, ObjectSpecimen) and specimen.parameters:
        gradients = specimen.forward().backward(np.ones_like(specimen.forward().y)).homes
        homes = [gradients[parameter.name] for parameter in specimen.parameters if gradients.get(parameter.name)]
        if homes:
            pieces.append(f"gradients in {', '.join(homes)}")
            pieces.append("added up" if "gradients accumulate" in seen else "overwritten")
    return (
        f"{reading.kind.title if reading.match else 'Unknown'}: {'; '.join(pieces)}" if pieces else reading.kind.title
    )


# ---- forward


def _forward_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """The mistakes of the forward pass that the kind knows, with the configurations in which they show."""
    if reading.match is None:
        return
    shows: dict[str, list[Trial]] = {}
    found: list[tuple[Any, Match]] = []
    for trial in ran:
        assert trial.specimen is not None and trial.passage is not None
        match = recognise(reading.kind, trial.specimen, trial.passage, trial.config, reading.layout)
        if match is not None:
            found.append((trial.config, match))
            if match.mistake:
                shows.setdefault(match.mistake, []).append(trial)
    for mistake in reading.kind.joint_mistakes(found):
        shows.setdefault(mistake, list(ran))
    for mistake, trials in shows.items():
        words = reading.kind.mistakes.get(mistake)
        severity: Severity = "wrong" if any(trial.config.usual for trial in trials) else "wrong elsewhere"
        names = _names(reading, trials[0], "")
        yield Finding(
            severity,
            mistake,
            "forward",
            f"forward {_fill(words.says, names)}" if words else f"forward: {mistake}",
            explanation=_fill(words.why, names) if words else "",
            formula=_fill(words.formula, names) if words else "",
            page=reading.kind.page,
            function=_qualified(reading, "forward"),
            place=_place(program, _function(reading, "forward")),
            failed=tuple(trial.config.name for trial in trials),
            tried=len(ran),
        )


def _overflow_findings(reading: Reading, trials: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """Warnings of results that are not finite for extreme values."""
    for trial in trials:
        if trial.config.draw not in EXTREME or not isinstance(trial.refused, FloatingPointError):
            continue
        words = OVERFLOW if _overflows(trial) else LOGARITHM
        yield Finding(
            "warning",
            words.headline,
            "forward",
            f"forward gives infinity or NaN for {trial.config.name}: {words.headline}",
            explanation=words.why,
            page=reading.kind.page,
            function=_qualified(reading, "forward"),
            place=_place(program, _function(reading, "forward")),
            failed=(trial.config.name,),
            tried=len(trials),
        )


def _overflows(trial: Trial) -> bool:
    """Whether an exponential overflows; for probabilities it is a logarithm of 0, and infinity comes from one, too."""
    if trial.passage is None or trial.specimen is None:
        return False
    probabilities = all(np.abs(array).max(initial=0) <= 1 for array in trial.specimen.arrays.values())
    return bool(np.isnan(trial.passage.y).any()) and not probabilities


# ---- backward


def _backward_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> list[Finding]:
    crashed = [trial for trial in ran if trial.crashed is not None and trial.config.get("train", True)]
    findings = [_crash_finding(reading, crashed, ran, program)] if crashed else []
    names = list(dict.fromkeys(name for trial in ran for name in trial.wrong))
    if not names:
        return findings
    edit = mend(ran, names, [_function(reading, "backward")], _labels(reading, names)) if len(names) > 1 else None
    for name in names:
        own = edit or mend(ran, [name], [_function(reading, "backward")], _labels(reading, [name]))
        findings.append(_gradient_finding(reading, ran, name, own, program))
    return findings


def _crash_finding(reading: Reading, crashed: Sequence[Trial], ran: Sequence[Trial], program: Program) -> Finding:
    error = crashed[0].crashed
    assert error is not None
    where = program.raised_at(error)
    return Finding(
        "wrong" if any(trial.config.usual for trial in crashed) else "wrong elsewhere",
        "backward fails",
        "backward",
        f"backward ends with {type(error).__name__}: {error}",
        evidence=f"with {crashed[0].config.name}",
        function=_qualified(reading, "backward"),
        place=Place(where.file, where.line, where.cell) if where else _place(program, _function(reading, "backward")),
        failed=tuple(trial.config.name for trial in crashed),
        tried=len(ran),
    )


def _gradient_finding(
    reading: Reading, ran: Sequence[Trial], name: str, edit: Edit | None, program: Program
) -> Finding:
    failed = [trial for trial in ran if name in trial.wrong]
    cause = find_cause(ran, name)
    usual = [trial for trial in failed if trial.config.usual]
    worst = (usual or failed)[0]
    names = _names(reading, worst, name)
    headline, explanation, formula = _texts(reading, worst, name, cause, names)
    function = _function(reading, "backward")
    return Finding(
        "wrong" if usual else "wrong elsewhere",
        cause.key if cause else (edit.operator if edit else ""),
        "backward",
        headline,
        _evidence(worst, name, cause),
        explanation,
        formula,
        reading.kind.page,
        _qualified(reading, "backward"),
        name,
        _line(program, function, _labels(reading, [name]), edit),
        _change(program, edit),
        _picture(worst, name) if cause is None and edit is None else None,
        tuple(trial.config.name for trial in failed),
        len(ran),
    )


def _texts(
    reading: Reading, trial: Trial, name: str, cause: Cause | None, names: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Headline, explanation and formula of a wrong gradient."""
    gradient = names["g"]
    if cause is None:
        return f"{gradient} is wrong", "None of the mistakes that Backhand knows explains it.", ""
    if cause.of_kind and cause.key in reading.kind.mistakes:
        words = reading.kind.mistakes[cause.key]
        return f"{gradient} {_fill(words.says, names)}", _fill(words.why, names), _fill(words.formula, names)
    if cause.of_kind:
        return f"{gradient}: {cause.key}", "", ""
    general = words_for(cause.key, trial.specimen.roles[name] if trial.specimen else "")
    text = f"it {cause.text}"
    return f"{_fill(general.headline, names)} ({text})", _fill(general.why, names), ""


def _evidence(trial: Trial, name: str, cause: Cause | None) -> str:
    gradient = trial.gradients.values[name]
    assert gradient is not None and trial.specimen is not None
    if gradient.size != trial.specimen.arrays[name].size:
        return f"its shape is {gradient.shape}, that of {name} is {trial.specimen.arrays[name].shape}"
    evidence = trial.evidence(name)
    true, given = evidence.true, gradient.reshape(evidence.true.shape)
    if not np.isfinite(true).any():
        return ""
    error = np.where(np.isfinite(true), np.abs(given - true), 0)
    index = tuple(int(i) for i in np.unravel_index(int(error.argmax()), true.shape))
    where = f"[{', '.join(map(str, index))}]" if index else ""
    return f"with {trial.config.name}, {name}{where}: backward gives {given[index]:.6g}, differences give {true[index]:.6g}"


def _picture(trial: Trial, name: str) -> Picture | None:
    gradient = trial.gradients.values[name]
    evidence = trial.evidence(name) if gradient is not None else None
    if gradient is None or evidence is None or gradient.shape != evidence.true.shape or gradient.size > MAX_PICTURE:
        return None
    return Picture(name, gradient.shape, gradient.ravel().tolist(), evidence.true.ravel().tolist(), trial.config.name)


# ---- behaviours and shapes


def _behaviour_findings(reading: Reading, seen: Mapping[str, tuple[str, ...]], program: Program) -> Iterator[Finding]:
    for behaviour, arrays in seen.items():
        if behaviour not in BEHAVIOUR_SEVERITY:
            continue
        pass_name = "forward" if "forward" in behaviour else "backward"
        words = BEHAVIOURS[behaviour]
        names = {"a": ", ".join(arrays), "g": "", "dy": "the upstream gradient"}
        severity = BEHAVIOUR_SEVERITY[behaviour]
        function = _function(reading, pass_name)
        yield Finding(
            severity,
            behaviour,
            pass_name,  # type: ignore[arg-type]
            _fill(words.headline, names),
            explanation=_fill(words.why, names),
            function=_qualified(reading, pass_name),
            place=_place(program, function),
        )


def _shape_findings(reading: Reading, ran: Sequence[Trial], program: Program) -> Iterator[Finding]:
    """Gradients with the right values in a shape that broadcasting forgives."""
    for trial in ran[:1]:
        assert trial.specimen is not None
        for name, gradient in trial.gradients.values.items():
            array = trial.specimen.arrays[name]
            if gradient is None or name in trial.wrong or gradient.shape == array.shape:
                continue
            forgiving = _is_forgiven(trial, name, gradient)
            yield Finding(
                "harmless" if forgiving else "wrong",
                "another shape",
                "backward",
                f"{_names(reading, trial, name)['g']} has the shape {gradient.shape}, {name} has {array.shape}",
                explanation="The update works all the same."
                if forgiving
                else f"An update such as {name} -= rate * gradient would fail or change the shape of {name}.",
                function=_qualified(reading, "backward"),
                array=name,
                place=_line(program, _function(reading, "backward"), _labels(reading, [name]), None),
            )


def _is_forgiven(trial: Trial, name: str, gradient: Array) -> bool:
    """Whether an update works with a gradient of another shape: the object's own, or else by broadcasting."""
    specimen = trial.specimen
    assert specimen is not None
    array = specimen.arrays[name]
    after = updated(specimen, trial.dy) if isinstance(specimen, ObjectSpecimen) else None
    if after is not None and name in after:
        return after[name].shape == array.shape and not np.array_equal(after[name], array)
    try:
        return np.broadcast_shapes(gradient.shape, array.shape) == array.shape
    except ValueError:
        return False


# ---- the mean over the batch, which is judged together


def _is_averaged(reading: Reading, findings: Sequence[Finding]) -> bool:
    """Whether the gradients of all parameters, and they alone, are divided by the batch size."""
    specimen = reading.specimen
    assert specimen is not None
    parameters = {name for name, role in specimen.roles.items() if role not in ("x", "scores")}
    by_cause = {finding.array for finding in findings if finding.cause in AVERAGED}
    return bool(parameters) and by_cause == parameters and len(findings) == len(parameters)


def _is_summed(reading: Reading, findings: Sequence[Finding]) -> bool:
    """Whether it is a loss whose value is a mean and whose gradient is that of the sum."""
    return "labels" in reading.kind.constants and [finding.cause for finding in findings] in [
        [cause] for cause in SUMMED
    ]


# ---- names and places


def _function(reading: Reading, pass_name: str) -> Any:
    if reading.network is not None:
        return plain(getattr(reading.network.cls, reading.network.gradient))
    if reading.methods is not None:
        name = reading.methods.forward if pass_name == "forward" else reading.methods.backward
        return plain(getattr(reading.methods.cls, name))
    assert reading.calls is not None
    backward = reading.calls.backward or reading.calls.forward
    return plain(reading.calls.forward if pass_name == "forward" else backward)


def _qualified(reading: Reading, pass_name: str) -> str:
    function = _function(reading, pass_name)
    name = getattr(function, "__name__", reading.unit.name)
    owner = reading.methods or reading.network
    return f"{owner.cls.__name__}.{name}" if owner is not None else str(name)


def _labels(reading: Reading, names: Sequence[str]) -> list[str]:
    """How the gradients of these arrays are called in backward's source."""
    function = _function(reading, "backward")
    labels = [label for label in returned_names(function) if label]
    homes = _homes(reading)
    found = []
    for name in names:
        alike = [label for label in labels if are_alike(label, name)]
        home = homes.get(name, "")
        found += alike[:1] or ([home] if home not in ("", "returned") else labels if len(labels) == 1 else [])
    return found


def _homes(reading: Reading) -> Mapping[str, str]:
    specimen = reading.specimen
    if not isinstance(specimen, ObjectSpecimen):
        return {}
    passage = specimen.forward()
    return passage.backward(np.ones_like(passage.y)).homes


def _names(reading: Reading, trial: Trial, name: str) -> dict[str, Any]:
    """What the texts of mistakes are filled with: the person's names by role, and the facts of the configuration."""
    specimen = trial.specimen
    assert specimen is not None
    labels = _labels(reading, [name]) if name else []
    by_role = {role: own for own, role in specimen.roles.items()}
    facts = {key: value for key, value in trial.config.facts.items() if isinstance(value, int | float | str)}
    upstream = _upstream_name(reading)
    return {
        **facts,
        "y": "y",
        **by_role,
        "dy": upstream,
        "a": name,
        "g": labels[0] if labels else f"the gradient of {name}",
    }


def _upstream_name(reading: Reading) -> str:
    from backhand.check.reading.units import parameter_names

    names = [name for name in parameter_names(_function(reading, "backward")) if name not in ("self", "ctx")]
    if isinstance(reading.specimen, FunctionSpecimen) and reading.calls is not None:
        return next((name for name, source in reading.calls.sources.items() if source[0] == "dy"), "dy")
    return names[0] if names else "dy"


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return key


def _fill(text: str, names: Mapping[str, Any]) -> str:
    """A text with the person's names; what has no name keeps that of the field."""
    return text.format_map(_Blank(names))


def _place(program: Program, value: Any) -> Place | None:
    where = program.location(value)
    return None if where is None else Place(where.file, where.line, where.cell)


def _line(program: Program, function: Any, labels: Sequence[str], edit: Edit | None) -> Place | None:
    """The line of a mistake: that of the change which mends it, else where the gradient gets its value."""
    start = program.location(function)
    if start is None:
        return None
    first = function.__code__.co_firstlineno
    line = edit.line if edit else next(iter(slice_lines(function, labels)), first)
    return Place(start.file, start.line + line - _def_line(function), start.cell)


def _def_line(function: Any) -> int:
    """The line of `def` in the file, below any decorators."""
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next((i for i, text in enumerate(lines) if text.lstrip().startswith(("def ", "async def "))), 0)


def _change(program: Program, edit: Edit | None) -> Change | None:
    if edit is None:
        return None
    place = _line(program, edit.function, [], edit)
    return None if place is None else Change(place, edit.before, edit.after, verified=True)
