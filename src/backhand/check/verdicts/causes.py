"""Which named mistake explains a wrong gradient in all configurations at once.

A hypothesis counts only if it explains every configuration in which the gradient is wrong. The known mistakes of the
layer's kind come first, since they say most; of them it is also required that they give the right gradient wherever the
gradient is right. The hypotheses that hold for any layer follow, the simplest first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array
from backhand.check.diagnosis import explanations
from backhand.check.evidence import relative_error
from backhand.check.kinds.kind import Case, WrongGradient
from backhand.check.verdicts.trial import Trial


@dataclass(frozen=True)
class Cause:
    """Why a gradient is wrong.

    key: the name of the mistake.   text: what the numbers show, the rest of a sentence that begins with "it".
    of_kind: whether it is in the catalogue of the layer's kind, which has the words for it.   explained: of how many
    wrong configurations.
    """

    key: str
    text: str
    of_kind: bool
    explained: int


def find_cause(trials: Sequence[Trial], name: str) -> Cause | None:
    """The simplest mistake that explains the gradient of an array in all trials where it is wrong.

    Where none explains all of them, the one that explains most is returned, if it explains more than half.
    """
    failed = [trial for trial in trials if name in trial.wrong and trial.gradients.values.get(name) is not None]
    if not failed:
        return None
    of_kind = _of_kind(trials, failed, name)
    if of_kind is not None and of_kind.explained == len(failed):
        return of_kind
    generic = _generic(failed, name)
    if generic is not None and (of_kind is None or generic.explained > of_kind.explained):
        return generic if 2 * generic.explained > len(failed) else None
    return of_kind if of_kind is not None and 2 * of_kind.explained > len(failed) else None


def _of_kind(trials: Sequence[Trial], failed: Sequence[Trial], name: str) -> Cause | None:
    explained: dict[str, int] = {}
    for trial in failed:
        for mistake in _predicted(trial, name):
            explained[mistake] = explained.get(mistake, 0) + 1
    passed = [trial for trial in trials if trial.passage is not None and trial.passed]
    for mistake, count in sorted(explained.items(), key=lambda item: -item[1]):
        if all(_is_consistent(trial, name, mistake) for trial in passed):
            return Cause(mistake, "", True, count)
    return None


def _predicted(trial: Trial, name: str) -> list[str]:
    """The mistakes of the kind that give the gradient which this trial has seen."""
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
    """What the known mistakes of the kind would give; nothing where the layer is not of the kind that it was tried as."""
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
    known = np.isfinite(predicted)
    if gradient.shape != predicted.shape or not known.any():
        return False
    return bool(relative_error(gradient[known], predicted[known], 1e-12).max() <= limit)


def _generic(failed: Sequence[Trial], name: str) -> Cause | None:
    texts: dict[str, str] = {}
    counts: dict[str, int] = {}
    for trial in failed:
        for explanation in explanations(trial.evidence(name)):
            texts.setdefault(explanation.key, explanation.text)
            counts[explanation.key] = counts.get(explanation.key, 0) + 1
    best = max(counts.values(), default=0)
    key = next((key for key in counts if counts[key] == best), None)
    return None if key is None else Cause(key, texts[key], False, best)
