"""Batch normalisation and dropout of shares of a batch give together what they give for the whole batch."""

import numpy as np
import pytest

from backhand import backend
from backhand.backend import kernel, reference

SHARES = slice(0, 5), slice(5, 7), slice(7, 12)
NAMES = ["batchnorm", "batchnorm_relu", "batchnorm_relu_max_pool2d"]


class Sums:
    """Stands for the sum over all processes: one that has been recorded, or else the share's own, which is recorded."""

    def __init__(self):
        self.recorded, self.total = [], None

    def __call__(self, sums):
        assert sums.dtype == np.float64
        if self.total is None:
            self.recorded.append(sums.copy())
            return sums
        return self.total.copy()

    def settle(self):
        self.total, self.recorded = sum(self.recorded), []


def runs(forward, backward, x, dy, params):
    """Of each share: y, dx, dgamma and dbeta, once all shares have told their sums in both passes."""
    sums = Sums()
    for share in SHARES:
        forward(x[share], *params, across=sums)
    sums.settle()
    caches = [forward(x[share], *params, across=sums) for share in SHARES]
    sums.total = None
    for share, (_, cache) in zip(SHARES, caches, strict=True):
        backward(dy[share], cache)
    sums.settle()
    gradients = [backward(dy[share], cache) for share, (_, cache) in zip(SHARES, caches, strict=True)]
    return [y for y, _ in caches], gradients, caches[0][1]


def arrays(dtype, H=4, mean=0.0):
    rng = np.random.default_rng(5)
    x = (rng.normal(mean, 2, (12, H, 4, 3))).astype(dtype)
    params = rng.normal(1, 0.2, 3).astype(dtype), rng.normal(0, 0.2, 3).astype(dtype)
    return x, params, rng


@pytest.mark.parametrize("mean", [0.0, 40.0])
@pytest.mark.parametrize("name", ["reference", *NAMES])
def test_shares_are_normalised_as_the_whole_batch(name, mean):
    dtype = np.float64 if name == "reference" else np.float32
    op = reference("batchnorm") if name == "reference" else kernel(name, dtype)
    if op is None:
        pytest.skip(f"no kernels: the backend is {backend.chosen()}")
    x, params, rng = arrays(dtype, mean=mean)
    y, cache = op.forward(x, *params)
    dy = rng.normal(size=y.shape).astype(dtype)
    dx, dgamma, dbeta = op.backward(dy, cache)
    ys, gradients, shared = runs(op.forward, op.backward, x, dy, params)
    close = {"rtol": 1e-9, "atol": 1e-10} if dtype == np.float64 else {"rtol": 2e-4, "atol": 2e-4}
    np.testing.assert_allclose(np.concatenate(ys), y, **close)
    np.testing.assert_allclose(np.concatenate([each[0] for each in gradients]), dx, **close)
    np.testing.assert_allclose(sum(each[1] for each in gradients), dgamma, **close)
    np.testing.assert_allclose(sum(each[2] for each in gradients), dbeta, **close)
    np.testing.assert_allclose(shared.mean, cache.mean, **close)
    np.testing.assert_allclose(shared.var, cache.var, **close)
    assert shared.M == cache.M == x.size // 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_masks_of_shares_are_those_of_the_whole_batch(dtype):
    op = kernel("dropout", dtype) or reference("dropout")
    x = np.ones((12, 5, 7), dtype)
    whole, cache = op.forward(x, p=0.4, key=2**40 + 9)
    shares = [op.forward(x[share], p=0.4, key=2**40 + 9, first=share.start * 35) for share in SHARES]
    np.testing.assert_array_equal(np.concatenate([y for y, _ in shares]), whole)
    dx = np.concatenate([op.backward(x[share], each)[0] for share, (_, each) in zip(SHARES, shares, strict=True)])
    np.testing.assert_array_equal(dx, op.backward(x, cache)[0])
