"""Gradients that are limited or scaled on purpose, and files in which nothing is written yet."""

import pytest

CLIPPED = """
import jax, jax.numpy as jnp

@jax.custom_vjp
def limited(x, bound: float = 1.0):
    return x

def limited_fwd(x, bound):
    return x, bound

def limited_bwd(residual, cotangent):
    return jnp.clip(cotangent, -residual, residual), None

limited.defvjp(limited_fwd, limited_bwd)
"""
DESCENDING = """
import numpy as np

class Network:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)

    def forward(self, x, targets):
        self.x, self.targets = x, targets
        e = np.exp(x @ self.w)
        self.y = e / e.sum(1, keepdims=True)
        return -np.sum(targets * np.log(self.y)) / len(x), self.y

    def backward(self):
        self.dw = self.x.T @ (self.targets - self.y)
"""
LEFT = """
import numpy as np

class Module:
    def __init__(self):
        self.output = self.gradInput = None

    def forward(self, input):
        return self.updateOutput(input)

    def backward(self, input, gradOutput):
        self.updateGradInput(input, gradOutput)
        return self.gradInput

class Tanh(Module):
    def updateOutput(self, input):
        self.output = np.tanh(input)
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = gradOutput * (1 - np.tanh(input) ** 2)
        return self.gradInput

class SoftPlus(Module):
    def updateOutput(self, input):
        clamped = np.clip(input, -50, 50)
        # your code goes here
        return self.output

    def updateGradInput(self, input, gradOutput):
        # your code goes here
        return self.gradInput
"""
COST = """
import numpy as np

def costFunction(theta, X, y, Lambda):
    J = np.sum((X @ theta - y) ** 2) / 2 + Lambda / 2 * np.sum(theta**2)
    before = X.T @ (X @ theta - y)
    grad = before + Lambda * before
    return J, grad
"""


def test_a_gradient_that_is_clipped_is_a_warning(reviewed):
    pytest.importorskip("jax")
    assert [(f.severity, f.cause) for f in reviewed(CLIPPED).findings] == [("warning", "clipped")]


def test_a_mask_of_the_upstream_is_no_clipping(reviewed):
    pytest.importorskip("jax")
    found = reviewed(CLIPPED.replace("-residual, residual", "0, None")).findings
    assert [f.severity for f in found] == ["wrong"]


def test_one_factor_of_minus_the_loss_is_a_rate_where_no_update_says_otherwise(reviewed):
    assert [f.severity for f in reviewed(DESCENDING).findings] == ["warning"]
    updated = DESCENDING + "\n    def update(self, lr):\n        self.w -= lr * self.dw\n"
    assert [f.severity for f in reviewed(updated).findings] == ["wrong"]


def test_what_returns_an_attribute_that_nothing_has_set_is_not_written_yet(reviewed):
    found = reviewed(LEFT)
    assert ([unit.name for unit in found.units], found.unread, list(found.findings)) == (["Tanh"], (), [])


def test_a_gradient_beside_a_cost_has_its_own_name(reviewed):
    assert all(not finding.headline.startswith("J ") for finding in reviewed(COST).findings)
