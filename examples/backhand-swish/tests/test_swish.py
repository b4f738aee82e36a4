"""The gradients, the values, and a training with the study of this package."""

import math

import numpy as np
import pytest

import backhand
from backhand.check.suite import check_row
from backhand_swish import op


@pytest.mark.parametrize("row", ["op swish", "layer swish"])
def test_gradients_agree_with_numerical_derivatives(row):
    result = check_row(row)
    assert result.passed, result.failures


def test_values_are_those_of_the_formula():
    x = np.random.default_rng(0).normal(scale=3, size=50)
    y, _ = op.forward(x)
    assert y == pytest.approx([v / (1 + math.exp(-v)) for v in x], abs=1e-15)
    assert op.forward(np.array([-1.278464542761074]))[0] == pytest.approx(-0.278464542761074)  # its minimum


def test_the_study_learns(tmp_path):
    metrics = backhand.run(backhand.load_study("swish-crescents"), tmp_path / "run", quiet=True)
    assert metrics.test.accuracy > 0.95
