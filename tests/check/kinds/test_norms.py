"""Normalisation against PyTorch, its running statistics, and passes written wrong on purpose."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts

EPS = 1e-5
BATCH, LAYER, SPATIAL = kind_named("batchnorm"), kind_named("layernorm"), kind_named("spatial_batchnorm")
ROWS = BATCH.layouts()[0]
TRAIN = BATCH.configs()[0]
TEST = next(config for config in BATCH.configs() if not config["train"])
FIRST = SPATIAL.layouts()[0]


def by_pytorch(name, arrays, config):
    tensors = {role: torch.tensor(array) for role, array in arrays.items()}
    x, gamma, beta, eps = tensors["x"], tensors["gamma"].ravel(), tensors["beta"].ravel(), config["eps"]
    if name == "layernorm":
        return functional.layer_norm(x, x.shape[1:], gamma, beta, eps)
    if name == "groupnorm":
        return functional.group_norm(x, config["groups"], gamma, beta, eps)
    if name == "instancenorm":
        return functional.instance_norm(x, weight=gamma, bias=beta, eps=eps)
    running = (tensors[role].ravel().clone() for role in ("running_mean", "running_var"))
    return functional.batch_norm(x, *running, gamma, beta, training=config["train"], eps=eps)


@pytest.mark.parametrize("name", ["batchnorm", "layernorm", "spatial_batchnorm", "instancenorm", "groupnorm"])
def test_values_are_those_of_pytorch(name):
    kind = kind_named(name)
    layout = kind.layouts()[0]
    for config in kind.configs():
        arrays = draw_arrays(kind, config, layout)
        match = next(kind.recognise(by_pytorch(name, arrays, config).numpy(), arrays, config, layout))
        assert not match.mistake, config.name


def test_other_layouts_are_the_same_numbers():
    columns = next(layout for layout in BATCH.layouts() if layout["samples"] == "columns")
    last = next(layout for layout in SPATIAL.layouts() if layout["channels"] == "last")
    for kind, layout, turn in (
        (BATCH, columns, lambda a: a.T if a.ndim == 2 else a),
        (SPATIAL, last, lambda a: a.transpose(0, 3, 1, 2) if a.ndim == 4 else a),
    ):
        config = kind.configs()[0]
        arrays = draw_arrays(kind, config, layout)
        turned = {role: np.ascontiguousarray(turn(array)) for role, array in arrays.items()}
        y = by_pytorch(kind.name, turned, config).numpy()
        here = next(match.y for match in kind.matches(arrays, config, layout))
        assert np.allclose(turn(here), y)


def moments(x, axis=0):
    return x.mean(axis, keepdims=True), x.var(axis, keepdims=True)


def affine(normal, a):
    return normal * a["gamma"] + a["beta"]


FORWARD = [
    ("eps outside the root", lambda x: (x - x.mean(0)) / (x.std(0) + EPS)),
    ("divided by the variance", lambda x: (x - x.mean(0)) / (x.var(0) + EPS)),
    ("deviation of the variances", lambda x: (x - x.mean(0)) / np.std(x.var(0) + EPS)),
    ("unbiased variance", lambda x: (x - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + EPS)),
    ("mean of everything", lambda x: (x - x.mean()) / np.sqrt(x.var(0) + EPS)),
    ("variance of everything", lambda x: (x - x.mean(0)) / np.sqrt(x.var() + EPS)),
    ("statistics of everything", lambda x: (x - x.mean()) / np.sqrt(x.var() + EPS)),
    ("not centred", lambda x: x / np.sqrt(x.var(0) + EPS)),
    ("eps left out", lambda x: (x - x.mean(0)) / x.std(0)),
    ("not divided by the deviation", lambda x: x - x.mean(0)),
    ("statistics over the wrong axes", lambda x: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(0) + EPS)),
    (
        "statistics over the wrong axes",
        lambda x: (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + EPS),
    ),
]


@pytest.mark.parametrize(("mistake", "normal"), FORWARD)
def test_mistakes_of_the_forward_pass_are_named(mistake, normal):
    config = next(c for c in BATCH.configs() if c.draw == "constant column") if mistake == "eps left out" else TRAIN
    arrays = draw_arrays(BATCH, config, ROWS)
    with np.errstate(all="ignore"):
        y = affine(normal(arrays["x"]), arrays)
    assert next(BATCH.recognise(y, arrays, config, ROWS)).mistake == mistake


def pieces(case, axis=0):
    x, gamma, dy = case.arrays["x"], case.arrays["gamma"], case.dy
    mean, variance = moments(x, axis)
    root = np.sqrt(variance + EPS)
    return x - mean, root, (x - mean) / root, dy * gamma, x.shape[axis]


SLIPS = [
    ("term of the mean missing", lambda c, r, h, d, n: d / r - c * (d * c).sum(0) / r**3 / n),
    ("term of the variance missing", lambda c, r, h, d, n: d / r - d.sum(0) / r / n),
    ("both terms missing", lambda c, r, h, d, n: d / r),
    ("sums for means", lambda c, r, h, d, n: d / r - d.sum(0) / r - c * (d * c).sum(0) / r**3),
    ("factor 1/2 of the variance missing", lambda c, r, h, d, n: (n * d - d.sum(0) - 2 * h * (d * h).sum(0)) / n / r),
    ("factor 2 of the square missing", lambda c, r, h, d, n: (n * d - d.sum(0) - h * (d * h).sum(0) / 2) / n / r),
    ("sign of the variance's term", lambda c, r, h, d, n: (n * d - d.sum(0) + h * (d * h).sum(0)) / n / r),
    ("sign of the mean's term", lambda c, r, h, d, n: (n * d + d.sum(0) - h * (d * h).sum(0)) / n / r),
    ("wrong power of the deviation", lambda c, r, h, d, n: d / r - d.mean(0) / r - c * (d * c).mean(0) / r),
    ("divided by the variance", lambda c, r, h, d, n: (d - d.mean(0) - h * (d * h).mean(0)) / r**2),
    ("not divided by the deviation", lambda c, r, h, d, n: d - d.mean(0) - h * (d * h).mean(0)),
    ("values not normalised", lambda c, r, h, d, n: (d - d.mean(0) - c * (d * c).mean(0)) / r),
    ("mean of everything", lambda c, r, h, d, n: (d - d.mean() - h * (d * h).mean()) / r),
    ("mean of everything", lambda c, r, h, d, n: (d - d.mean() - h * (d * h).mean(0)) / r),
    ("values left out of the variance's term", lambda c, r, h, d, n: (d - d.mean(0) - (d * h).mean(0)) / r),
    ("values left out of the variance's term", lambda c, r, h, d, n: (d - d.mean(0) - h * d.mean(0)) / r),
    ("sums for means", lambda c, r, h, d, n: (d - d.sum(0) - h * (d * h).mean(0)) / r),
    (
        "means over the wrong axes",
        lambda c, r, h, d, n: (d - d.mean(1, keepdims=True) - h * (d * h).mean(1, keepdims=True)) / r,
    ),
]


@pytest.mark.parametrize(("mistake", "slip"), SLIPS)
def test_slips_of_dx_are_foreseen(mistake, slip):
    case = case_of(BATCH, TRAIN, ROWS)
    assert predicts(BATCH, case, mistake, slip(*pieces(case)))


def test_slips_of_layernorm_are_foreseen():
    case = case_of(LAYER, LAYER.configs()[0], LAYER.layouts()[0])
    _, root, normal, d, _ = pieces(case, axis=1)
    assert predicts(LAYER, case, "both terms missing", d / root)
    assert predicts(LAYER, case, "gamma left out of dx", _layernorm(case.dy, normal, root))
    wrong = (d - d.mean(0) - normal * (d * normal).mean(0)) / root
    assert predicts(LAYER, case, "means over the wrong axes", wrong)


def _layernorm(d, normal, root):
    return (d - d.mean(1, keepdims=True) - normal * (d * normal).mean(1, keepdims=True)) / root


@pytest.mark.parametrize(
    ("role", "mistake", "slip"),
    [
        ("gamma", "input for the normalised values", lambda x, y, h, dy: (dy * x).sum(0)),
        ("gamma", "centred values for the normalised", lambda x, y, h, dy: (dy * (x - x.mean(0))).sum(0)),
        ("gamma", "output for the normalised values", lambda x, y, h, dy: (dy * y).sum(0)),
        ("gamma", "normalised values left out", lambda x, y, h, dy: dy.sum(0)),
        ("gamma", "averaged over the samples", lambda x, y, h, dy: (dy * h).mean(0)),
        ("beta", "averaged over the samples", lambda x, y, h, dy: dy.mean(0)),
        ("gamma", "summed over the wrong axis", lambda x, y, h, dy: (dy * h).sum(1)),
        ("beta", "summed over the wrong axis", lambda x, y, h, dy: dy.sum(1)),
        ("beta", "normalised values in dbeta", lambda x, y, h, dy: (dy * h).sum(0)),
    ],
)
def test_slips_of_the_parameters_are_foreseen(role, mistake, slip):
    case = case_of(BATCH, TRAIN, ROWS)
    normal = pieces(case)[2]
    assert predicts(BATCH, case, mistake, slip(case.arrays["x"], case.y, normal, case.dy), role)


def test_slips_of_the_test_mode_are_foreseen():
    case = case_of(BATCH, TEST, ROWS)
    _, root, normal, d, _ = pieces(case)
    assert predicts(BATCH, case, "batch terms in test mode", (d - d.mean(0) - normal * (d * normal).mean(0)) / root)
    running = case.arrays["running_var"]
    assert predicts(BATCH, case, "gamma left out of dx", case.dy / np.sqrt(running + EPS))
    assert predicts(BATCH, case, "divided by the variance", d / (running + EPS))


def rows_of(images):
    return images.transpose(0, 2, 3, 1).reshape(-1, images.shape[1])


def test_channels_in_the_wrong_order_are_named():
    config = SPATIAL.configs()[0]
    arrays = draw_arrays(SPATIAL, config, FIRST)
    x = arrays["x"]
    for rows, mistake in ((x.reshape(-1, 2), "channels not moved last"), (rows_of(x), "channels not moved back")):
        mean, variance = moments(rows)
        y = affine((rows - mean) / np.sqrt(variance + EPS), arrays).reshape(x.shape)
        assert next(SPATIAL.recognise(y, arrays, config, FIRST)).mistake == mistake


def test_channels_in_the_wrong_order_are_foreseen_in_dx():
    case = case_of(SPATIAL, SPATIAL.configs()[0], FIRST)
    x, gamma = rows_of(case.arrays["x"]), case.arrays["gamma"]
    N, C, H, W = case.dy.shape

    def backward(dy):
        mean, variance = moments(x)
        root = np.sqrt(variance + EPS)
        d, normal = dy * gamma, (x - mean) / root
        return (d - d.mean(0) - normal * (d * normal).mean(0)) / root

    right = backward(rows_of(case.dy))
    assert predicts(SPATIAL, case, "channels not moved back", right.reshape(case.dy.shape))
    wrong = backward(case.dy.reshape(-1, C)).reshape(N, H, W, C).transpose(0, 3, 1, 2)
    assert predicts(SPATIAL, case, "channels not moved last", wrong)
