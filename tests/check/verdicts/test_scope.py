"""Backward passes that fail outside of what their layers are for, or because of how they are called."""

COMPILED = """
import numpy as np
try:
    from fast_parts_in_c import scatter
except ImportError:
    print("build the extension first")

def relu_forward(x):
    return np.maximum(0, x), x

def relu_backward(dout, cache):
    return {backward}
"""
FLATTEN = """
class Flatten:
    def forward(self, A):
        self.channels, self.width = A.shape[1], A.shape[2]
        return A.reshape(len(A), -1)
    def backward(self, dLdZ):
        return dLdZ.reshape(len(dLdZ), self.channels, self.width)
"""
SINGLE = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.random.randn(1, n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dy, learning_rate):
        dx = dy @ self.W.T
        self.W -= learning_rate * self.x.T @ dy
        self.b -= learning_rate * dy
        return dx
"""
OTHER_CALL = """
import numpy as np

class Layer:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in + 1, n_out)
    def forward(self, x):
        self.x = np.insert(x, 0, 1, axis=1)
        return self.x @ self.w
    def backward(self, delta, z):
        self.d_w = -(z.T @ delta) - 0.0 * self.w
        return self.d_w
"""


def test_what_a_failed_import_leaves_undefined_is_no_mistake(reviewed):
    review = reviewed(COMPILED.format(backward="scatter(dout, cache)"))
    assert not list(review.findings)
    assert [(unit.name, "`scatter`" in unit.reason) for unit in review.unread] == [("relu", True)]


def test_a_name_that_nothing_binds_is_a_mistake(reviewed):
    review = reviewed(COMPILED.format(backward="dout * (cache > zero)"))
    assert [(finding.severity, finding.cause) for finding in review.findings] == [("wrong", "backward fails")]


def test_a_layer_for_three_axes_is_not_blamed_for_four(reviewed):
    (unit,) = reviewed(FLATTEN).units
    assert not unit.findings
    assert unit.tried == 1


def test_a_layer_for_one_sample_at_a_time_is_told_as_such(reviewed):
    (unit,) = reviewed(SINGLE).units
    assert [(finding.severity, finding.cause) for finding in unit.findings] == [("harmless", "one sample at a time")]


def test_a_backward_pass_that_fails_on_a_guessed_argument_is_unread(reviewed):
    review = reviewed(OTHER_CALL)
    assert [unit.name for unit in review.unread] == ["Layer"]
    assert not list(review.findings)


CHANGING = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.w = np.random.randn(n_in, n_out)

    def forward(self, x):
        self.x = x
        return x @ self.w

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        dx += dout @ self.w.T
        self.dw = self.x.T @ dout
        self.dx = dx[0:-0]
        self.w -= self.dw
"""


def test_a_gradient_is_empty_whatever_backward_changes(reviewed):
    findings = {finding.cause: finding for finding in reviewed(CHANGING).findings}
    assert {"is empty", "parameters changed in backward"} <= set(findings)
    assert findings["parameters changed in backward"].place.line == 17
