"""Which part of a gradient is wrong: a term that it lacks, or the entries in one place.

Each function is a hypothesis, as `diagnosis` describes them.
"""

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np

from backhand.arrays import Array
from backhand.check.evidence import Evidence

SIGNIFICANCE = 0.02  # a place is told when chance would put all wrong entries there less often than this


def lacks_a_multiple(e: Evidence) -> str | None:
    """Of dy, y or an argument: the term of a penalty, or a path around."""
    for name, array in ({"dy": e.dy, "y": e.y} | e.subject.arrays).items():
        if e.has_right_shape and array.shape == e.true.shape and e.known.sum() > 3 and array[e.known].any():
            error, v = (e.true - e.analytic)[e.known], array[e.known]
            multiple = error @ v / (v @ v)
            if _explains(e, multiple * array):
                return f"lacks {multiple:.6g} times {name}"
    return None


def lacks_a_term_of_normalisation(e: Evidence) -> str | None:
    """The path through the mean of x, that through its variance, or both: missing, or of a wrong size."""
    if not e.analytic.shape == e.true.shape == e.dy.shape or not e.known.all():
        return None
    error, last = e.true - e.analytic, e.true.ndim - 1
    for axes in dict.fromkeys([tuple(range(last)), (last,), tuple(range(1, last + 1)), tuple(range(1, last))]):
        if np.prod([e.true.shape[axis] for axis in axes]) < 4:
            continue  # of so few values, a constant and a multiple explain too many
        x = e.array - e.array.mean(axes, keepdims=True)
        square = (x * x).sum(axes, keepdims=True)
        constant = np.broadcast_to(error.mean(axes, keepdims=True), error.shape)
        along = x * (error * x).sum(axes, keepdims=True) / np.where(square > 0, square, 1)
        where = f"over {name_axes(axes)}"
        if _explains(e, constant):
            return f"is off by a constant {where}: is the term of the mean missing or wrong?"
        if _explains(e, along):
            return f"is off by a multiple of {e.name} - mean {where}: is the term of the variance missing or wrong?"
        if _explains(e, constant + along):
            return f"is off by a constant and a multiple of {e.name} {where}: are both terms, mean and variance, wrong?"
    return None


def _explains(e: Evidence, part: Array) -> bool:
    """Whether the gradient is right with this part added, and this part is what was wrong."""
    error = (e.true - e.analytic)[e.known]
    return e.is_true(e.analytic + part) and np.abs(error - part[e.known]).max() < 0.01 * np.abs(error).max()


def wrong_in_one_place(e: Evidence) -> str | None:
    """By the sign of an array, in the labels' column, at an index, at the border: where chance alone would not be."""
    if not e.has_right_shape:
        return None
    able = e.known & ((e.true != 0) | (e.analytic != 0))  # zeros that are right tell nothing of the place
    entries, wrong, found = int(able.sum()), int(e.wrong.sum()), []
    for place, there in _locations(e):
        inside = int((there & able).sum())
        if inside < entries and not (e.wrong & ~there).any():
            found.append((comb(inside, wrong) / comb(entries, wrong), place, inside))
    chance, place, inside = min(found, default=(1.0, "", 0), key=lambda one: one[0])
    if chance >= SIGNIFICANCE:
        return None
    if not e.analytic[e.wrong].any():
        detail = "; it is 0 there"
    elif not e.true[e.wrong].any():
        detail = "; it should be 0 there: is a mask missing, or of another array?"
    else:
        detail = ""
    return f"is wrong only {place} ({wrong} of the {inside} there){detail}"


def _locations(e: Evidence) -> Iterator[tuple[str, Array]]:
    """Where mistakes gather: by an array's sign, by a mask, at labels, where parts add up, at an index, at a border."""
    arrays = e.subject.arrays | e.subject.constants | {"dy": e.dy, "y": e.y, "the true gradient": e.true}
    for name, array in arrays.items():
        if array.shape == e.true.shape:
            yield from ((f"where {name} < 0", array < 0), (f"where {name} > 0", array > 0))
            yield f"where {name} is 0", array == 0
        elif array.dtype.kind in "iu" and array.shape == e.true.shape[:-1]:
            yield f"in the column that {name} gives", array[..., None] == np.arange(e.true.shape[-1])
    yield f"where {e.name} reaches more of y than elsewhere, so that parts must add up", e.shared
    places = np.indices(e.true.shape)
    for axis, length in enumerate(e.true.shape):
        yield from ((f"at index {i} of axis {axis}", places[axis] == i) for i in range(length))
    if e.true.ndim == 4:
        edges = [(places[axis] == 0) | (places[axis] == e.true.shape[axis] - 1) for axis in (1, 2)]
        yield "at the border, along axes 1 and 2", edges[0] | edges[1]


def axis_subsets(ndim: int) -> list[tuple[int, ...]]:
    """Every choice of one or more of that many axes."""
    return [axes for size in range(1, ndim + 1) for axes in combinations(range(ndim), size)]


def name_axes(axes: tuple[int, ...]) -> str:
    """These axes in words."""
    return f"{'axis' if len(axes) == 1 else 'axes'} {' and '.join(map(str, axes))}"
