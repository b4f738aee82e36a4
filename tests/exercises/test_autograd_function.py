"""torch.autograd.Function: gradients of every argument, alone and together."""

from itertools import product

import numpy as np
import pytest

from tests.exercises.differences import assert_gradients, draw
from tests.exercises.solutions import load

torch = pytest.importorskip("torch", reason="the convention is one of torch tensors")

FUNCTIONS = load("autograd-function", "functions.py")
pytestmark = pytest.mark.usefixtures("one_thread")


def check(function, arrays, rng, *settings, seed=None):
    """All gradients against differences, and for every choice of those that are wanted."""

    def apply(tensors):
        if seed is not None:
            torch.manual_seed(seed)
        return function.apply(*tensors, *settings)

    tensors = [torch.from_numpy(array) for array in arrays]
    upstream = torch.from_numpy(np.asarray(rng.standard_normal(apply(tensors).shape)))
    full = None
    for wanted in product([True, False], repeat=len(arrays)):
        if not any(wanted):
            continue
        leaves = [t.clone().requires_grad_(want) for t, want in zip(tensors, wanted, strict=True)]
        apply(leaves).backward(upstream)
        gradients = [leaf.grad for leaf in leaves]
        assert [gradient is not None for gradient in gradients] == list(wanted)
        full = gradients if all(wanted) else full
        assert all(g is None or torch.allclose(g, f) for g, f in zip(gradients, full, strict=True))
    pairs = dict(enumerate((a, gradient.numpy()) for a, gradient in zip(arrays, full, strict=True)))
    assert_gradients(lambda: (upstream * apply(tensors)).sum(), pairs, rng)


@pytest.mark.parametrize(("N", "I", "O"), [(1, 3, 2), (4, 3, 3)])
def test_linear(N, I, O, rng):
    check(FUNCTIONS.LinearFunction, draw(rng, (N, I), (O, I), O), rng)


@pytest.mark.parametrize("name", ["ReLUFunction", "SigmoidFunction"])
def test_activations(name, rng):
    check(getattr(FUNCTIONS, name), draw(rng, (3, 4, 2)), rng)


@pytest.mark.parametrize("name", ["BatchNormFunction", "LayerNormFunction"])
@pytest.mark.parametrize(("N", "D"), [(1, 3), (2, 3), (5, 4)])
def test_normalisation(name, N, D, rng):
    check(getattr(FUNCTIONS, name), draw(rng, (N, D), D, D), rng, 0.1)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("p", [0.2, 0.5, 0.8])
def test_dropout(p, training, rng):
    check(FUNCTIONS.DropoutFunction, draw(rng, (5, 6)), rng, p, training, seed=3)
    out = FUNCTIONS.DropoutFunction.apply(torch.ones(200, 200), p, training)
    assert abs(out.mean() - 1) < 0.05
    assert abs((out == 0).double().mean() - (p if training else 0)) < 0.02


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (2, 1), (2, 2), (3, 0)])
@pytest.mark.parametrize("shapes", [((1, 1, 5, 5), (1, 1, 3, 3)), ((2, 3, 6, 5), (4, 3, 2, 3))])
def test_conv2d(shapes, stride, padding, rng):
    arrays = draw(rng, *shapes, shapes[1][0])
    check(FUNCTIONS.Conv2dFunction, arrays, rng, stride, padding)
    x, w, b = map(torch.from_numpy, arrays)
    oracle = torch.nn.functional.conv2d(x, w, b, stride, padding)
    assert torch.allclose(FUNCTIONS.Conv2dFunction.apply(x, w, b, stride, padding), oracle)


@pytest.mark.parametrize(("N", "K"), [(1, 3), (4, 4)])
def test_softmax_cross_entropy(N, K, rng):
    labels = torch.from_numpy(rng.integers(0, K, N))
    arrays = draw(rng, (N, K))
    check(FUNCTIONS.SoftmaxCrossEntropyFunction, arrays, rng, labels)
    loss = FUNCTIONS.SoftmaxCrossEntropyFunction.apply(torch.from_numpy(arrays[0]), labels)
    assert torch.allclose(loss, torch.nn.functional.cross_entropy(torch.from_numpy(arrays[0]), labels))
