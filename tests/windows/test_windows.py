"""The geometry of windows: how many places, which padding, what each entry meets, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.windows import Windows

SIZES, FEW = st.integers(1, 12), st.integers(1, 4)


def along(n, k, s=1, padding=0, d=1):
    """Windows along the rows alone."""
    return Windows.over((n, 1), (k, 1), (s, 1), padding, (d, 1))


@given(SIZES, FEW, FEW, FEW, st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_a_window_stands_wherever_it_fits(n, k, s, d, sides):
    before, after = sides
    starts = [first for first in range(0, n + before + after, s) if first + d * (k - 1) < n + before + after]
    if starts:
        assert along(n, k, s, (sides, (0, 0)), d).places[0] == len(starts)
    else:
        with pytest.raises(ValueError, match="larger than the image"):
            along(n, k, s, (sides, (0, 0)), d)


@given(SIZES, FEW, FEW, FEW)
def test_same_gives_a_place_for_every_stride(n, k, s, d):
    windows = along(n, k, s, "same", d)
    before, after = windows.padding[0]
    assert windows.places[0] == -(-n // s)
    assert after - before in (0, 1)
    assert before + after == 0 or (windows.places[0] - 1) * s + d * (k - 1) + 1 == n + before + after  # no more


@pytest.mark.parametrize(
    ("padding", "sides"),
    [
        (0, ((0, 0), (0, 0))),
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        (((1, 2), (3, 0)), ((1, 2), (3, 0))),
        ([[1, 2], [3, 0]], ((1, 2), (3, 0))),
        ("valid", ((0, 0), (0, 0))),
        ("same", ((1, 1), (0, 1))),
    ],
)
def test_forms_of_padding(padding, sides):
    assert Windows.over((5, 6), (3, 2), 1, padding).padding == sides


def test_entries_and_patches_see_the_same():
    windows = Windows.over((6, 7), (2, 3), (2, 1), ((1, 0), (0, 2)), (3, 2))
    x = np.arange(2.0 * 6 * 7 * 2).reshape(2, 6, 7, 2)
    padded = windows.pad(x)
    patches = windows.patches(padded)
    assert patches.shape == (2, *windows.places, 2, 3, 2)
    for (i, j), met in windows.entries():
        np.testing.assert_array_equal(patches[:, :, :, i, j], padded[met])
    np.testing.assert_array_equal(windows.inside(padded), x)
    assert padded.sum() == x.sum()
    assert windows.canvas(x.shape, x).shape == padded.shape
    assert not patches.flags.writeable


def test_nothing_is_copied_where_nothing_is_padded():
    x = np.ones((1, 4, 4, 1))
    assert Windows.over((4, 4), 2).pad(x) is x


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "the window must be at least 1, not 0"),
        ({"window": (3, 0)}, r"the window must be at least 1, not \(3, 0\)"),
        ({"window": 2, "stride": 0}, "the stride must be at least 1, not 0"),
        ({"window": 2, "dilation": (1, -1)}, "the dilation must be at least 1"),
        ({"window": 2, "padding": -1}, "the padding must be 0 or more, not -1"),
        ({"window": 2, "padding": ((0, -1), (0, 0))}, "the padding must be 0 or more"),
        ({"window": 2, "padding": "sane"}, 'must be "same", "valid" or numbers, not "sane"'),
        ({"window": 6}, "a window of 6 x 6 is larger than the image of 4 x 5$"),
        ({"window": 7, "padding": 1}, "a window of 7 x 7 is larger than the image of 4 x 5, padded to 6 x 7"),
        ({"window": 3, "dilation": 2}, "3 x 3, dilated to 5 x 5, is larger than the image of 4 x 5"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Windows.over((4, 5), **arguments)
