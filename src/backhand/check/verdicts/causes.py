"""Which named mistake explains a wrong gradient in all configurations at once.

A hypothesis counts only if it explains every configuration in which the gradient is wrong. The known mistakes of the
layer's kind come first, since they say most; of them it is also required that they give the right gradient wherever the
gradient is right. The hypotheses that hold for any layer follow, the simplest first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array
from backhand.check.diagnosis import Explanation, explanations
from backhand.check.evidence import relative_error
from backhand.check.kinds.kind import Case, WrongGradient
from backhand.check.verdicts.trial import Trial

OF_THE_FIRST_AXIS = ("divided by the batch size", "times the batch size")  # which holds the samples in most layouts
OF_THE_UPSTREAM = ("upstream ignored", "upstream ignored in part", "upstream itself", "not linear")
# Causes that say less than a change that mends.
VAGUE = {"", "times a constant", "times constants along an axis", "wrong in one place"}


@dataclass(frozen=True)
class Cause:
    """Why a gradient is wrong.

    key: the name of the mistake; "" where no hypothesis explains the gradient.   text: what the numbers show, the rest
    of a sentence that begins with "it".   of_kind: whether it is in the catalogue of the layer's kind, which has the
    words for it.   trials: the configurations that it explains.
    """

    key: str
    text: str
    of_kind: bool
    trials: tuple[Trial, ...]


def find_causes(trials: Sequence[Trial], name: str) -> list[Cause]:
    """The mistakes that explain the gradient of an array, the one that explains most configurations first.

    Several are needed only where no single one explains every configuration in which the gradient is wrong. What is
    left unexplained beside explained ones is taken for the work of several mistakes at once, and not told.
    """
    failed = [trial for trial in trials if name in trial.wrong]
    left, causes = failed, list[Cause]()
    while left:
        cause = _of_kind(trials, left, name)
        if cause is None or len(cause.trials) < len(left):
            generic = _generic(left, name)
            if generic is not None and (cause is None or len(generic.trials) > len(cause.trials)):
                cause = generic
        if cause is None:
            break
        causes.append(cause)
        left = [trial for trial in left if not any(trial is explained for explained in cause.trials)]
    usual = [trial for trial in left if trial.is_usual]
    is_rare = len(failed) > 3 and len(left) > len(failed) / 2
    if is_rare and all(len(cause.trials) == 1 for cause in causes):  # each a coincidence
        causes, left, usual = [], failed, []
    if left and (not causes or (usual and not any(t.is_usual for cause in causes for t in cause.trials))):
        key = "another shape" if all(_has_another_size(trial, name) for trial in left) else ""
        causes.insert(0, Cause(key, "", False, tuple(left)))
    return causes


def _has_another_size(trial: Trial, name: str) -> bool:
    gradient = trial.gradients.values.get(name)
    return gradient is not None and trial.specimen is not None and gradient.size != trial.specimen.arrays[name].size


def of_the_same_cause(causes_of: Mapping[str, Sequence[Cause]], name: str, cause: Cause) -> list[str]:
    """The other gradients that are wrong for the same cause, or for none that says more."""
    keys = VAGUE if cause.key in VAGUE else {cause.key}
    others = ((other, causes) for other, causes in causes_of.items() if other != name)
    return [other for other, causes in others if all(each.key in keys for each in causes)]


def _of_kind(trials: Sequence[Trial], failed: Sequence[Trial], name: str) -> Cause | None:
    explained: dict[str, list[Trial]] = {}
    for trial in failed:
        for mistake in _predicted(trial, name):
            explained.setdefault(mistake, []).append(trial)
    passed = [trial for trial in trials if trial.passage is not None and trial.passed]
    for mistake, of_it in sorted(explained.items(), key=lambda item: -len(item[1])):
        if all(_is_consistent(trial, name, mistake) for trial in passed):
            return Cause(mistake, "", True, tuple(of_it))
    return None


def _predicted(trial: Trial, name: str) -> list[str]:
    """The mistakes of the kind that give the gradient which this trial has seen."""
    if trial.gradients.values.get(name) is None:
        return []
    evidence = trial.evidence(name)
    case = case_of(trial, {name: evidence.true})
    if case is None or trial.specimen is None:
        return []
    role = trial.specimen.roles[name]
    return [
        wrong.mistake
        for wrong in _wrong_gradients(trial, case)
        if wrong.role == role and _agree(evidence.analytic, np.asarray(wrong.values), trial.limit)
    ]


def _wrong_gradients(trial: Trial, case: Case) -> list[WrongGradient]:
    """What the known mistakes of the kind would give; nothing for a layer that is not of that kind."""
    if trial.reading.match is None:
        return []
    with np.errstate(all="ignore"):
        return list(trial.reading.kind.wrong_gradients(case))


def _is_consistent(trial: Trial, name: str, mistake: str) -> bool:
    """Whether a mistake gives the right gradient here, where the gradient is right."""
    gradient = trial.gradients.values.get(name)
    if gradient is None or trial.specimen is None:
        return True
    case = case_of(trial, {name: gradient})
    role = trial.specimen.roles[name]
    if case is None:
        return True
    predictions = [w for w in _wrong_gradients(trial, case) if w.mistake == mistake and w.role == role]
    return not predictions or any(_agree(gradient, np.asarray(w.values), 10 * trial.limit) for w in predictions)


def case_of(trial: Trial, true: dict[str, Array]) -> Case | None:
    """A trial as a kind sees it: its arrays by their roles."""
    specimen, passage = trial.specimen, trial.passage
    if specimen is None or passage is None:
        return None
    match = trial.reading.match
    gradients = {n: v for n, v in trial.gradients.values.items() if v is not None}
    return Case(
        trial.config,
        specimen.by_role,
        passage.y,
        trial.dy,
        {specimen.roles[name]: gradient for name, gradient in gradients.items()},
        {specimen.roles[name]: values for name, values in true.items()},
        {**trial.reading.layout, **(match.convention if match else {})},
    )


def _agree(gradient: Array, predicted: Array, limit: float) -> bool:
    if gradient.shape != predicted.shape and gradient.size == predicted.size:
        predicted = predicted.reshape(gradient.shape)
    if gradient.shape == predicted.shape and not gradient.size:
        return True  # a crop that leaves nothing
    known = np.isfinite(predicted)
    if gradient.shape != predicted.shape or not known.any():
        return False
    return bool(relative_error(gradient[known], predicted[known], 1e-12).max() <= limit)


def _generic(failed: Sequence[Trial], name: str) -> Cause | None:
    if (factor := _batch_factor(failed, name)) is not None:
        return factor
    texts: dict[str, str] = {}
    explained: dict[str, list[Trial]] = {}
    for trial in failed:
        for explanation in explanations(trial.evidence(name)):
            if explanation.key in OF_THE_UPSTREAM and not _has_upstream(trial):
                continue
            if explanation.key in OF_THE_FIRST_AXIS and trial.reading.layout.get("samples") == "columns":
                text = explanation.text.replace("the batch size", "the length of the first axis")
                explanation = Explanation("mean over the wrong count", text)
            texts.setdefault(explanation.key, explanation.text)
            explained.setdefault(explanation.key, []).append(trial)
    best = max(map(len, explained.values()), default=0)
    key = next((key for key, of_it in explained.items() if len(of_it) == best), None)
    return None if key is None else Cause(key, texts[key], False, tuple(explained[key]))


def _has_upstream(trial: Trial) -> bool:
    """Whether backward is given an upstream gradient that matters; what comes last in a network begins with 1."""
    reading, passage = trial.reading, trial.passage
    return passage is not None and passage.takes_upstream and reading.takes_upstream and not reading.kind.constants


def _batch_factor(failed: Sequence[Trial], name: str) -> Cause | None:
    """The batch size as a factor or a divisor in all of these trials; it need not be the first axis of the samples."""
    sizes = [trial.config.get("N", 1) for trial in failed]

    def has(factors: Sequence[float]) -> bool:
        return all(
            (gradient := trial.gradients.values.get(name)) is not None
            and trial.evidence(name).is_true(gradient / factor)
            for trial, factor in zip(failed, factors, strict=True)
        )

    first, all_failed = sizes[0], tuple(failed)
    if min(sizes) > 1 and has([1 / N for N in sizes]):
        text = f"is the true gradient divided by {first}, the batch size"
        return Cause("divided by the batch size", text, False, all_failed)
    if min(sizes) > 1 and has([float(N) for N in sizes]):
        return Cause("times the batch size", f"is the true gradient times {first}, the batch size", False, all_failed)
    is_telling = len(set(sizes)) > 1 or first not in (1, 2, 4)  # else it might as well be a number of the code
    if is_telling and has([2 / N for N in sizes]):
        text = f"is the true gradient times 2 / {first}, where {first} is the batch size"
        return Cause("twice the mean", text, False, all_failed)
    return None
