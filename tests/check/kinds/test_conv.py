"""Convolutions against PyTorch, in every arrangement, and loops written wrong on purpose."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from backhand.check.kinds import conv_arrays as arranged
from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts

KIND, OF_SEQUENCES = kind_named("conv2d"), kind_named("conv1d")
CONFIGS = {config.name: config for config in KIND.configs()}
FIRST = KIND.layouts()[0]


def canonical(arrays, config, layout):
    x = arranged.to_images(arrays["x"], layout)
    w = arranged.to_kernel(arrays["w"], config, layout)
    return x, w, arrays["b"].ravel() if "b" in arrays else None


def by_pytorch(arrays, config, layout):
    x, w, b = (None if a is None else torch.tensor(a.copy()) for a in canonical(arrays, config, layout))
    padding = (0 if config["H"] == 1 else config["padding"], config["padding"])
    return functional.conv2d(x, w, b, config["stride"], padding).numpy()


@pytest.mark.parametrize("kind", [KIND, OF_SEQUENCES], ids=lambda kind: kind.name)
def test_every_arrangement_is_pytorch_s_convolution(kind):
    for config in kind.configs():
        for layout in kind.layouts():
            arrays = draw_arrays(kind, config, layout)
            y = arranged.from_images(by_pytorch(arrays, config, layout), layout)
            match = next(kind.recognise(y, arrays, config, layout))
            assert not match.mistake, (config.name, layout)
            assert match.convention["kernel"].startswith("as it is")


def test_shapes_are_those_that_the_layouts_name():
    config = CONFIGS["a window of 2 x 3"]
    shapes = {layout["weight"]: KIND.shape("w", config, layout) for layout in KIND.layouts()}
    assert shapes == {
        "(F, C, kh, kw)": (3, 2, 2, 3),
        "(kh, kw, C, F)": (2, 3, 2, 3),
        "(F, kh, kw, C)": (3, 2, 3, 2),
        "(F, C·kh·kw)": (3, 12),
        "(kh·kw·C, F)": (12, 3),
    }
    last = next(layout for layout in KIND.layouts() if layout["bias"] == "(1, 1, 1, F)")
    assert KIND.shape("x", config, last) == (2, 4, 5, 2)
    assert KIND.shape("b", config, last) == (1, 1, 1, 3)


def test_a_true_convolution_is_right_and_called_so():
    config = CONFIGS["padding 0"]
    arrays = draw_arrays(KIND, config, FIRST)
    y = by_pytorch({**arrays, "w": arrays["w"][:, :, ::-1, ::-1].copy()}, config, FIRST)
    match = next(KIND.recognise(y, arrays, config, FIRST))
    assert not match.mistake
    assert match.convention["kernel"].startswith("turned")


def test_same_padding_that_keeps_the_size_in_spite_of_the_stride_is_called_so():
    config = CONFIGS["stride 2, padding 1"]
    arrays = draw_arrays(KIND, config, FIRST)
    for padding, words in ((3, "same, rounded up"), (1, "as given")):
        y = by_pytorch(arrays, replace(config, facts={**config.facts, "padding": padding}), FIRST)
        match = next(KIND.recognise(y, arrays, config, FIRST))
        assert (match.mistake, match.convention["padding"]) == ("", words)


def loop(x, w, b, stride=1, padding=0, step=None, size=None, sign=1):
    """A convolution as people write it; `step` is where a window begins for each result."""
    step = stride if step is None else step
    p = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    F, _, kh, kw = w.shape
    rows, columns = ((length - k) // stride + 1 for length, k in zip(p.shape[2:], (kh, kw), strict=True))
    y = np.zeros((len(x), F, rows, columns))
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = (p[n, :, i * step : i * step + kh, j * step : j * step + kw] * w[f]).sum() + sign * b[f]
    return y


FORWARD = [
    ("bias left out", "padding 0", lambda x, w, b: loop(x, w, 0 * b)),
    ("bias subtracted", "padding 0", lambda x, w, b: loop(x, w, b, sign=-1)),
    ("stride ignored", "stride 2, smaller than the window", lambda x, w, b: loop(x, w, b)),
    ("windows not moved by the stride", "stride 2, smaller than the window", lambda x, w, b: loop(x, w, b, 2, step=1)),
    ("padding ignored", "window 3, padding 1", lambda x, w, b: loop(x, w, b)),
    ("padding of another mode", "padding 0", lambda x, w, b: loop(x, w, b, padding=1)),
    ("padding of another mode", "padding 0", lambda x, w, b: loop(x, w, b, padding=2)),
    ("kernel flipped along one axis", "padding 0", lambda x, w, b: loop(x, w[:, :, ::-1], b)),
    ("height and width swapped", "padding 0", lambda x, w, b: loop(x, w.swapaxes(2, 3), b)),
    ("one channel only", "padding 0", lambda x, w, b: loop(x[:, :1], w[:, :1], b)),
    ("last window left out", "padding 0", lambda x, w, b: loop(x, w, b)[:, :, :-1, :-1]),
]


@pytest.mark.parametrize(("mistake", "name", "function"), FORWARD)
def test_mistakes_of_the_forward_pass_are_named(mistake, name, function):
    arrays = draw_arrays(KIND, CONFIGS[name], FIRST)
    y = function(arrays["x"], arrays["w"], arrays["b"])
    assert next(KIND.recognise(y, arrays, CONFIGS[name], FIRST)).mistake == mistake


def backward(case, w=None, step=None, add=True, filters=None):
    """dx of the padded images, dw and db as people write them."""
    x, w, dy = case.arrays["x"], case.arrays["w"] if w is None else w, case.dy
    padding, stride = case.config["padding"], case.config["stride"]
    step = stride if step is None else step
    p = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    dx, dw = np.zeros_like(p), np.zeros_like(w)
    _, _, kh, kw = w.shape
    for n, f, i, j in np.ndindex(dy.shape):
        at = np.s_[n, :, i * step : i * step + kh, j * step : j * step + kw]
        if filters is None or f in filters:
            dx[at] = (dx[at] if add else 0) + dy[n, f, i, j] * w[f]
        dw[f] += dy[n, f, i, j] * p[at]
    return dx, dw


def crop(dx, case):
    p, (H, W) = case.config["padding"], case.arrays["x"].shape[2:]
    return dx[:, :, p : p + H, p : p + W]


PADDED = "stride 2, padding 1"
SLIPS = [
    ("x", "padding not cropped", PADDED, lambda case: backward(case)[0]),
    ("x", "cropped at one side", PADDED, lambda case: backward(case)[0][:, :, 1:, 1:]),
    ("x", "cropped at one side", PADDED, lambda case: backward(case)[0][:, :, :5, :5]),
    ("x", "crop empty at padding 0", "padding 0", lambda case: backward(case)[0][:, :, 0:-0, 0:-0]),
    ("x", "crop empty at padding 0", PADDED, lambda case: backward(case)[0][:, :, 1:-1, 1:-1]),
    (
        "x",
        "kernel not flipped in dx",
        PADDED,
        lambda case: crop(backward(case, case.arrays["w"][:, :, ::-1, ::-1])[0], case),
    ),
    (
        "x",
        "height and width swapped in dx",
        PADDED,
        lambda case: crop(backward(case, case.arrays["w"].swapaxes(2, 3))[0], case),
    ),
    ("x", "stride ignored in dx", PADDED, lambda case: crop(backward(case, step=1)[0], case)),
    ("x", "last window wins", PADDED, lambda case: crop(backward(case, add=False, filters=[2])[0], case)),
    ("x", "last filter only", PADDED, lambda case: crop(backward(case, filters=[2])[0], case)),
    ("w", "kernel flipped in dw", PADDED, lambda case: backward(case)[1][:, :, ::-1, ::-1]),
    ("w", "height and width swapped in dw", PADDED, lambda case: backward(case)[1].swapaxes(2, 3)),
    ("w", "averaged over the batch", PADDED, lambda case: backward(case)[1] / 2),
    ("w", "stride ignored in dw", PADDED, lambda case: backward(case, step=1)[1]),
    ("b", "bias not summed over the pixels", PADDED, lambda case: case.dy.sum(0)),
    ("b", "bias not summed over the samples", PADDED, lambda case: case.dy.sum((2, 3))),
    ("b", "mean over everything", PADDED, lambda case: case.dy.mean((0, 2, 3))),
    ("b", "last sum only", PADDED, lambda case: case.dy[-1].sum((1, 2))),
]


@pytest.mark.parametrize(("role", "mistake", "name", "slip"), SLIPS)
def test_slips_of_the_backward_pass_are_foreseen(role, mistake, name, slip):
    case = case_of(KIND, CONFIGS[name], FIRST)
    assert predicts(KIND, case, mistake, slip(case), role)


def test_sums_that_are_overwritten_are_foreseen():
    case = case_of(KIND, CONFIGS[PADDED], FIRST)
    p = np.pad(case.arrays["x"], ((0, 0), (0, 0), (1, 1), (1, 1)))
    dw = np.zeros_like(case.arrays["w"])
    for n, f, i, j in np.ndindex(case.dy.shape):
        dw[f] = case.dy[n, f, i, j] * p[n, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
    assert predicts(KIND, case, "last sum only", dw, "w")


def test_slips_are_foreseen_with_channels_last():
    layout = next(layout for layout in KIND.layouts() if layout["weight"] == "(kh, kw, C, F)")
    case = case_of(KIND, CONFIGS["padding 0"], layout)
    w, dy, dw = case.arrays["w"], case.dy, np.zeros_like(case.arrays["w"])
    dx = np.zeros_like(case.arrays["x"])
    for n, i, j, f in np.ndindex(dy.shape):
        at = np.s_[n, i : i + 3, j : j + 3]
        dx[at] += w[::-1, ::-1, :, f] * dy[n, i, j, f]
        dw[..., f] += case.arrays["x"][at] * dy[n, i, j, f]
    assert predicts(KIND, case, "kernel not flipped in dx", dx)
    assert predicts(KIND, case, "averaged over the batch", dw / 2, "w")


def test_settings_come_as_numbers_pairs_and_words():
    config = CONFIGS["window 3, padding 1"]
    assert KIND.values("padding", config) == [1, (1, 1), "same"]
    assert KIND.values("stride", config) == [1, (1, 1)]
    assert KIND.values("window", config) == [3, (3, 3)]
    assert KIND.values("padding", CONFIGS["padding 0"])[-1] == "valid"
    assert KIND.values("window", CONFIGS["a window of 2 x 3"]) == [(2, 3)]
    assert KIND.values("in", config) == [2]


def test_columns_that_were_not_transposed():
    config = CONFIGS["stride 2, padding 1"]
    arrays = draw_arrays(KIND, config, FIRST)
    x, w, b = arrays["x"], arrays["w"], arrays["b"]
    p, k, s = config["padding"], config["window"], config["stride"]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    rows = (padded.shape[2] - k) // s + 1
    columns = np.zeros((*x.shape[:2], k, k, rows, rows))
    for i in range(k):
        for j in range(k):
            columns[:, :, i, j] = padded[:, :, i : i + s * rows : s, j : j + s * rows : s]
    y = columns.reshape(len(x) * rows * rows, -1) @ w.reshape(len(w), -1).T + b
    y = y.reshape(len(x), rows, rows, -1).transpose(0, 3, 1, 2)
    assert next(KIND.recognise(y, arrays, config, FIRST)).mistake == "columns not transposed"
