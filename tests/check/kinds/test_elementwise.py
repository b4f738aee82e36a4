"""Activations against PyTorch, and their mistakes against passes written wrong on purpose."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from backhand.check.kinds.softmax import log_softmax, softmax
from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts

TORCH = {
    "relu": torch.relu,
    "leaky_relu": lambda x: functional.leaky_relu(x, 0.1),
    "elu": lambda x: functional.elu(x, 0.7),
    "selu": torch.selu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softplus": functional.softplus,
    "swish": functional.silu,
    "gelu": functional.gelu,
    "identity": lambda x: x,
    "function": torch.exp,
    "softmax": lambda x: torch.softmax(x, 1),
}


@pytest.mark.parametrize("name", TORCH)
def test_values_are_those_of_pytorch(name):
    kind = kind_named(name)
    config, layout = kind.configs()[0], kind.layouts()[0]
    x = draw_arrays(kind, config, layout)["x"]
    y = TORCH[name](torch.tensor(x)).numpy()
    match = next(kind.recognise(y, {"x": x}, config, layout))
    assert not match.mistake


@pytest.mark.parametrize(
    ("name", "function", "words"),
    [
        ("gelu", lambda x: functional.gelu(x, approximate="tanh"), "by tanh"),
        ("function", functional.mish, "mish"),
        ("function", functional.hardtanh, "hard tanh"),
        ("leaky_relu", lambda x: functional.leaky_relu(x, 0.01), "slope 0.01"),
        ("elu", functional.elu, "alpha 1"),
        ("softmax", lambda x: torch.log_softmax(x, 1), "logarithm of softmax"),
    ],
)
def test_other_forms_are_named(name, function, words):
    kind = kind_named(name)
    config, layout = kind.configs()[0], kind.layouts()[0]
    x = draw_arrays(kind, config, layout)["x"]
    match = next(kind.recognise(function(torch.tensor(x)).numpy(), {"x": x}, config, layout))
    assert (match.mistake, match.convention["function"]) == ("", words)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def vectorized(function, x):
    return np.vectorize(function)(x) * 1.0


FORWARD = [
    ("relu", "first negative", "whole numbers", lambda x: vectorized(lambda v: v if v > 0 else 0, x)),
    ("relu", "normal", "negative values kept", lambda x: np.where(x < 0, x, 0)),
    ("relu", "normal", "absolute value", lambda x: x * np.sign(x)),
    ("relu", "normal", "mask as result", lambda x: np.heaviside(x, 0)),
    ("sigmoid", "normal", "sign of x", lambda x: 1 / (1 + np.exp(x))),
    ("tanh", "normal", "half the argument", lambda x: (np.exp(x) - 1) / (np.exp(x) + 1)),
    ("elu", "normal", "1 for x", lambda x: np.where(x > 0, 1, np.exp(x) - 1)),
    ("softmax", "normal", "summed over the whole batch", lambda x: np.exp(x) / np.exp(x).sum()),
    ("softmax", "normal", "summed over the samples", lambda x: np.exp(x) / np.exp(x).sum(0)),
    ("softmax", "normal", "shifted along the wrong axis", lambda x: softmax(x - x.max(0))),
    ("softmax", "extreme", "overflow", lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
]


@pytest.mark.parametrize(("name", "draw", "mistake", "function"), FORWARD)
def test_mistakes_of_values_are_named(name, draw, mistake, function):
    kind = kind_named(name)
    config = next(config for config in kind.configs() if config.draw == draw)
    layout = kind.layouts()[0]
    x = draw_arrays(kind, config, layout, seed=3)["x"]
    with np.errstate(all="ignore"):
        y = function(x)
    assert next(kind.recognise(y, {"x": x}, config, layout)).mistake == mistake


SLIPS = [
    ("sigmoid", "derivative left out", lambda x, y, dy: dy),
    ("sigmoid", "derivative applied twice", lambda x, y, dy: dy * (y * (1 - y)) ** 2),
    ("sigmoid", "output's formula at the input", lambda x, y, dy: dy * x * (1 - x)),
    ("sigmoid", "input's formula at the output", lambda x, y, dy: dy * sigmoid(y) * (1 - sigmoid(y))),
    ("sigmoid", "arguments swapped", lambda x, y, dy: y * dy * (1 - dy)),
    ("sigmoid", "arguments swapped", lambda x, y, dy: x * sigmoid(dy) * (1 - sigmoid(dy))),
    ("sigmoid", "1 - y missing", lambda x, y, dy: y * dy),
    ("sigmoid", "y missing", lambda x, y, dy: dy - y * dy),
    ("tanh", "square missing", lambda x, y, dy: dy * (1 - y)),
    ("tanh", "product taken first", lambda x, y, dy: dy * 1 - y**2),
    ("tanh", "function for its derivative", lambda x, y, dy: np.tanh(x) * dy),
    ("tanh", "input's formula at the output", lambda x, y, dy: dy * (1 - np.tanh(y) ** 2)),
    ("tanh", "upstream added", lambda x, y, dy: dy + 1 - y**2),
    ("tanh", "derivative divides", lambda x, y, dy: dy / (1 - y**2)),
    ("relu", "mask inverted", lambda x, y, dy: np.where(x < 0, dy, 0)),
    ("relu", "mask from dy", lambda x, y, dy: np.maximum(dy, 0)),
    ("leaky_relu", "slope forgotten", lambda x, y, dy: np.where(x > 0, dy, 0)),
    ("leaky_relu", "slope without dy", lambda x, y, dy: np.where(x > 0, dy, 0.1)),
    ("leaky_relu", "1 for dy", lambda x, y, dy: np.where(x > 0, 1, 0.1 * dy)),
    ("leaky_relu", "slope for positive values", lambda x, y, dy: np.where(x > 0, 0.1 * dy, dy)),
    ("elu", "x for 1", lambda x, y, dy: dy * np.where(x > 0, x, 0.7 * np.exp(x))),
    ("elu", "alpha not added", lambda x, y, dy: dy * np.where(x > 0, 1, y)),
    ("elu", "alpha forgotten", lambda x, y, dy: dy * np.where(x > 0, 1, np.exp(x))),
    ("elu", "1 added for alpha", lambda x, y, dy: dy * np.where(x > 0, 1, y + 1)),
    ("elu", "alpha for the derivative", lambda x, y, dy: dy * np.where(x > 0, 1, 0.7)),
    ("swish", "product rule", lambda x, y, dy: dy * sigmoid(x)),
    ("swish", "factor x missing", lambda x, y, dy: dy * (sigmoid(x) + sigmoid(x) * (1 - sigmoid(x)))),
    ("softmax", "diagonal only", lambda x, y, dy: dy * (y - y * y)),
    ("softmax", "sum missing", lambda x, y, dy: dy * y),
    ("softmax", "sum over the whole batch", lambda x, y, dy: y * dy - y * np.sum(y * dy)),
    ("softmax", "sum over the samples", lambda x, y, dy: y * (dy - np.sum(y * dy, 0))),
    ("softmax", "sum without the output", lambda x, y, dy: y * (dy - dy.sum(1)[:, None])),
    ("softmax", "mean for sum", lambda x, y, dy: y * (dy - (y * dy).mean(1)[:, None])),
    ("softmax", "output missing", lambda x, y, dy: dy - (y * dy).sum(1)[:, None]),
    ("softmax", "plus for minus", lambda x, y, dy: np.einsum("nk,nj,nj->nk", y, y, dy) + y * dy),
]


@pytest.mark.parametrize(("name", "mistake", "slip"), SLIPS)
def test_slips_of_the_backward_pass_are_foreseen(name, mistake, slip):
    kind = kind_named(name)
    case = case_of(kind, kind.configs()[0], kind.layouts()[0])
    assert predicts(kind, case, mistake, slip(case.arrays["x"], case.y, case.dy))


def test_a_derivative_in_whole_numbers_is_foreseen():
    kind = kind_named("leaky_relu")
    config = next(config for config in kind.configs() if config.draw == "first positive")
    case = case_of(kind, config, kind.layouts()[0])
    slope = config["slope"]
    wrong = case.dy * vectorized(lambda v: 1 if v > 0 else slope, case.arrays["x"])
    assert predicts(kind, case, "derivative in whole numbers", wrong)


@pytest.mark.parametrize(
    ("mistake", "slip"),
    [
        ("output subtracted without the upstream", lambda p, dy: dy - p),
        ("diagonal of the logarithm only", lambda p, dy: dy * (1 - p)),
        ("gradient of softmax", lambda p, dy: p * (dy - (dy * p).sum(1, keepdims=True))),
    ],
)
def test_slips_of_the_logarithm_are_foreseen(mistake, slip):
    kind = kind_named("softmax")
    case = case_of(kind, kind.configs()[0], kind.layouts()[0], way=1)
    assert np.allclose(case.y, log_softmax(case.arrays["x"]))
    assert predicts(kind, case, mistake, slip(softmax(case.arrays["x"]), case.dy))
