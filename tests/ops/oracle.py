"""PyTorch as the oracle of ops: the comparison, and what several test files draw."""

import numpy as np
import pytest
from hypothesis import strategies as st

from backhand.backend import op

torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed (pip install torch)")

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
SIZES = st.integers(1, 6)
SEEDS = st.integers(0, 2**32 - 1)


def agree(name, oracle, inputs, options, seed):
    """Forward and gradients of op `name` on `inputs`, under a random upstream, equal those of `oracle`."""
    y, cache = op(name).forward(*inputs, **options)
    dy = np.random.default_rng(seed).standard_normal(np.shape(y))
    gradients = op(name).backward(dy if dy.ndim else float(dy), cache)
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    expected = oracle(*tensors)
    expected.backward(torch.tensor(dy))
    np.testing.assert_allclose(y, expected.detach().numpy(), **CLOSE)
    for gradient, tensor in zip(gradients, tensors, strict=True):
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), **CLOSE)


def normal(seed, *shapes, spread=1.0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) * spread for shape in shapes]


def channels_first(oracle):
    """Torch wants (N, C, H, W)."""
    return lambda x, *rest: oracle(x.movedim(-1, 1), *rest).movedim(1, -1)
