"""Max-pooling over windows of 2 x 2 side by side, a row of windows at a time; a vector holds neighbouring channels.

The entries of a window have the numbers 0 and 1 in its upper row, 2 and 3 in its lower row. A byte for each window and
channel says which of them won, so that the gradient needs no values of the images.
"""

from collections.abc import Iterator
from typing import NamedTuple

from backhand.kernels.simd.emitter import BYTE, BYTES, VECTOR, Emitter, Value, W, constant
from backhand.kernels.simd.routines import inlined

NONE = 255  # the winner of a window that passes no gradient on


class _Channels(NamedTuple):
    """A vector of channels of a window.

    Where it lies in a row of windows and, for the first of the window's pixels, in a row of pixels; the first of its
    channels, and the mask of those that exist.
    """

    window: Value
    pixel: Value
    c: Value
    mask: Value


def _each_vector(e: Emitter, windows: Value, C: Value) -> Iterator[_Channels]:
    """What is written inside is done for each vector of channels of each window."""
    vectors = e.vectors(C)
    with e.loop(windows) as q:
        row = e.multiply(q, C)
        with e.loop(vectors) as vector:
            c = e.multiply(vector, W)
            yield _Channels(e.add(row, c), e.add(row, row, c), c, e.mask(e.subtract(C, c)))


def _entries(e: Emitter, upper: Value, lower: Value, pixel: Value, C: Value) -> list[Value]:
    """Pointers to the four pixels of a window, in two rows of pixels of C channels."""
    return [e.pointer(row, offset) for row in (upper, lower) for offset in (pixel, e.add(pixel, C))]


def load_winners(e: Emitter, winner: Value, offset: Value, mask: Value) -> Value:
    """The winners of a vector of channels; NONE outside the mask."""
    return e.load(e.pointer(winner, offset, BYTE), mask, BYTES, NONE)


def passed_gradient(e: Emitter, dy: Value, winners: Value) -> Value:
    """dy where a window has a winner, else 0."""
    return e.select(e.compare(winners, "!=", NONE), dy, 0)


@inlined
def pool_row(e: Emitter, upper, lower, y, winner, windows, C, relu) -> None:
    """y and the winners of so many windows of C channels, from the two rows of pixels they see; all are addresses.

    The first of equal values wins, and NaN counts as the largest value, but wins nothing. With relu, y is max(y, 0),
    and where that is 0 there is no winner.
    """
    with_relu = e.compare(relu, "!=", 0)
    for window, pixel, _, mask in _each_vector(e, windows, C):
        first, *others = _entries(e, upper, lower, pixel, C)
        largest, entry = e.load(first, mask), constant(0, BYTES)
        for k, pointer in enumerate(others, 1):
            value = e.load(pointer, mask)
            larger = e.compare(value, ">", largest)
            entry = e.select(larger, constant(k, BYTES), entry)
            largest = e.select(e.any_of(larger, e.is_nan(value)), value, largest)
        alive = e.select(e.compare(largest, ">", 0), entry, NONE)
        e.store(e.select(with_relu, e.relu(largest), largest), e.pointer(y, window), mask)
        e.store(e.select(with_relu, alive, entry), e.pointer(winner, window, BYTE), mask)


@inlined
def unpool_row(e: Emitter, dy, winner, upper, lower, sums, windows, C) -> None:
    """The gradient of the two rows of pixels: dy at each window's winner, else 0; added up for each channel in sums."""
    for window, pixel, c, mask in _each_vector(e, windows, C):
        g = e.load(e.pointer(dy, window), mask)
        winners = load_winners(e, winner, window, mask)
        for k, pointer in enumerate(_entries(e, upper, lower, pixel, C)):
            e.store(e.select(e.compare(winners, "==", k), g, 0), pointer, mask)
        e.add_to(e.pointer(sums, c), passed_gradient(e, g, winners), mask)


@inlined
def add_winners_row(e: Emitter, dy, winner, upper, lower, centre, sums, products, windows, C) -> None:
    """For each channel, add dy to sums and dy (x - centre) to products, x being the pixel that won."""
    for window, pixel, c, mask in _each_vector(e, windows, C):
        winners = load_winners(e, winner, window, mask)
        g = passed_gradient(e, e.load(e.pointer(dy, window), mask), winners)
        x = constant(0, VECTOR)
        for k, pointer in enumerate(_entries(e, upper, lower, pixel, C)):
            x = e.select(e.compare(winners, "==", k), e.load(pointer, mask), x)
        deviation = e.subtract(x, e.load(e.pointer(centre, c), mask))
        e.add_to(e.pointer(sums, c), g, mask)
        e.add_to(e.pointer(products, c), e.multiply(g, deviation), mask)
