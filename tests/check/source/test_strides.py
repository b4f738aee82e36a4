"""Views with strides of one's own, kept inside their array."""

import numpy as np
import pytest

from backhand.check.source.strides import as_strided


def test_views_inside_the_array_are_those_of_numpy():
    x = np.arange(24.0).reshape(4, 6)
    windows = as_strided(x, (3, 5, 2, 2), x.strides * 2)
    assert np.array_equal(windows, np.lib.stride_tricks.sliding_window_view(x, (2, 2)))
    part = x[1:, ::-1]
    assert np.array_equal(as_strided(part, (2, 6), part.strides), part[:2])
    assert as_strided(x, (0, 9), (800, 8)).shape == (0, 9)


@pytest.mark.parametrize(("shape", "strides"), [((5, 6), (48, 8)), ((4, 7), (48, 8)), ((2, 2), (-48, 8))])
def test_a_view_that_leaves_its_array_is_refused(shape, strides):
    with pytest.raises(ValueError, match="the array"):
        as_strided(np.arange(24.0).reshape(4, 6), shape, strides)
