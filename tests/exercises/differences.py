"""Gradients against central differences in float64, under a random upstream gradient."""

import numpy as np

STEP = 1e-5
TOLERANCE = 1e-6
COORDINATES = 12  # of each array, besides a random direction through all of them


def draw(rng, *shapes):
    """Random arrays of these shapes."""
    return [rng.standard_normal(shape) for shape in shapes]


def assert_gradients(loss, pairs, rng):
    """Each gradient is that of loss(), a number, which reads the arrays anew; pairs: name -> (array, gradient)."""
    for name, (array, gradient) in pairs.items():
        assert isinstance(gradient, np.ndarray), f"the gradient of {name} is {gradient!r}"
        assert gradient.shape == array.shape, f"the gradient of {name} is {gradient.shape}, {name} is {array.shape}"
        assert array.dtype == np.float64
        directions = [rng.standard_normal(array.shape)]
        for index in rng.permutation(array.size)[:COORDINATES]:
            direction = np.zeros(array.shape)
            direction.flat[index] = 1
            directions.append(direction)
        for direction in directions:
            numerical = _slope(loss, array, direction)
            analytic = (gradient * direction).sum()
            assert abs(analytic - numerical) <= TOLERANCE * max(1, abs(numerical)), (
                f"{name}: backward gives {analytic}, differences give {numerical}"
            )


def _slope(loss, array, direction):
    """The derivative of loss() along a direction; the array is changed in place and put back."""
    at = array.copy()
    array[...] = at + STEP * direction
    above = float(loss())
    array[...] = at - STEP * direction
    below = float(loss())
    array[...] = at
    return (above - below) / (2 * STEP)


def assert_pair(forward, backward, arrays, rng, differentiable=None):
    """A pair of functions with a cache: its gradients are right and repeat, and what was given is not changed."""
    differentiable = arrays if differentiable is None else differentiable
    before = [array.copy() for array in arrays]
    out, cache = forward(*arrays)
    upstream = rng.standard_normal(out.shape)
    given = upstream.copy()
    first, second = (_tuple(backward(upstream, cache)) for _ in range(2))
    assert np.array_equal(upstream, given), "the upstream gradient is changed"
    assert all(np.array_equal(*pair) for pair in zip(arrays, before, strict=True)), "an argument is changed"
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True)), "backward does not repeat"
    pairs = {f"argument {i}": pair for i, pair in enumerate(zip(differentiable, first, strict=True))}
    assert_gradients(lambda: (upstream * forward(*arrays)[0]).sum(), pairs, rng)
    return out


def assert_layer(layer, x, rng, parameters=(), forward=None):
    """A layer with state: backward(upstream) returns dx.

    parameters: pairs of functions without arguments, which give a parameter and its gradient.
    """
    forward = forward or layer.forward
    before = x.copy()
    out = forward(x)
    upstream = rng.standard_normal(out.shape)
    given = upstream.copy()
    dx = layer.backward(upstream)
    assert np.array_equal(x, before), "x is changed"
    assert np.array_equal(upstream, given), "the upstream gradient is changed"
    pairs = {"x": (x, dx)} | {f"parameter {i}": (value(), grad().copy()) for i, (value, grad) in enumerate(parameters)}
    assert_gradients(lambda: (upstream * forward(x)).sum(), pairs, rng)
    return out


def _tuple(gradients):
    return gradients if isinstance(gradients, tuple) else (gradients,)
