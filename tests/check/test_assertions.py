"""`assert_gradients` in tests: files, modules, classes and pairs of functions; the message is the page."""

import importlib.util
import sys

import numpy as np
import pytest

from backhand.check import assert_gradients, assertions, check_file
from backhand.check.review.records import Finding, Review, UnitReview
from backhand.check.source.remarks import Place

TEXT = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.mean(0)

def relu_forward(x):
    return np.maximum(x, 0), x

def relu_backward(dout, x):
    return dout * (x > 0)

class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y
"""


@pytest.fixture
def layers(tmp_path, monkeypatch):
    """A module whose review is known: there is a mistake in one of its layers."""
    (tmp_path / "my_layers.py").write_text(TEXT)
    spec = importlib.util.spec_from_file_location("my_layers", tmp_path / "my_layers.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "my_layers", module)
    spec.loader.exec_module(module)
    where = {"affine": 4, "relu": 11, "Sigmoid": 17}
    mistake = Finding("wrong", "averaged over the batch", "backward", "db is averaged over the batch")
    units = tuple(
        UnitReview(name, "", "", Place("my_layers.py", line), 1, findings=(mistake,) if name == "affine" else ())
        for name, line in where.items()
    )

    def check_file(path, **options):
        assert str(path) == module.__file__
        assert options in ({}, {"seconds": 9})
        return Review(str(path), units)

    monkeypatch.setattr(assertions, "check_file", check_file)
    return module


def test_a_file_or_module_with_a_mistake_fails_with_the_page(layers):
    for subject in (layers.__file__, layers):
        with pytest.raises(AssertionError) as failed:
            assert_gradients(subject, seconds=9)
        assert "1. affine: wrong\n   In this file: db is averaged over the batch.\n" in str(failed.value)
        assert str(failed.value).rstrip().endswith("2 right and 1 wrong; 1 mistake.")


def test_one_pair_or_class_of_a_file_is_checked_alone(layers):
    assert_gradients(layers.relu_forward, layers.relu_backward)
    assert_gradients(layers.Sigmoid)
    with pytest.raises(AssertionError, match="affine: wrong") as failed:
        assert_gradients(layers.affine_forward, layers.affine_backward)
    assert "relu" not in str(failed.value)


def test_a_pair_is_checked_with_arrays(layers, rng):
    x, w, b = rng.standard_normal((4, 3)), rng.standard_normal((3, 5)), rng.standard_normal(5)
    assert_gradients(layers.relu_forward, layers.relu_backward, [x])
    assert_gradients(lambda x, k: (k * x, k), lambda dy, k: k * dy, {"x": x}, k=3.0)
    with pytest.raises(AssertionError, match=r"affine_backward: the gradient of b at .* divided by 4, the batch size"):
        assert_gradients(layers.affine_forward, layers.affine_backward, {"x": x, "w": w, "b": b})


def test_what_is_in_no_file_needs_arrays():
    for subject in (len, np.add, eval("lambda x: x")):
        with pytest.raises(TypeError, match="is in no file; give arrays"):
            assert_gradients(subject, subject)
    with pytest.raises(TypeError, match="arrays go with two functions"):
        assert_gradients(len, arrays=[1.0])


def test_what_cannot_be_checked_fails(tmp_path):
    with pytest.raises(AssertionError, match="check the name"):
        assert_gradients(tmp_path / "missing.py")
    (tmp_path / "none.py").write_text("x = 1\n")
    with pytest.raises(AssertionError, match="Nothing could be checked"):
        assert_gradients(str(tmp_path / "none.py"), seconds=30, memory=2)
    assert check_file(tmp_path / "missing.py").failure
