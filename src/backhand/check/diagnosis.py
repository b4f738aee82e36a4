"""Finds the mistake behind a wrong gradient: hypotheses are tried in turn, and the first that explains it is reported.

A hypothesis takes the evidence and returns the rest of a sentence that begins with "it", or None. What the sentence
says of the numbers holds to within the check's limit wherever they were measured. The usual cause follows as a
question. Where no hypothesis holds, nothing is claimed.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.check.evidence import Evidence, Subject
from backhand.check.factors import factors, times_a_constant
from backhand.check.orientation import computed_with_a_transposed_array, not_cropped, permuted, reshaped, shifted
from backhand.check.partial import (
    axis_subsets,
    has_a_multiple_too_many,
    lacks_a_multiple,
    lacks_a_term_of_normalisation,
    name_axes,
    upstream_ignored_in_part,
    wrong_in_one_place,
)


class Explanation(NamedTuple):
    """A hypothesis that holds for a wrong gradient.

    key: its name, the same in every configuration.   text: the rest of a sentence that begins with "it".
    """

    key: str
    text: str


def explanations(evidence: Evidence) -> Iterator[Explanation]:
    """Every hypothesis that holds, the simplest first; a factor under the name of each number that it may be."""
    if not _can_be_explained(evidence):
        return
    for hypothesis in HYPOTHESES:
        if hypothesis is times_a_constant:
            yield from (Explanation(*factor) for factor in factors(evidence))
        elif text := hypothesis(evidence):
            yield Explanation(hypothesis.__name__.strip("_").replace("_", " "), text)


def _can_be_explained(evidence: Evidence) -> bool:
    finite = bool(np.isfinite(evidence.analytic).all())
    return finite and not evidence.is_true(evidence.analytic) and evidence.is_precise


def diagnose(subject: Subject, name: str, analytic: Array, dy: Array, limit: float) -> str:
    """The cause of a wrong gradient, as the end of a sentence; empty where none is found."""
    if analytic.dtype.kind != "f" or not np.isfinite(analytic).all():
        return ""
    evidence = Evidence.measure(subject, name, analytic, dy, limit)
    if not _can_be_explained(evidence):
        return ""
    return next((f"; it {cause}" for hypothesis in HYPOTHESES if (cause := hypothesis(evidence))), "")


def _not_summed(e: Evidence) -> str | None:
    for axes in axis_subsets(e.analytic.ndim):
        if e.is_true(e.analytic.sum(axes)):
            return f"is right once summed over {name_axes(axes)}" + (", the batch" if axes == (0,) else "")
    return None


def _is_empty(e: Evidence) -> str | None:
    return None if e.analytic.size else "is empty: a crop such as [p:-p] leaves nothing where p is 0"


def _is_zero(e: Evidence) -> str | None:
    return None if e.analytic.any() else "is 0 everywhere"


def _upstream_ignored(e: Evidence) -> str | None:
    return (
        "stays the same when dy changes: the upstream is ignored"
        if e.agree(e.analytic, e.gradient_for(-2 * e.dy))
        else None
    )


def _upstream_itself(e: Evidence) -> str | None:
    return "is dy itself: is the derivative left out?" if e.agree(e.analytic, e.dy) else None


def _gradient_of_another_array(e: Evidence) -> str | None:
    for name, array in e.subject.arrays.items():
        if name != e.name and e.has_right_shape and array.shape == e.true.shape and e.is_gradient_of(name):
            return f"is the gradient of {name}: are the two swapped?"
    return None


def _upstream_summed(e: Evidence) -> str | None:
    summed = {axes: e.dy.sum(axes) for axes in axis_subsets(e.dy.ndim)}
    right = next((axes for axes, total in summed.items() if e.is_true(total)), None)
    for axes, total in summed.items():
        if e.agree(e.analytic, total):
            return f"is dy summed over {name_axes(axes)}" + (
                f", where {name_axes(right)} would be right" if right else ""
            )
    return None


def _summed_too_far(e: Evidence) -> str | None:
    for axes in axis_subsets(e.true.ndim) if e.known.all() else ():
        total = e.true.sum(axes, keepdims=True)
        bare = e.analytic.reshape(total.shape) if e.analytic.size == total.size else e.analytic
        if e.agree(bare, total) or e.agree(e.analytic, np.broadcast_to(total, e.true.shape)):
            return f"is the true gradient summed over {name_axes(axes)}: a sum without its axis?"
    return None


def _clipped(e: Evidence) -> str | None:
    """The true gradient, cut off at a size, which is that of the least and of the greatest value that is there."""
    if not e.has_right_shape or not e.known.any():
        return None
    given, true = e.analytic[e.known], e.true[e.known]
    low, high = given.min(), given.max()
    is_cut = (true < low) | (true > high)
    inside = (given > low) & (given < high)
    if (
        not np.isclose(low, -high)
        or not is_cut.any()
        or not inside.any()
        or not e.agree(e.analytic[e.known], np.clip(true, low, high))
    ):
        return None
    return f"is the true gradient cut off at {low:.6g} and {high:.6g}"


def _not_linear(e: Evidence) -> str | None:
    if e.agree(e.gradient_for(-e.dy), -e.analytic):
        return None
    return "does not change its sign with dy: it must be linear in dy; is a mask taken from dy?"


def _lacks_the_result(e: Evidence) -> str | None:
    if e.y.shape != e.dy.shape or not e.is_true(e.gradient_for(e.dy * e.y)):
        return None
    return "would be right if dy were multiplied by y first: y is a factor of the derivative"


def _computed_with_other_values(e: Evidence) -> str | None:
    """Right if x were y, or if the labels were others."""
    if not e.has_right_shape:
        return None
    if e.y.shape == e.array.shape and e.is_true_for_values(e.array, e.y):
        return f"would be right at {e.name} = y: is the derivative taken at the output?"
    for name, array in e.subject.constants.items():
        for shift in (1, -1) if array.dtype.kind in "iu" and array.shape == e.true.shape[:-1] else ():
            if e.is_true_for_values(array, (array + shift) % e.true.shape[-1]):
                return f"would be right for {name} {shift:+d}: are they off by one?"
    return None


def _computed_with_other_settings(e: Evidence) -> str | None:
    for name, value in e.subject.settings.items():
        for other in _neutral_values(value):
            if e.is_true_for_setting(name, other):
                return f"would be right with {name} = {other}: does backward leave {name} out?"
    return None


def _neutral_values(value: object) -> tuple[object, ...]:
    """The values that a setting would have if it were left out."""
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int | float):
        return tuple(type(value)(plain) for plain in (0, 1) if plain != value)
    return () if value is None or isinstance(value, np.ndarray) else (None,)


def _times_constants_along_an_axis(e: Evidence) -> str | None:
    if not e.has_right_shape or e.true.ndim < 2:
        return None
    given, true = (np.where(e.known, array, 0) for array in (e.analytic, e.true))
    for axis, length in enumerate(e.true.shape):
        rest = tuple(other for other in range(e.true.ndim) if other != axis)
        square = (true * true).sum(rest, keepdims=True)
        ratio = (given * true).sum(rest, keepdims=True) / np.where(square > 0, square, 1)
        if ((np.abs(true) > e.floor).sum(rest) < 3).any() or not e.agree(e.analytic, ratio * e.true):
            continue
        for name, array in (e.subject.arrays | e.subject.constants).items():
            if array.shape == (length,) and np.allclose(ratio.ravel() * array, 1, rtol=10 * e.limit, atol=0):
                return f"is the true gradient divided by {name}: is {name} left out?"
        return f"is the true gradient times a constant for each index of axis {axis}"
    return None


def _takes_the_diagonal(e: Evidence) -> str | None:
    if e.analytic.shape == e.true.shape == e.dy.shape and e.is_diagonal():
        return f"takes each y to depend on the {e.name} in its own place alone: the Jacobian is more than its diagonal"
    return None


HYPOTHESES: tuple[Callable[[Evidence], str | None], ...] = (
    _is_empty,
    reshaped,
    not_cropped,
    _not_summed,
    _is_zero,
    _upstream_ignored,
    _upstream_itself,
    times_a_constant,
    permuted,
    shifted,
    _gradient_of_another_array,
    _upstream_summed,
    _summed_too_far,
    upstream_ignored_in_part,
    _not_linear,
    _lacks_the_result,
    computed_with_a_transposed_array,
    _computed_with_other_values,
    _computed_with_other_settings,
    has_a_multiple_too_many,
    lacks_a_multiple,
    lacks_a_term_of_normalisation,
    _times_constants_along_an_axis,
    _takes_the_diagonal,
    wrong_in_one_place,
    _clipped,
)
