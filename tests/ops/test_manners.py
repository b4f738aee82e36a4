"""What every op promises besides its formula: purity, the dtype it was given, and a ValueError for a bad argument."""

from importlib import import_module

import numpy as np
import pytest

from backhand.backend import op, op_names
from backhand.check.cases import OPS

GRID = [pytest.param(name, case, id=f"{name}-{i}") for name in OPS for i, case in enumerate(OPS[name])]


def drawn(case, dtype):
    arrays, options = case.draw(np.random.default_rng(3))
    return [array.astype(dtype) for array in arrays.values()], {name: of(v, dtype) for name, v in options.items()}


def of(option, dtype):
    """A tuple of arrays, as running statistics are, in a dtype; any other option, a pair of strides say, as it is."""
    arrays = isinstance(option, tuple) and all(isinstance(part, np.ndarray) for part in option)
    return tuple(part.astype(dtype) for part in option) if arrays else option


def upstream(y):
    return np.asarray(np.random.default_rng(4).standard_normal(np.shape(y)), y.dtype)


@pytest.mark.parametrize(("name", "case"), GRID)
def test_pure(name, case):
    """Read-only arrays are accepted, and forward and backward give the same again."""
    inputs, options = drawn(case, np.float64)
    for array in (*inputs, *(v for v in options.values() if isinstance(v, np.ndarray))):
        array.flags.writeable = False
    results = []
    for _ in range(2):
        y, cache = op(name).forward(*inputs, **options)
        dy = upstream(y)
        dy.flags.writeable = False
        results += [(y, *op(name).backward(dy, cache)), (y, *op(name).backward(dy, cache))]
    for again in results[1:]:
        for first, second in zip(results[0], again, strict=True):
            np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "case"), GRID)
def test_dtype_kept(name, case, dtype):
    inputs, options = drawn(case, dtype)
    y, cache = op(name).forward(*inputs, **options)
    dy = upstream(y)
    assert y.dtype == dtype
    for upstream_form in (dy, *([] if dy.ndim else [float(dy), np.float64(dy)])):  # a loss takes any scalar
        for array, gradient in zip(inputs, op(name).backward(upstream_form, cache), strict=True):
            assert gradient.dtype == dtype
            assert gradient.shape == array.shape


@pytest.mark.parametrize(("name", "case"), GRID)
def test_float32_is_float64_rounded(name, case):
    """No op loses more in float32 than rounding explains, at ±1e4 and in constant columns too."""
    coarse, options32 = drawn(case, np.float32)
    fine = [array.astype(np.float64) for array in coarse]
    options = {name: of(v, np.float64) for name, v in options32.items()}
    y32, cache32 = op(name).forward(*coarse, **options32)
    y, cache = op(name).forward(*fine, **options)
    dy = upstream(y32)
    scale = max([1.0, *(np.abs(array).max() for array in fine)])
    for a, b in zip(
        (y32, *op(name).backward(dy, cache32)), (y, *op(name).backward(dy.astype(np.float64), cache)), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5 * scale)


@pytest.mark.parametrize("name", ["linear", "batchnorm", "layer_norm", "group_norm", "conv2d"])
def test_need_dx(name):
    inputs, options = drawn(OPS[name][0], np.float64)
    y, cache = op(name).forward(*inputs, **options)
    dy = upstream(y)
    dx, *others = op(name).backward(dy, cache, need_dx=False)
    assert dx is None
    for alone, together in zip(others, op(name).backward(dy, cache)[1:], strict=True):
        np.testing.assert_array_equal(alone, together)


x, row, w, b = np.ones((4, 3)), np.ones(4), np.ones((3, 5)), np.ones(5)
good = np.array([0, 1, 2, 0])
image, kernel = np.ones((2, 4, 5, 6)), np.ones((3, 3, 6, 8))
BAD = [
    ("linear", (x, np.ones((4, 5)), b), {}, "mismatch"),
    ("linear", (x, w, np.ones(4)), {}, "broadcast"),
    ("batchnorm", (x, np.ones(2), np.ones(3)), {}, "do not fit"),
    ("layer_norm", (x, np.ones(4), np.ones(4)), {}, r"gamma \(4,\) and beta \(4,\) do not fit the samples"),
    ("layer_norm", (image, np.ones(6), np.ones(6)), {}, r"do not fit the samples of x \(2, 4, 5, 6\)"),
    ("group_norm", (x, np.ones(3), np.ones(1)), {"groups": 1}, r"beta \(1,\) do not fit the channels"),
    ("group_norm", (image, np.ones(6), np.ones(6)), {"groups": 4}, "6 channels cannot be divided into 4 groups"),
    ("group_norm", (image, np.ones(6), np.ones(6)), {"groups": 0}, "cannot be divided into 0 groups"),
    ("dropout", (x,), {"p": 1.0}, "must be in"),
    ("dropout", (x,), {"p": -0.1}, "must be in"),
    ("dropout", (x,), {"p": np.nan}, "must be in"),
    ("dropout", (x,), {"p": 0.5, "mode": "reversed"}, '"inverted" or "classic", not "reversed"'),
    ("dropout", (x,), {"p": 0.5, "mask": np.ones(3, bool)}, "shape of x"),
    ("dropout", (x,), {"p": 0.5, "mask": np.ones((4, 3), bool), "key": 1}, "not both"),
    ("dropout", (x,), {"p": 0.5, "key": -1}, "the dropout key must be in"),
    ("dropout", (x,), {"p": 0.5, "key": 2**64}, "the dropout key must be in"),
    ("softmax_cross_entropy", (x, np.array([0, 1, 2, 3])), {}, "classes 0 to 2"),
    ("softmax_cross_entropy", (x, np.array([0, 1, 2, -1])), {}, "classes 0 to 2"),
    ("softmax_cross_entropy", (x, good[:3]), {}, "shape"),
    ("softmax_cross_entropy", (x, good[:, None]), {}, "shape"),
    ("softmax_cross_entropy", (x, good.astype(float)), {}, "integers"),
    ("softmax_cross_entropy", (x, np.eye(3, dtype=int)[good]), {}, "integers"),
    ("softmax_cross_entropy", (x, np.eye(4)), {}, r"the shape of the scores, \(4, 3\), not \(4, 4\)"),
    ("softmax_cross_entropy", (x, good[:, None].astype(float)), {}, "the shape of the scores"),
    ("softmax_cross_entropy", (x, x), {}, "a sum of 1"),
    ("softmax_cross_entropy", (x, np.full((4, 3), [2.0, -1, 0])), {}, "no number below 0"),
    ("softmax_cross_entropy", (x, np.full((4, 3), np.nan)), {}, "must be a distribution"),
    ("softmax_cross_entropy", (x, good), {"weights": np.ones(3)}, "one for each sample"),
    ("softmax_cross_entropy", (x, good), {"weights": np.ones((4, 1))}, "one for each sample"),
    ("softmax_cross_entropy", (x, good), {"weights": np.array([1.0, 1, 1, -1])}, "0 or more"),
    ("softmax_cross_entropy", (x, good), {"weights": np.array([1.0, 1, 1, np.inf])}, "finite"),
    ("softmax_cross_entropy", (x, good), {"weights": np.array([1.0, 1, 1, np.nan])}, "finite"),
    ("softmax_cross_entropy", (x, good), {"smoothing": 1.1}, "smoothing"),
    ("softmax_cross_entropy", (x, good), {"smoothing": -0.1}, "smoothing"),
    ("hinge", (x, np.array([0, 1, 2, 3])), {}, "classes 0 to 2"),
    ("hinge", (x, good[:1]), {}, "shape"),
    ("hinge", (x, good[:, None]), {}, "shape"),
    ("logistic", (row, np.array([0, 1])), {}, "4 scores but 2 labels"),
    ("logistic", (row, np.array([-1, 1, 1, 1])), {}, "not -1 to 1"),
    ("logistic", (row, np.array([0, 2, 1, 1])), {}, "not 0 to 2"),
    ("logistic", (row, np.array([[0], [1], [1], [1]])), {}, r"the shape \(N,\), not \(4, 1\)"),
    ("binary_hinge", (row, np.array([[0], [1], [1], [1]])), {}, r"the shape \(N,\), not \(4, 1\)"),
    (
        "logistic",
        (row, np.array([0, 1, 1, 1])),
        {"weights": np.ones(3)},
        r"shape \(4,\), one for each sample, not \(3,\)",
    ),
    ("hinge", (np.zeros((2, 3)), np.array([0, 1])), {"weights": np.array([1.0, -1])}, "finite and 0 or more"),
    ("binary_hinge", (row, np.array([0, 1, 1, 1])), {"weights": np.full(4, np.inf)}, "finite and 0 or more"),
    ("squared_error", (np.zeros((4, 1)), np.zeros((4, 2))), {}, r"shape of the scores, \(4, 1\), not \(4, 2\)"),
    ("squared_error", (np.zeros(4), np.zeros(4)), {}, r"shape of the scores, \(4,\), not \(4,\)"),
    ("absolute_error", (np.zeros((3, 2)), np.zeros(3)), {}, r"shape of the scores, \(3, 2\), not \(3,\)"),
    ("huber", (np.zeros((2, 1)), np.zeros(2)), {"delta": 0.0}, "delta must be above 0"),
    ("huber", (np.zeros((2, 1)), np.zeros(2)), {"delta": np.inf}, "delta must be above 0 and finite"),
    ("huber", (np.zeros((2, 1)), np.zeros(2)), {"weights": np.ones(1)}, "one for each sample"),
    ("logistic", (row, np.array([0, np.nan, 1, 1])), {}, r"in \[0, 1\]"),
    ("binary_hinge", (row, np.array([-1, 1, 1, 1])), {}, "not -1 to 1"),
    ("binary_hinge", (row, np.array([0.5, 1, 1, 1])), {}, "0 or 1"),
    ("binary_hinge", (x, np.ones(4, int)), {}, "one score per sample"),
    ("l2", (w,), {"strength": -1.0}, "0 or more"),
    ("l2", (w,), {"strength": np.nan}, "0 or more"),
    ("l2", (w,), {"strength": 1.0, "form": "third"}, '"half" or "whole", not "third"'),
    (
        "conv2d",
        (image, np.ones((3, 3, 5, 8))),
        {},
        r"6 channels do not fit weights of shape \(3, 3, 5, 8\) with groups = 1",
    ),
    ("conv2d", (image, kernel, np.ones(1)), {}, r"a bias of shape \(1,\) does not fit"),
    ("conv2d", (image, kernel), {"groups": 2}, "with groups = 2"),
    ("conv2d", (image, np.ones((3, 3, 2, 8))), {"groups": 3}, "with groups = 3"),
    ("conv2d", (image, np.ones((5, 3, 6, 8))), {}, "a window of 5 x 3 is larger than the image of 4 x 5"),
    ("conv2d", (image, np.ones((7, 3, 6, 8))), {"padding": 1}, "larger than the image of 4 x 5, padded to 6 x 7"),
    ("conv2d", (image, kernel), {"dilation": 2}, "3 x 3, dilated to 5 x 5, is larger"),
    ("conv2d", (image, kernel), {"dilation": 0}, "the dilation must be at least 1"),
    ("conv2d", (image, kernel), {"stride": (1, 0)}, "the stride must be at least 1"),
    ("conv2d", (image, kernel), {"padding": "sane"}, 'must be "same", "valid" or numbers, not "sane"'),
    ("conv2d", (image, kernel), {"padding": (1, -1)}, "the padding must be 0 or more"),
    ("max_pool2d", (image,), {"window": 0}, "the window must be at least 1"),
    ("max_pool2d", (image,), {"window": 5}, "a window of 5 x 5 is larger than the image of 4 x 5"),
    ("max_pool2d", (image,), {"stride": 0}, "the stride must be at least 1"),
    ("max_pool2d", (image,), {"padding": 2}, "padding of 2 lets a window of 2 see nothing but padding"),
    ("avg_pool2d", (image,), {"window": (2, 3), "padding": ((0, 2), (0, 0))}, "nothing but padding"),
    ("avg_pool2d", (image,), {"padding": "Same"}, 'not "Same"'),
    ("add", (w, w.T), {}, r"shapes \(3, 5\) and \(5, 3\) cannot be added"),
    ("add", (w, w[:1]), {}, "cannot be added"),
    ("concatenate", (w, w.T), {}, r"shapes \(3, 5\), \(5, 3\) differ in more than their channels"),
    ("concatenate", (image, image[:1]), {}, "differ in more than their channels"),
]


@pytest.mark.parametrize(("name", "arguments", "options", "message"), BAD)
def test_a_bad_argument_is_refused(name, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        op(name).forward(*arguments, **options)


def test_an_unknown_op_is_refused():
    with pytest.raises(ValueError, match='there is no op "liner"'):
        op("liner")


def test_every_op_states_its_formula():
    for name in op_names():
        text = import_module(f"backhand.ops.{name}").__doc__
        assert "    " in text, name
        assert f"docs/derivations/{name}.md" in text, name


def test_what_an_op_takes_where_nothing_is_said():
    below, square = np.array([-2.0, -0.5, 1.5]), np.arange(32.0).reshape(1, 4, 4, 2)
    np.testing.assert_allclose(op("elu").forward(below)[0], [np.expm1(-2), np.expm1(-0.5), 1.5])
    np.testing.assert_allclose(op("leaky_relu").forward(below)[0], [-0.02, -0.005, 1.5])
    for pool in ("avg_pool2d", "max_pool2d"):
        np.testing.assert_array_equal(op(pool).forward(square)[0], op(pool).forward(square, window=2, stride=2)[0])


@pytest.mark.parametrize(("window", "dtype"), [((2, 2), "u1"), ((16, 16), "u1"), ((17, 16), "u2"), ((16, 17), "u2")])
def test_the_winners_of_a_pooling_take_as_few_bytes_as_they_can(window, dtype):
    x = np.zeros((1, *window, 1))
    x[0, -1, -1] = 1
    y, cache = op("max_pool2d").forward(x, window=window)
    (winners,) = (each for each in cache if isinstance(each, np.ndarray) and each.dtype.kind == "u")
    assert winners.dtype == np.dtype(dtype)
    (dx,) = op("max_pool2d").backward(np.full_like(y, 3.0), cache)
    np.testing.assert_array_equal(dx, 3 * x)
