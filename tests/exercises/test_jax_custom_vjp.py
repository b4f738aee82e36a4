"""JAX: functions with custom_vjp, through jax.vjp."""

import numpy as np
import pytest

from tests.exercises.differences import assert_pair, draw
from tests.exercises.solutions import load

jax = pytest.importorskip("jax", reason="the convention is one of JAX")


@pytest.fixture(scope="module", autouse=True)
def double():
    """Numbers in float64, as the differences need them."""
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.fixture(scope="module")
def layers():
    return load("jax-custom-vjp", "layers.py")


def check(function, arrays, rng):
    """The gradients that JAX takes from the pair."""

    def forward(*values):
        out, pullback = jax.vjp(function, *values)
        return np.asarray(out), pullback

    def backward(dout, pullback):
        return tuple(np.asarray(gradient) for gradient in pullback(jax.numpy.asarray(dout)))

    return assert_pair(forward, backward, arrays, rng)


@pytest.mark.parametrize(("N", "I", "O"), [(1, 3, 2), (4, 3, 3)])
def test_linear(N, I, O, layers, rng):
    check(layers.linear, draw(rng, (N, I), (I, O), O), rng)


@pytest.mark.parametrize("name", ["relu", "sigmoid"])
def test_activations(name, layers, rng):
    check(getattr(layers, name), draw(rng, (3, 4)), rng)


def test_swish(layers, rng):
    check(layers.swish, [*draw(rng, (3, 4)), np.array(0.7)], rng)


@pytest.mark.parametrize("name", ["batchnorm", "layernorm"])
@pytest.mark.parametrize(("N", "D"), [(1, 3), (5, 4)])
def test_normalisation(name, N, D, layers, rng):
    function = getattr(layers, name)
    check(lambda x, gamma, beta: function(x, gamma, beta, 0.1), draw(rng, (N, D), D, D), rng)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_dropout(p, layers, rng):
    key = jax.random.key(3)
    check(lambda x: layers.dropout(x, key, p), draw(rng, (5, 6)), rng)
    out = layers.dropout(jax.numpy.ones((200, 200)), key, p)
    assert abs(out.mean() - 1) < 0.05
    assert abs((out == 0).mean() - p) < 0.02


@pytest.mark.parametrize(
    ("shapes", "stride", "padding"),
    [
        (((1, 5, 5, 1), (3, 3, 1, 1)), 1, 1),
        (((2, 6, 5, 3), (2, 3, 3, 4)), 1, 0),
        (((2, 6, 5, 3), (2, 3, 3, 4)), 2, 2),
        (((2, 6, 5, 3), (2, 3, 3, 4)), 3, 0),
    ],
)
def test_conv2d(shapes, stride, padding, layers, rng):
    x, w, b = draw(rng, *shapes, shapes[1][3])
    out = check(lambda x, w, b: layers.conv2d(x, w, b, stride, padding), [x, w, b], rng)
    oracle = jax.lax.conv_general_dilated(
        x, w, (stride, stride), [(padding, padding)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    assert np.allclose(out, oracle + b)


@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_softmax_cross_entropy(N, K, layers, rng):
    labels = rng.integers(0, K, N)
    check(lambda logits: layers.softmax_cross_entropy(logits, labels), draw(rng, (N, K)), rng)
