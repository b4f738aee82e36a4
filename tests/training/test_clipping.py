"""Clipping of the gradient, by norm and by value, against torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from backhand.training.clipping import clip_norm, clip_value


@pytest.mark.parametrize("limit", [0.1, 5.0, 1e3])
def test_clip_norm_equals_torch(limit: float, rng: np.random.Generator) -> None:
    flat = rng.standard_normal(50)
    tensor = torch.zeros(50, dtype=torch.float64)
    tensor.grad = torch.tensor(flat.copy())
    norm = clip_norm(flat, limit)
    expected = torch.nn.utils.clip_grad_norm_([tensor], limit)
    assert norm == pytest.approx(expected.item(), rel=1e-14)
    np.testing.assert_allclose(flat, tensor.grad.numpy(), rtol=1e-6)  # torch adds 1e-6 to the norm before it divides
    assert np.linalg.norm(flat) == pytest.approx(min(norm, limit), rel=1e-14)


def test_clip_value_equals_torch(rng: np.random.Generator) -> None:
    flat = rng.standard_normal(50)
    tensor = torch.zeros(50, dtype=torch.float64)
    tensor.grad = torch.tensor(flat.copy())
    clip_value(flat, 0.7)
    torch.nn.utils.clip_grad_value_([tensor], 0.7)
    np.testing.assert_array_equal(flat, tensor.grad.numpy())
    assert np.abs(flat).max() == 0.7


def test_without_a_limit_nothing_is_clipped(rng: np.random.Generator) -> None:
    flat = 100 * rng.standard_normal(50)
    kept = flat.copy()
    clip_value(flat, None)
    assert clip_norm(flat, None) == pytest.approx(np.linalg.norm(kept), rel=1e-14)
    np.testing.assert_array_equal(flat, kept)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(1e-3, 1e3))
def test_clipping_the_norm_keeps_the_direction(values: list[float], limit: float) -> None:
    flat = np.array(values)
    kept = flat.copy()
    norm = clip_norm(flat, limit)
    assert np.linalg.norm(flat) <= limit * (1 + 1e-12)
    np.testing.assert_allclose(flat * max(norm / limit, 1.0), kept, rtol=1e-12, atol=1e-300)


def test_a_gradient_that_is_not_finite_is_left_for_the_guard_to_see() -> None:
    flat = np.array([1.0, np.inf])
    assert clip_norm(flat, 1.0) == np.inf
    np.testing.assert_array_equal(flat, [1.0, np.inf])
