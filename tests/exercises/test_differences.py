"""The comparison of gradients sees what is wrong."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, assert_layer, assert_pair, draw


def forward(x, w):
    return x @ w, (x, w)


@pytest.mark.parametrize(
    ("backward", "message"),
    [
        (lambda dy, cache: (dy @ cache[1].T, cache[0].T @ dy / 2), "argument 1: backward gives"),
        (lambda dy, cache: (np.zeros((4, 3)), cache[0].T @ dy), "argument 0: backward gives"),
        (lambda dy, cache: (dy @ cache[1].T, dy), r"is \(4, 2\), argument 1 is \(3, 2\)"),
        (lambda dy, cache: (dy @ cache[1].T, None), "argument 1 is None"),
        (
            lambda dy, cache: (np.multiply(dy, 2, out=dy) @ cache[1].T, cache[0].T @ dy),
            "the upstream gradient is changed",
        ),
    ],
)
def test_wrong_gradients_are_seen(backward, message, rng):
    with pytest.raises(AssertionError, match=message):
        assert_pair(forward, backward, draw(rng, (4, 3), (3, 2)), rng)


def test_a_wrong_layer_is_seen(rng):
    class Twice:
        def forward(self, x):
            return 2 * x

        def backward(self, dout):
            return dout

    with pytest.raises(AssertionError, match="x: backward gives"):
        assert_layer(Twice(), draw(rng, (2, 3))[0], rng)


def test_arrays_are_put_back(rng):
    (x,) = draw(rng, (2, 3))
    before = x.copy()
    assert_gradients(lambda: (x**2).sum(), {"x": (x, 2 * x)}, rng)
    assert np.array_equal(x, before)
