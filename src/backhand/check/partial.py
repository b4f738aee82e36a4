"""Hypotheses about a gradient that is wrong in part: a term is missing, or the entries at one location are wrong.

See `diagnosis` for what a hypothesis is.
"""

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np

from backhand.arrays import Array
from backhand.check.evidence import Evidence

SIGNIFICANCE = 0.02  # a location is reported if chance would put all wrong entries there less often than this


def has_a_multiple_too_many(e: Evidence) -> str | None:
    """The gradient has a positive multiple of a parameter more than it should, as of a penalty that the loss lacks."""
    settings = [value for value in e.subject.settings.values() if isinstance(value, float) and value]
    for name, array in e.subject.arrays.items():
        if not e.has_right_shape or not _fits(array, e.true) or not array.any():
            continue
        error, v = (e.analytic - e.true)[e.known], np.broadcast_to(array, e.true.shape)[e.known]
        multiple = float(error @ v / (v @ v))
        usual = any(np.isclose(multiple, factor * value, rtol=1e-6) for value in settings for factor in (0.5, 1, 2))
        if multiple > 0 and e.known.sum() > (1 if usual else 3) and _explains(e, -multiple * array):
            return f"has {multiple:.6g} times {name} too much: a penalty that the loss does not have?"
    return None


def _fits(array: Array, other: Array) -> bool:
    """Whether an array can be added to another one, with axes of its own or without."""
    return array.ndim > 0 and array.shape == other.shape[other.ndim - array.ndim :]


def upstream_ignored_in_part(e: Evidence) -> str | None:
    """Some entries stay as they are when dy changes, while all others change their sign with it."""
    other, larger = e.gradient_for(-e.dy), e.gradient_for(-2 * e.dy)
    if other.shape != e.analytic.shape:
        return None
    same = np.isclose(other, e.analytic, rtol=e.limit, atol=0) & (e.analytic != 0)
    same &= np.isclose(larger, e.analytic, rtol=e.limit, atol=0)
    if not same.any() or not (same.all() or e.agree(other[~same], -e.analytic[~same])):
        return None
    rest = "the others are right" if e.has_right_shape and not (e.wrong & ~same).any() else "others are wrong as well"
    return f"stays the same in {same.sum()} of {same.size} entries when dy changes; {rest}"


def lacks_a_multiple(e: Evidence) -> str | None:
    """The gradient lacks a multiple of dy, of y or of an argument, such as the term of a penalty or of a shortcut."""
    for name, array in ({"dy": e.dy, "y": e.y} | e.subject.arrays).items():
        if e.has_right_shape and array.shape == e.true.shape and e.known.sum() > 3 and array[e.known].any():
            error, v = (e.true - e.analytic)[e.known], array[e.known]
            multiple = error @ v / (v @ v)
            if _explains(e, multiple * array):
                return f"lacks {multiple:.6g} times {name}"
    return None


def lacks_a_term_of_normalisation(e: Evidence) -> str | None:
    """The term of the mean of x, that of its variance, or both are missing or have a wrong factor."""
    if not e.analytic.shape == e.true.shape == e.dy.shape or not e.known.all():
        return None
    error, last = e.true - e.analytic, e.true.ndim - 1
    for axes in dict.fromkeys([tuple(range(last)), (last,), tuple(range(1, last + 1)), tuple(range(1, last))]):
        if np.prod([e.true.shape[axis] for axis in axes]) < 4:
            continue  # a constant and a multiple explain almost any error in so few values
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


def _explains(e: Evidence, term: Array) -> bool:
    """Whether the gradient is right with this term added, and the term is all that was wrong."""
    error = (e.true - e.analytic)[e.known]
    added = np.broadcast_to(term, e.true.shape)
    return e.is_true(e.analytic + added) and np.abs(error - added[e.known]).max() < 0.01 * np.abs(error).max()


def wrong_in_one_place(e: Evidence) -> str | None:
    """The entries are wrong at one location only: where an array is negative, at the labels, at the border or so."""
    if not e.has_right_shape:
        return None
    comparable = e.known & ((e.true != 0) | (e.analytic != 0))  # zeros that are right say nothing about the location
    entries, wrong, candidates = int(comparable.sum()), int(e.wrong.sum()), []
    for location, mask in _locations(e):
        inside = int((mask & comparable).sum())
        if inside < entries and not (e.wrong & ~mask).any():
            candidates.append((comb(inside, wrong) / comb(entries, wrong), location, inside))
    chance, location, inside = min(candidates, default=(1.0, "", 0), key=lambda candidate: candidate[0])
    if chance >= SIGNIFICANCE:
        return None
    if not e.analytic[e.wrong].any():
        detail = "; it is 0 there"
    elif not e.true[e.wrong].any():
        detail = "; it should be 0 there: is a mask missing, or of another array?"
    else:
        detail = ""
    return f"is wrong only {location} ({wrong} of the {inside} there){detail}"


def _locations(e: Evidence) -> Iterator[tuple[str, Array]]:
    """The usual locations of mistakes, each in words and as a mask."""
    arrays = e.subject.arrays | e.subject.constants | {"dy": e.dy, "y": e.y, "the true gradient": e.true}
    for name, array in arrays.items():
        if array.shape == e.true.shape:
            yield from ((f"where {name} < 0", array < 0), (f"where {name} > 0", array > 0))
            yield f"where {name} is 0", array == 0
        elif array.dtype.kind in "iu" and array.shape == e.true.shape[:-1]:
            yield f"in the column that {name} gives", array[..., None] == np.arange(e.true.shape[-1])
    yield f"where {e.name} affects more values of y than elsewhere, so that several terms must be summed", e.shared
    indices = np.indices(e.true.shape)
    for axis, length in enumerate(e.true.shape):
        yield from ((f"at index {i} of axis {axis}", indices[axis] == i) for i in range(length))
    if e.true.ndim == 4:
        edges = [(indices[axis] == 0) | (indices[axis] == e.true.shape[axis] - 1) for axis in (1, 2)]
        yield "at the border, along axes 1 and 2", edges[0] | edges[1]


def axis_subsets(ndim: int) -> list[tuple[int, ...]]:
    """Every choice of one or more of `ndim` axes."""
    return [axes for size in range(1, ndim + 1) for axes in combinations(range(ndim), size)]


def name_axes(axes: tuple[int, ...]) -> str:
    """These axes in words, such as `axis 0` or `axes 0 and 1`."""
    return f"{'axis' if len(axes) == 1 else 'axes'} {' and '.join(map(str, axes))}"
