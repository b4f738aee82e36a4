"""The linear layer in every arrangement, and its mistakes against passes written wrong on purpose."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from backhand.check.kinds.linear import Linear
from tests.check.kinds.cases import case_of, draw_arrays, predicts

KIND = Linear()
CONFIGS = {config.name: config for config in KIND.configs()}
SQUARE = CONFIGS["as many outputs as inputs"]
LAYOUTS = KIND.layouts()


def rows(array, layout):
    return array if layout["samples"] == "rows" else array.T


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: " ".join(layout.values()))
def test_every_arrangement_is_pytorch_s_linear(layout):
    for config in KIND.configs():
        arrays = draw_arrays(KIND, config, layout)
        x = (
            arrays["x"].reshape(config["N"], -1)
            if layout["samples"] == "rows"
            else arrays["x"].reshape(-1, config["N"]).T
        )
        weight = arrays["w"].T if layout["weight"].endswith("out)") else arrays["w"]
        bias = arrays["b"].ravel() if "b" in arrays else weight[:, 0]
        weight = weight if "b" in arrays else weight[:, 1:]
        y = torch.nn.functional.linear(*(torch.tensor(array.copy()) for array in (x, weight, bias))).numpy()
        match = next(KIND.recognise(rows(y, layout), arrays, config, layout))
        assert not match.mistake
        assert match.convention["weight"] == layout["weight"]


@pytest.mark.parametrize(
    ("mistake", "forward"),
    [
        ("bias left out", lambda x, w, b: x @ w),
        ("bias subtracted", lambda x, w, b: x @ w - b),
        ("weights for their transpose", lambda x, w, b: x @ w.T + b),
    ],
)
def test_mistakes_of_the_forward_pass_are_named(mistake, forward):
    arrays = draw_arrays(KIND, SQUARE, LAYOUTS[0])
    y = forward(**arrays)
    assert next(KIND.recognise(y, arrays, SQUARE, LAYOUTS[0])).mistake == mistake


SLIPS = [
    ("w", "x and dy swapped", lambda x, w, b, y, dy: dy.T @ x),
    ("w", "output for input", lambda x, w, b, y, dy: y.T @ dy),
    ("w", "averaged over the batch", lambda x, w, b, y, dy: x.T @ dy / len(x)),
    ("w", "last sample only", lambda x, w, b, y, dy: np.outer(x[-1], dy[-1])),
    ("b", "sum over samples missing", lambda x, w, b, y, dy: dy),
    ("b", "averaged over the batch", lambda x, w, b, y, dy: dy.mean(0)),
    ("b", "last sample only", lambda x, w, b, y, dy: dy[-1]),
    ("x", "transposed weights missing", lambda x, w, b, y, dy: dy @ w),
]


@pytest.mark.parametrize(("role", "mistake", "slip"), SLIPS)
def test_slips_of_the_backward_pass_are_foreseen(role, mistake, slip):
    case = case_of(KIND, SQUARE, LAYOUTS[0])
    assert predicts(KIND, case, mistake, slip(**case.arrays, y=case.y, dy=case.dy), role)


def test_slips_are_foreseen_where_samples_are_columns():
    layout = next(layout for layout in LAYOUTS if layout["samples"] == "columns" and layout["bias"] == "(out, 1)")
    case = case_of(KIND, CONFIGS["more inputs than outputs"], layout)
    x, dy = case.arrays["x"], case.dy
    assert predicts(KIND, case, "x and dy swapped", x @ dy.T, "w")
    assert predicts(KIND, case, "averaged over the batch", dy.mean(1, keepdims=True), "b")


def test_weights_that_were_updated_are_seen_in_dx():
    case = case_of(KIND, CONFIGS["more inputs than outputs"], LAYOUTS[0])
    x, w, dy = case.arrays["x"], case.arrays["w"], case.dy
    dx = dy @ (w - 0.05 * x.T @ dy).T
    assert predicts(KIND, replace(case, gradients={"x": dx}), "weights already updated", dx)


def test_a_gradient_that_is_not_reshaped_is_foreseen():
    case = case_of(KIND, CONFIGS["samples of 2 axes"], LAYOUTS[0])
    assert predicts(KIND, case, "dx not reshaped", case.dy @ case.arrays["w"].T)


def test_the_entry_of_a_joined_bias_is_seen():
    layout = next(layout for layout in LAYOUTS if layout["bias"] == "in the weights")
    case = case_of(KIND, CONFIGS["more inputs than outputs"], layout)
    assert predicts(KIND, case, "entry of the bias kept", case.dy @ case.arrays["w"].T)
