"""Torch 7: updateOutput, updateGradInput, and accGradParameters, which adds."""

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, draw
from tests.exercises.solutions import load

MODULES = load("torch7", "modules.py")


def check(module, x, rng, forward=None):
    """All gradients of a module; those of the parameters are added to what was there."""
    forward = forward or module.forward
    before = x.copy()
    (upstream,) = draw(rng, forward(x).shape)
    given = upstream.copy()
    module.zeroGradParameters()
    module.backward(x, upstream)
    once = [gradient.copy() for gradient in flat(module.getGradParameters())]
    gradInput = module.backward(x, upstream)
    assert gradInput is module.gradInput
    assert np.array_equal(upstream, given)
    assert np.array_equal(x, before)
    for gradient, first in zip(flat(module.getGradParameters()), once, strict=True):
        assert np.allclose(gradient, 2 * first)
    pairs = {"input": (x, gradInput.copy())}
    pairs |= dict(enumerate(zip(flat(module.getParameters()), once, strict=True)))
    assert_gradients(lambda: (upstream * forward(x)).sum(), pairs, rng)
    module.zeroGradParameters()
    assert not any(gradient.any() for gradient in flat(module.getGradParameters()))


def flat(arrays):
    return [inner for array in arrays for inner in (array if isinstance(array, list) else [array])]


@pytest.mark.parametrize(("N", "n_in", "n_out"), [(1, 3, 2), (4, 3, 3)])
def test_linear(N, n_in, n_out, rng):
    check(MODULES.Linear(n_in, n_out), draw(rng, (N, n_in))[0], rng)


@pytest.mark.parametrize(
    "module",
    [
        MODULES.SoftMax(),
        MODULES.LogSoftMax(),
        MODULES.ChannelwiseScaling(3),
        MODULES.ReLU(),
        MODULES.LeakyReLU(0.2),
        MODULES.ELU(0.7),
        MODULES.SoftPlus(),
    ],
    ids=lambda module: type(module).__name__,
)
@pytest.mark.parametrize("N", [1, 4])
def test_modules(module, N, rng):
    check(module, draw(rng, (N, 3))[0], rng)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("N", [1, 2, 5])
def test_batch_normalization(N, training, rng):
    module = MODULES.BatchNormalization(alpha=1.0)  # the moving statistics stay
    module.moving_mean, module.moving_variance = rng.normal(size=3), rng.uniform(1, 2, 3)
    module.train() if training else module.evaluate()
    check(module, draw(rng, (N, 3))[0], rng)


def test_moving_statistics(rng):
    module = MODULES.BatchNormalization(alpha=0.25)
    x = rng.normal(3, 2, (40, 3))
    module.forward(x)
    module.evaluate()
    module.forward(x + 1)
    assert np.allclose(module.moving_mean, 0.75 * x.mean(0))
    assert np.allclose(module.moving_variance, 0.75 * x.var(0))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_dropout(p, training, rng):
    module = MODULES.Dropout(p)
    module.train() if training else module.evaluate()

    def forward(x):
        np.random.seed(3)
        return module.forward(x)

    check(module, draw(rng, (5, 6))[0], rng, forward)
    out = forward(np.ones((200, 200)))
    assert abs(out.mean() - 1) < 0.05
    assert abs((out == 0).mean() - (p if training else 0)) < 0.02


@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_criteria(N, K, rng):
    x, target = draw(rng, (N, K), (N, K))
    one_hot = np.eye(K)[rng.integers(0, K, N)]
    for criterion, wanted in ((MODULES.MSECriterion(), target), (MODULES.ClassNLLCriterion(), one_hot)):
        criterion.forward(x, wanted)
        pairs = {"input": (x, criterion.backward(x, wanted))}
        assert_gradients(lambda criterion=criterion, wanted=wanted: criterion.forward(x, wanted), pairs, rng)


def test_sequential(rng):
    network = MODULES.Sequential()
    for module in (MODULES.Linear(3, 4), MODULES.ELU(), MODULES.BatchNormalization(), MODULES.Linear(4, 2)):
        network.add(module)
    check(network, draw(rng, (5, 3))[0], rng)
    network.evaluate()
    assert not any(module.training for module in network.modules)
    network.train()
    assert all(module.training for module in network.modules)
