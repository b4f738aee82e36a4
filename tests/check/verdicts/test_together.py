"""What is right or wrong only as a file wires its layers, its loss and its sizes."""

import pytest

from backhand.check import check_file

LINEAR = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros((1, n_out))
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dy):
        self.dW = self.x.T @ dy{layer}
        self.db = dy.sum(0, keepdims=True){layer}
        return dy @ self.W.T

def softmax_loss(x, y):
    e = np.exp(x - x.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    n = np.arange(len(x))
    loss = -np.log(p[n, y] + 1e-12).mean()
    p[n, y] -= 1
    return loss, p{loss}
"""


@pytest.fixture
def reviewed(tmp_path):
    def review(text):
        file = tmp_path / "layers.py"
        file.write_text(text)
        return check_file(file)

    return review


def causes(review):
    return {finding.cause for finding in review.findings if finding.severity.startswith("wrong")}


@pytest.mark.parametrize(
    ("layer", "loss", "expected"),
    [
        ("", " / len(x)", set()),
        (" / len(dy)", "", set()),
        (" / len(dy)", " / len(x)", {"averaged twice"}),
        ("", "", {"1/N missing"}),
    ],
)
def test_the_batch_is_averaged_once(reviewed, layer, loss, expected):
    review = reviewed(LINEAR.replace("{layer}", layer).replace("{loss}", loss))
    assert [unit.kind for unit in review.units] == ["Softmax cross-entropy", "Linear"]
    assert causes(review) == expected


COLUMNS = """
import numpy as np

def linear_forward(A, W, b):
    return W @ A + b, (A, W, b)

def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    return W.T @ dZ, dZ @ A.T / m, dZ.sum(axis=1, keepdims=True)

def linear_sigmoid_forward(A, W, b):
    Z, cache = linear_forward(A, W, b)
    S = 1 / (1 + np.exp(-Z))
    return S, (cache, S)

def linear_sigmoid_backward(dA, cache):
    cache, S = cache
    return linear_backward(dA * S * (1 - S), cache)
"""


def test_where_layers_average_the_gradient_that_does_not_is_wrong_and_told_once(reviewed):
    review = reviewed(COLUMNS)
    assert [unit.name for unit in review.units] == ["linear", "linear sigmoid"]
    (finding,) = review.findings
    assert (finding.cause, finding.array, finding.function) == ("averaged in part", "b", "linear_backward")


def test_a_layer_that_needs_as_many_outputs_as_inputs_is_told_with_its_constructors_line(reviewed):
    text = LINEAR.replace("{layer}", "").replace("{loss}", " / len(x)")
    review = reviewed(text.replace("randn(n_in, n_out)", "randn(n_out, n_in)"))
    (finding,) = [finding for finding in review.findings if finding.severity == "wrong"]
    assert (finding.cause, finding.function) == ("shape in the constructor", "Linear.__init__")
    assert finding.place.line == 6
    assert "randn(n_in, n_out)" in finding.change.after


def test_sizes_that_are_floats_are_named_and_the_check_goes_on(reviewed):
    review = reviewed(
        """
import numpy as np

def max_pool_forward(x, pool_param):
    k, s = pool_param["pool_height"], pool_param["stride"]
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - k) / s + 1, (W - k) / s + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max((2, 3))
    return out, (x, pool_param)

def max_pool_backward(dout, cache):
    x, pool_param = cache
    k, s = pool_param["pool_height"], pool_param["stride"]
    dx = np.zeros_like(x)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            at = np.s_[:, :, i * s : i * s + k, j * s : j * s + k]
            window = x[at]
            first = window.max((2, 3), keepdims=True)
            mask = window == first
            dx[at] += mask / mask.sum((2, 3), keepdims=True) * dout[:, :, i, j][..., None, None]
    return dx
"""
    )
    assert causes(review) == {"float sizes"}
    (unit,) = review.units
    assert unit.kind == "Max pooling"
    assert unit.findings[0].place.line == 7
