"""NumPy in place of the compiled modules of courses."""

import numpy as np

from backhand.check.source.compiled import col2im_cython, compiled_module, im2col_cython


def test_columns_are_windows_in_the_order_of_the_course():
    x = np.arange(2 * 3 * 4 * 5, dtype=float).reshape(2, 3, 4, 5)
    columns = im2col_cython(x, 2, 3, 1, 2)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    assert columns.shape == (3 * 2 * 3, 3 * 3 * 2)
    channel, i, j, row, column, sample = 2, 1, 0, 1, 2, 1
    entry = columns[channel * 6 + i * 3 + j, (row * 3 + column) * 2 + sample]
    assert entry == padded[sample, channel, 2 * row + i, 2 * column + j]


def test_what_goes_back_is_the_transposed_of_what_went_out():
    rng = np.random.default_rng(0)
    x, columns = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((3 * 2 * 3, 3 * 3 * 2))
    there = (im2col_cython(x, 2, 3, 1, 2) * columns).sum()
    back = (x * col2im_cython(columns, 2, 3, 4, 5, 2, 3, 1, 2)).sum()
    assert np.isclose(there, back)


def test_only_known_names_of_known_modules_are_stood_in_for():
    assert compiled_module("cs231n.im2col_cython", ["col2im_6d_cython"]) is not None
    assert compiled_module("im2col_cython", ["something_else"]) is None
    assert compiled_module("numpy", ["array"]) is None
