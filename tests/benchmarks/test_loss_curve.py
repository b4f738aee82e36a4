"""Losses beside PyTorch's, step by step."""

import dataclasses

import numpy as np
import pytest

import loss_curve
from backhand.data.dataset import Dataset


@pytest.mark.parametrize("name", loss_curve.TRAININGS)
def test_loss_curves_are_of_equal_trainings(name, tmp_path):
    """With a penalty so strong, steps so long and a warm-up so short that leaving out any of them would show."""
    training = dataclasses.replace(loss_curve.TRAININGS[name], shape=(24, 24, 1), batch=8, lr=0.01, warm_up=3, l2=0.1)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (20, *training.shape), dtype=np.uint8)
    losses = loss_curve.train_both(training, Dataset(x, rng.integers(0, training.classes, len(x))), 6, "float64")
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-10)
    assert len(set(losses[0])) == 6
    loss_curve.draw(losses, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
