"""The style of plots: it leaves no trace, and a scale that fits the values."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from backhand.page import style


def test_the_style_leaves_no_trace():
    import matplotlib

    before = dict(matplotlib.rcParams)
    with style.plot_style():
        assert style.png(Figure()).startswith(b"\x89PNG")
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(("values", "scale"), [([0.0, 0.0], "linear"), ([0.0, 1e-9], "log"), ([np.nan, 0.0], "linear")])
def test_nothing_above_zero_has_no_powers_of_ten(values, scale):
    _, axes = style.panel()
    axes.plot(values)
    style.log_scale(axes)
    assert axes.get_yscale() == scale
