"""What is right or wrong only as a file wires its layers, its loss and its sizes."""

import pytest

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
    finding, of_whole = review.findings
    assert (finding.cause, finding.array, finding.function) == ("averaged in part", "b", "linear_backward")
    assert of_whole.headline == "linear sigmoid is wrong through `linear`, of which it is made"


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


COMPOUND = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, {db}

def relu_forward(x):
    return np.maximum(x, 0), x

def relu_backward(dout, x):
    return dout * (x > 0)

def affine_relu_forward(x, w, b):
    a, affine_cache = affine_forward(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (affine_cache, relu_cache)

def affine_relu_backward(dout, cache):
    affine_cache, relu_cache = cache
    return affine_backward({relu}, affine_cache)
"""


@pytest.mark.parametrize(
    ("db", "relu", "expected"),
    [
        ("dout.sum(axis=0)", "relu_backward(dout, relu_cache)", {}),
        (
            "dout[-1]",
            "relu_backward(dout, relu_cache)",
            {"affine": "last sample only", "affine_relu": "wrong through a part"},
        ),
    ],
)
def test_a_unit_is_wrong_through_its_parts_once(reviewed, db, relu, expected):
    review = reviewed(COMPOUND.format(db=db, relu=relu))
    found = {unit.name.replace(" ", "_"): [f.cause for f in unit.findings] for unit in review.units}
    assert found == {name: [expected[name]] if name in expected else [] for name in ("affine", "relu", "affine_relu")}


def test_a_mistake_of_its_own_is_told_of_a_unit_with_right_parts(reviewed):
    review = reviewed(COMPOUND.format(db="dout.sum(axis=0)", relu="dout"))
    assert {finding.function for finding in review.findings} == {"affine_relu_backward"}
    assert [finding.array for finding in review.findings] == ["x", "w", "b"]
    assert causes(review) == {"derivative of the activation left out"}
