"""Pooling against PyTorch, and loops written wrong on purpose."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts

MAX, AVERAGE = kind_named("max_pool"), kind_named("avg_pool")
CONFIGS = {config.name: config for config in MAX.configs()}
FIRST, LAST = MAX.layouts()
PLAIN, OVERLAP = CONFIGS["stride 2"], CONFIGS["windows that overlap"]


def by_pytorch(kind, x, config, **options):
    function = functional.max_pool2d if kind is MAX else functional.avg_pool2d
    return function(torch.tensor(x), config["window"], config["stride"], config["padding"], **options).numpy()


@pytest.mark.parametrize("kind", [MAX, AVERAGE], ids=lambda kind: kind.name)
def test_values_are_those_of_pytorch(kind):
    for config in kind.configs():
        for layout in kind.layouts():
            x = draw_arrays(kind, config, layout)["x"]
            images = x if layout is FIRST else x.transpose(0, 3, 1, 2)
            y = by_pytorch(kind, images.copy(), config)
            y = y if layout is FIRST else y.transpose(0, 2, 3, 1)
            match = next(kind.recognise(y, {"x": x}, config, layout))
            assert (match.mistake, match.convention["size"]) == ("", "whole windows"), config.name


def test_windows_that_are_cut_off_may_count_and_the_margin_need_not():
    config = CONFIGS["a row and a column left over"]
    x = draw_arrays(MAX, config, FIRST)["x"]
    match = next(MAX.recognise(by_pytorch(MAX, x, config, ceil_mode=True), {"x": x}, config, FIRST))
    assert (match.mistake, match.convention["size"]) == ("", "windows cut off at the border too")
    config = CONFIGS["negative values, padding 1"]
    x = draw_arrays(AVERAGE, config, FIRST)["x"]
    y = by_pytorch(AVERAGE, x, config, count_include_pad=False)
    match = next(AVERAGE.recognise(y, {"x": x}, config, FIRST))
    assert (match.mistake, match.convention["padding"]) == ("", "does not count")


def test_windows_side_by_side_are_right_where_no_stride_is_asked_for():
    config = CONFIGS["window 2, stride 1"]
    case = case_of(MAX, config, FIRST, way=1)
    side_by_side = functional.max_pool2d(torch.tensor(case.arrays["x"]), 2, 2).numpy()
    match = next(MAX.recognise(side_by_side, case.arrays, config, FIRST))
    assert (match.mistake, match.convention["size"]) == ("", "whole windows, side by side")
    spread = np.repeat(np.repeat(case.dy, 2, axis=2), 2, axis=3)
    assert predicts(MAX, case, "every pixel credited", spread)


def loop(function, x, config, step=None, margin=0.0, stride=None):
    p, k, s = config["padding"], config["window"], stride or config["stride"]
    step = s if step is None else step
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=margin)
    N, C, H, W = x.shape
    y = np.zeros((N, C, (H - k) // s + 1, (W - k) // s + 1))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = function(x[n, c, i * step : i * step + k, j * step : j * step + k])
    return y


FORWARD = [
    (MAX, "padding with 0", "negative values, padding 1", lambda x, config: loop(np.max, x, config)),
    (MAX, "mean for maximum", "stride 2", lambda x, config: loop(np.mean, x, config)),
    (MAX, "minimum for maximum", "stride 2", lambda x, config: loop(np.min, x, config)),
    (MAX, "windows not moved by the stride", "stride 2", lambda x, config: loop(np.max, x, config, 1)),
    (MAX, "height and width swapped", "images of 4 x 6", lambda x, config: loop(np.max, x, config).swapaxes(2, 3)),
    (MAX, "last window left out", "window 2, stride 1", lambda x, config: loop(np.max, x, config)[:, :, :-1, :-1]),
    (
        MAX,
        "window for the stride",
        "windows that overlap",
        lambda x, config: loop(np.max, x, config, 3, stride=3),
    ),
    (AVERAGE, "sum for mean", "stride 2", lambda x, config: loop(np.sum, x, config)),
    (AVERAGE, "maximum for mean", "stride 2", lambda x, config: loop(np.max, x, config)),
]


@pytest.mark.parametrize(("kind", "mistake", "name", "function"), FORWARD)
def test_mistakes_of_the_forward_pass_are_named(kind, mistake, name, function):
    x = draw_arrays(kind, CONFIGS[name], FIRST)["x"]
    assert next(kind.recognise(function(x, CONFIGS[name]), {"x": x}, CONFIGS[name], FIRST)).mistake == mistake


def backward(case, share, step=None, add=True):
    """dx of the padded images as people write it, by the share of each pixel of a window."""
    config, dy = case.config, case.dy
    p, k, s = config["padding"], config["window"], config["stride"]
    step = s if step is None else step
    x = np.pad(case.arrays["x"], ((0, 0), (0, 0), (p, p), (p, p)), constant_values=-1e9)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        seen = x[n, c, i * s : i * s + k, j * s : j * s + k]
        at = np.s_[n, c, i * step : i * step + k, j * step : j * step + k]
        dx[at] = (dx[at] if add else 0) + share(seen) * dy[n, c, i, j]
    return dx


def largest(window):
    return (window == window.max()) * 1.0


PADDED = CONFIGS["negative values, padding 1"]
SLIPS = [
    (MAX, "last window wins", OVERLAP, lambda case: backward(case, largest, add=False)),
    (MAX, "stride ignored in dx", OVERLAP, lambda case: backward(case, largest, step=1)),
    (MAX, "gradient of average pooling", OVERLAP, lambda case: backward(case, lambda w: np.ones_like(w) / w.size)),
    (MAX, "smallest pixel credited", PLAIN, lambda case: backward(case, lambda w: (w == w.min()) * 1.0)),
    (MAX, "every pixel credited", PLAIN, lambda case: backward(case, np.ones_like)),
    (MAX, "divided by the window", PLAIN, lambda case: backward(case, largest) / 4),
    (MAX, "values for the mask", PLAIN, lambda case: backward(case, lambda w: w * largest(w))),
    (MAX, "height and width swapped in dx", PLAIN, lambda case: backward(case, lambda w: largest(w).T)),
    (MAX, "padding not cropped", PADDED, lambda case: backward(case, largest)),
    (MAX, "cropped at one side", PADDED, lambda case: backward(case, largest)[:, :, 1:, 1:]),
    (MAX, "crop empty at padding 0", PLAIN, lambda case: backward(case, largest)[:, :, 0:-0, 0:-0]),
    (AVERAGE, "not divided by the window", OVERLAP, lambda case: backward(case, np.ones_like)),
    (AVERAGE, "divided by the window twice", OVERLAP, lambda case: backward(case, lambda w: np.ones_like(w) / 81)),
    (AVERAGE, "divided by one length", OVERLAP, lambda case: backward(case, lambda w: np.ones_like(w) / 3)),
    (AVERAGE, "gradient of max pooling", PLAIN, lambda case: backward(case, largest)),
    (
        AVERAGE,
        "last window wins",
        OVERLAP,
        lambda case: backward(case, lambda w: np.ones_like(w) / w.size, add=False),
    ),
]


@pytest.mark.parametrize(("kind", "mistake", "config", "slip"), SLIPS)
def test_slips_of_the_backward_pass_are_foreseen(kind, mistake, config, slip):
    case = case_of(kind, config, FIRST)
    assert predicts(kind, case, mistake, slip(case))


def test_a_maximum_that_is_set_and_not_added_is_foreseen():
    case = case_of(MAX, OVERLAP, FIRST)
    dx = np.zeros_like(case.arrays["x"])
    for n, c, i, j in np.ndindex(case.dy.shape):
        window = case.arrays["x"][n, c, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        k, m = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, 2 * i + k, 2 * j + m] = case.dy[n, c, i, j]
    assert predicts(MAX, case, "last window wins", dx)


def test_a_maximum_of_the_whole_image_is_foreseen():
    case = case_of(MAX, PLAIN, FIRST)
    whole = case.arrays["x"].max((2, 3), keepdims=True)
    spread = np.repeat(np.repeat(case.dy, 2, axis=2), 2, axis=3)
    assert predicts(MAX, case, "maximum of the whole image", spread * (case.arrays["x"] == whole))


def test_ties_that_are_all_credited_are_seen_where_nothing_can_be_measured():
    config = CONFIGS["values that are equal"]
    x = draw_arrays(MAX, config, FIRST)["x"]
    y = by_pytorch(MAX, x, config)
    case = case_of(MAX, config, FIRST)
    assert np.array_equal(case.y, y)

    def first(window):
        return (np.arange(window.size) == window.argmax()).reshape(window.shape) * 1.0

    def halves(window):
        return largest(window) / largest(window).sum()

    for share, mistakes in ((largest, ["every tie credited"]), (first, []), (halves, [])):
        dx = backward(case, share)
        assert list(MAX.kink_mistakes(replace(case, gradients={"x": dx}))) == mistakes
        turned = replace(
            case,
            arrays={"x": x.transpose(0, 2, 3, 1)},
            dy=case.dy.transpose(0, 2, 3, 1),
            gradients={"x": dx.transpose(0, 2, 3, 1)},
            convention=LAST,
        )
        assert list(MAX.kink_mistakes(turned)) == mistakes


def test_the_mode_comes_in_words():
    assert MAX.values("mode", PLAIN) == ["max"]
    assert AVERAGE.values("mode", PLAIN)[0] == "average"
    assert MAX.values("window", PLAIN) == [2, (2, 2)]


@pytest.mark.parametrize("kind", [MAX, AVERAGE], ids=lambda kind: kind.name)
def test_windows_side_by_side_in_backward_alone(kind):
    for config in (OVERLAP, CONFIGS["gaps between windows"]):
        case, k = case_of(kind, config, FIRST), config["window"]
        x, dx = case.arrays["x"], np.zeros_like(case.arrays["x"])
        for i in range(case.dy.shape[2]):
            for j in range(case.dy.shape[3]):
                place = np.s_[:, :, i * k : i * k + k, j * k : j * k + k]
                window = x[place]
                if kind is MAX:
                    share = window == window.max((2, 3), keepdims=True, initial=-np.inf)
                else:
                    share = np.full(window.shape, 1 / k**2)
                dx[place] += share * case.dy[:, :, i : i + 1, j : j + 1]
        assert predicts(kind, case, "window for the stride in dx", dx)
