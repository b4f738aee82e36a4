"""Hypotheses about a gradient whose values are right, but in another order or position, or those of a transposed array.

See `diagnosis` for what a hypothesis is.
"""

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from backhand.arrays import Array
from backhand.check.evidence import MAX_MEASURED, Evidence
from backhand.check.partial import axis_subsets, name_axes

MAX_SHIFT = range(-2, 3)  # how far values may be shifted: padding is seldom more


def reshaped(e: Evidence) -> str | None:
    """The gradient has the right values in another shape."""
    same_size = not e.has_right_shape and e.analytic.size == e.true.size
    return (
        "has the right values in another shape" if same_size and e.is_true(e.analytic.reshape(e.true.shape)) else None
    )


def permuted(e: Evidence) -> str | None:
    """The gradient is transposed, has another order of axes, is flipped, or has its values in any other order."""
    axes = tuple(range(e.analytic.ndim))
    for order, flips in product(permutations(axes), [(), *axis_subsets(e.analytic.ndim)]):
        if e.is_true(np.flip(e.analytic.transpose(order), flips)):
            turned = "transposed" if order == (1, 0) else f"with its axes in the order {order}" if order != axes else ""
            flipped = f"flipped along {name_axes(flips)}" if flips else ""
            return f"is right once {' and '.join(filter(None, (turned, flipped)))}"
    if e.known.all() and e.agree(np.sort(e.analytic, axis=None), np.sort(e.true, axis=None)):
        return "has the right values at other positions: is the memory order another one?"
    return None


def not_cropped(e: Evidence) -> str | None:
    """The gradient has a border around the right values."""
    larger = np.subtract(e.analytic.shape, e.true.shape) if e.analytic.ndim == e.true.ndim else np.array([-1])
    if larger.min(initial=0) < 0 or not larger.any() or np.prod(larger + 1) > MAX_MEASURED:
        return None
    for start in product(*(range(extra + 1) for extra in larger)):
        if e.is_true(e.analytic[tuple(slice(a, a + n) for a, n in zip(start, e.true.shape, strict=True))]):
            return f"holds the true gradient from index {list(start)} on: is it not cropped?"
    return None


def shifted(e: Evidence) -> str | None:
    """The gradient is shifted by one or two positions along the axes of an image."""
    if not e.has_right_shape or e.true.ndim < 3:
        return None
    significant = np.abs(e.true) > e.floor  # False where the true gradient is not known
    for steps in product((0,), *[MAX_SHIFT] * (e.true.ndim - 1)):
        here, there = (
            tuple(
                slice(max(sign * step, 0), n + min(sign * step, 0)) for step, n in zip(steps, e.true.shape, strict=True)
            )
            for sign in (1, -1)
        )
        if 2 * significant[there].sum() > significant.sum() and e.agree(e.analytic[here], e.true[there]):
            return f"is right once moved by {[-step for step in steps]}: is padding cropped at the wrong end?"
    return None


def computed_with_a_transposed_array(e: Evidence) -> str | None:
    """The gradient would be right if another array, such as a weight, were transposed or flipped."""
    for name, array in e.subject.arrays.items() if e.has_right_shape else ():
        for how, turned in _transposed_and_flipped(array) if name != e.name else ():
            if e.is_mended_by_values(array, turned) or e.is_true_for_values(array, turned):
                return f"would be right if {name} were {how}"
    return None


def _transposed_and_flipped(array: Array) -> Iterator[tuple[str, Array]]:
    """The array with neighbouring axes of equal length exchanged; kernels also flipped along one or two axes."""
    for i, j in zip(range(array.ndim), range(1, array.ndim), strict=False):
        if array.shape[i] == array.shape[j] > 1:
            how = "transposed" if array.ndim == 2 else f"turned, with axes {i} and {j} exchanged"
            yield how, array.swapaxes(i, j).copy()
    for axes in ((0, 1), (1, 2), (2, 3), (0,), (1,), (2,), (3,)) if array.ndim == 4 else ():
        yield f"flipped along {name_axes(axes)}", np.flip(array, axes).copy()
