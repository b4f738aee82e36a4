"""Losses against PyTorch, in every form of labels, and passes written wrong on purpose."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from backhand.check.kinds.kind import Case, agree
from backhand.check.kinds.table import kind_named
from tests.check.kinds.cases import case_of, draw_arrays, predicts

NAMES = ["softmax_cross_entropy", "cross_entropy", "nll", "binary_cross_entropy", "logistic", "mean_squared_error",
         "mean_absolute_error", "huber", "hinge"]  # fmt: skip
RIGHT = {
    "softmax_cross_entropy": functional.cross_entropy,
    "cross_entropy": lambda x, t, reduction: functional.nll_loss(x.log(), t, reduction=reduction),
    "nll": functional.nll_loss,
    "hinge": lambda x, t, reduction: functional.multi_margin_loss(x, t, reduction=reduction) * x.shape[1],
    "binary_cross_entropy": functional.binary_cross_entropy,
    "logistic": functional.binary_cross_entropy_with_logits,
    "mean_squared_error": functional.mse_loss,
    "mean_absolute_error": functional.l1_loss,
    "huber": functional.huber_loss,
}
OF_CLASSES = {"softmax_cross_entropy", "cross_entropy", "nll", "hinge"}


def canonical(arrays, layout, name):
    """Rows of x, and labels as PyTorch takes them: classes, or values of the shape of x."""
    x, labels = arrays["x"], arrays["labels"]
    if layout["samples"] == "columns":
        x = x.T
    if layout["samples"] == "one":
        x = x[None]
    if name not in OF_CLASSES:
        labels = (labels + 1) / 2 if layout["labels"] == "signs" else labels.astype(float)
        return x, labels.T.reshape(x.shape) if layout["samples"] == "columns" else labels.reshape(x.shape)
    if layout["labels"] == "one-hot":
        labels = labels.argmax(0 if layout["samples"] == "columns" else -1)
    return x, np.reshape(labels, -1).astype(int)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients_are_those_of_pytorch(name, reduction):
    kind = kind_named(name)
    for layout in kind.layouts():
        for config in kind.configs():
            if config.draw == "extreme":
                continue
            arrays = draw_arrays(kind, config, layout)
            x, labels = (torch.tensor(array.copy()) for array in canonical(arrays, layout, name))
            y = RIGHT[name](x.requires_grad_(), labels, reduction=reduction)
            match = next(kind.recognise(y.detach().numpy(), arrays, config, layout))
            assert not match.mistake, (config.name, layout)
            slipped = -torch.autograd.grad(y, x)[0].numpy()
            turned = slipped.T if layout["samples"] == "columns" else slipped.reshape(arrays["x"].shape)
            y = y.detach().numpy()
            case = Case(config, arrays, y, np.ones(y.shape), {}, {}, {**layout, **match.convention})
            assert predicts(kind, case, "sign", turned), (config.name, layout)


def softmax(x):
    e = np.exp(x)
    return e / e.sum(1, keepdims=True)


def picked(values, labels):
    return values[np.arange(len(values)), labels]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FORWARD = [
    ("softmax_cross_entropy", "", lambda x, t: -np.mean(np.log(picked(softmax(x), t) + 1e-7))),
    ("softmax_cross_entropy", "", lambda x, t: -np.log(picked(softmax(x), t))),
    ("softmax_cross_entropy", "labels off by one", lambda x, t: -np.mean(np.log(picked(softmax(x), t - 1)))),
    (
        "softmax_cross_entropy",
        "softmax over the whole batch",
        lambda x, t: -np.mean(np.log(picked(np.exp(x) / np.exp(x).sum(), t))),
    ),
    (
        "softmax_cross_entropy",
        "softmax over the samples",
        lambda x, t: -np.mean(np.log(picked(np.exp(x) / np.exp(x).sum(0), t))),
    ),
    (
        "softmax_cross_entropy",
        "softmax over the whole batch",
        lambda x, t: -np.mean(np.log(picked(np.exp(x - x.max(1)[:, None]) / np.exp(x - x.max(1)[:, None]).sum(), t))),
    ),
    (
        "softmax_cross_entropy",
        "shifted along the wrong axis",
        lambda x, t: -np.mean(np.log(picked(softmax(x - x.max(0)), t))),
    ),
    ("softmax_cross_entropy", "mean over the wrong count", lambda x, t: -np.sum(np.log(picked(softmax(x), t))) / 3),
    ("softmax_cross_entropy", "logarithm left out", lambda x, t: -np.mean(picked(softmax(x), t))),
    ("softmax_cross_entropy", "sign of the loss", lambda x, t: np.mean(np.log(picked(softmax(x), t)))),
    ("softmax_cross_entropy", "not normalised", lambda x, t: -np.mean(picked(x, t))),
    ("cross_entropy", "labels off by one", lambda x, t: -np.mean(np.log(picked(x, t - 1)))),
    ("cross_entropy", "logarithm left out", lambda x, t: -np.mean(picked(x, t))),
    ("nll", "logarithm of a logarithm", lambda x, t: -np.mean(np.log(-picked(x, t)))),
    ("hinge", "right class counted", lambda x, t: np.maximum(0, x - picked(x, t)[:, None] + 1).sum() / len(x)),
    ("hinge", "margin left out", lambda x, t: np.maximum(0, x - picked(x, t)[:, None]).sum() / len(x)),
    ("hinge", "scores swapped", lambda x, t: np.maximum(0, picked(x, t)[:, None] - x + 1).sum() / len(x) - 1),
    (
        "binary_cross_entropy",
        "second term's sign",
        lambda x, t: np.mean(-t * np.log(x) + (1 - t) * np.log(1 - x)),
    ),
    ("binary_cross_entropy", "second term missing", lambda x, t: -np.mean(t * np.log(x))),
    ("binary_cross_entropy", "labels swapped", lambda x, t: -np.mean((1 - t) * np.log(x) + t * np.log(1 - x))),
    ("mean_squared_error", "not squared", lambda x, t: np.mean(x - t)),
    ("mean_squared_error", "sum for difference", lambda x, t: np.mean((x + t) ** 2)),
    ("mean_squared_error", "", lambda x, t: np.sum((x - t) ** 2) / 2 / len(x)),
    ("mean_squared_error", "", lambda x, t: np.mean((x - t) ** 2) / 2),
    ("huber", "1/2 not subtracted", lambda x, t: np.mean(np.where(abs(x - t) < 1, (x - t) ** 2 / 2, abs(x - t)))),
]


@pytest.mark.parametrize(("name", "mistake", "function"), FORWARD)
def test_mistakes_of_the_value_are_named(name, mistake, function):
    kind = kind_named(name)
    config, layout = kind.configs()[0], kind.layouts()[0]
    arrays = draw_arrays(kind, config, layout)
    y = np.asarray(function(arrays["x"], arrays["labels"]))
    assert next(kind.recognise(y, arrays, config, layout)).mistake == mistake


@pytest.mark.parametrize(
    ("name", "mistake", "function"),
    [
        ("softmax_cross_entropy", "overflow", lambda x, t: -np.mean(np.log(picked(softmax(x), t)))),
        ("softmax_cross_entropy", "", lambda x, t: -np.mean(np.log(picked(shifted(x), t) + 1e-12))),
        ("softmax_cross_entropy", "log of 0", lambda x, t: -np.mean(np.log(picked(shifted(x), t)))),
        ("cross_entropy", "log of 0", lambda x, t: -np.mean(np.log(picked(x, t)))),
        ("cross_entropy", "", lambda x, t: -np.mean(np.log(picked(np.clip(x, 1e-12, 1 - 1e-12), t)))),
        ("binary_cross_entropy", "log of 0", lambda x, t: -np.mean(t * np.log(x) + (1 - t) * np.log(1 - x))),
    ],
)
def test_extreme_values_show_what_is_not_finite(name, mistake, function):
    kind = kind_named(name)
    config, layout = next(config for config in kind.configs() if config.draw == "extreme"), kind.layouts()[0]
    arrays = draw_arrays(kind, config, layout)
    with np.errstate(all="ignore"):
        y = np.asarray(function(arrays["x"], arrays["labels"]))
    assert next(kind.recognise(y, arrays, config, layout)).mistake == mistake


def shifted(x):
    return softmax(x - x.max(1, keepdims=True))


def onehot(t, K):
    return np.eye(K)[t]


SLIPS = [
    ("softmax_cross_entropy", "scores for probabilities", lambda x, t: (x - onehot(t, 3)) / 5),
    ("softmax_cross_entropy", "1 not subtracted", lambda x, t: softmax(x) / 5),
    ("softmax_cross_entropy", "1 subtracted everywhere", lambda x, t: (softmax(x) - 1) / 5),
    ("softmax_cross_entropy", "probabilities left out", lambda x, t: -onehot(t, 3) / 5),
    ("softmax_cross_entropy", "gradient by the probabilities", lambda x, t: -onehot(t, 3) / softmax(x) / 5),
    ("softmax_cross_entropy", "1/N missing", lambda x, t: softmax(x) - onehot(t, 3)),
    ("softmax_cross_entropy", "1/N twice", lambda x, t: (softmax(x) - onehot(t, 3)) / 25),
    ("softmax_cross_entropy", "columns counted for samples", lambda x, t: (softmax(x) - onehot(t, 3)) / 3),
    ("softmax_cross_entropy", "divided by the number of columns", lambda x, t: (softmax(x) - onehot(t, 3)) / 15),
    ("softmax_cross_entropy", "sign", lambda x, t: (onehot(t, 3) - softmax(x)) / 5),
    ("softmax_cross_entropy", "labels off by one", lambda x, t: (softmax(x) - onehot((t + 1) % 3, 3)) / 5),
    (
        "softmax_cross_entropy",
        "softmax over the whole batch",
        lambda x, t: (np.exp(x) / np.exp(x).sum() - onehot(t, 3)) / 5,
    ),
    (
        "softmax_cross_entropy",
        "derivative of the logistic function",
        lambda x, t: (softmax(x) - onehot(t, 3)) * softmax(x) * (1 - softmax(x)) / 5,
    ),
    ("cross_entropy", "gradient by the scores", lambda x, t: (x - onehot(t, 3)) / 5),
    ("cross_entropy", "1/x missing", lambda x, t: -onehot(t, 3) / 5),
    ("cross_entropy", "logarithm for its derivative", lambda x, t: -onehot(t, 3) * np.log(x) / 5),
    ("nll", "gradient by the scores", lambda x, t: (np.exp(x) - onehot(t, 3)) / 5),
    ("nll", "gradient by the probabilities", lambda x, t: -onehot(t, 3) / np.exp(x) / 5),
    ("binary_cross_entropy", "second term's sign", lambda x, t: (-t / x - (1 - t) / (1 - x)) / 5),
    ("binary_cross_entropy", "second term missing", lambda x, t: -t / x / 5),
    ("binary_cross_entropy", "gradient by the scores", lambda x, t: (x - t) / 5),
    ("logistic", "logistic function missing", lambda x, t: (x - t) / 5),
    (
        "logistic",
        "gradient by the probabilities",
        lambda x, t: (sigmoid(x) - t) / sigmoid(x) / (1 - sigmoid(x)) / 5,
    ),
    ("logistic", "label left out", lambda x, t: sigmoid(x) / 5),
    ("binary_hinge", "mask left out", lambda x, t: -t / 5),
    ("binary_hinge", "label left out", lambda x, t: -1.0 * (t * x < 1) / 5),
    ("mean_squared_error", "factor 2 missing", lambda x, t: (x - t) / 5),
    ("mean_squared_error", "gradient of the absolute error", lambda x, t: np.sign(x - t) / 5),
    ("mean_squared_error", "label left out", lambda x, t: 2 * x / 5),
    ("mean_squared_error", "1/N twice", lambda x, t: 2 * (x - t) / 25),
    ("mean_absolute_error", "difference for its sign", lambda x, t: (x - t) / 5),
    ("huber", "not limited", lambda x, t: (x - t) / 5),
    ("huber", "sign everywhere", lambda x, t: np.sign(x - t) / 5),
]


@pytest.mark.parametrize(("name", "mistake", "slip"), SLIPS)
def test_slips_of_the_gradient_are_foreseen(name, mistake, slip):
    kind = kind_named(name)
    case = case_of(kind, kind.configs()[0], kind.layouts()[0])
    assert predicts(kind, case, mistake, case.dy * slip(case.arrays["x"], case.arrays["labels"]))


def test_slips_are_foreseen_where_samples_are_columns_and_the_loss_is_a_sum():
    kind = kind_named("softmax_cross_entropy")
    layout = next(layout for layout in kind.layouts() if layout["samples"] == "columns")
    case = case_of(kind, kind.configs()[0], layout, way=1)
    p = softmax(case.arrays["x"].T).T
    assert agree(case.y, np.asarray(-np.log((p * case.arrays["labels"]).sum(0)).sum()))
    wrong = case.dy * (p - case.arrays["labels"]) / 5
    assert predicts(kind, case, "1/N where the loss is a sum", wrong)


def test_a_right_gradient_beside_a_wrong_value_is_told():
    kind = kind_named("binary_cross_entropy")
    config, layout = kind.configs()[0], kind.layouts()[0]
    arrays = draw_arrays(kind, config, layout)
    x, t = arrays["x"], arrays["labels"]
    right = (x - t) / (x * (1 - x)) / 5
    for sign, told in ((1, True), (-1, False)):
        y = np.asarray(np.mean(-t * np.log(x) + sign * (1 - t) * np.log(1 - x)))
        match = next(kind.recognise(y, arrays, config, layout))
        case = Case(config, arrays, y, np.ones(()), {}, {}, {**layout, **match.convention})
        assert predicts(kind, case, "of the right loss", right) == told


def test_a_batch_is_not_taken_for_the_classes_of_one_sample():
    kind = kind_named("softmax_cross_entropy")
    layout = next(layout for layout in kind.layouts() if layout == {"samples": "one", "labels": "one-hot"})
    config = kind.configs()[0]
    arrays = draw_arrays(kind, config, layout)
    p = softmax(arrays["x"][None])[0]
    whole = np.asarray(-np.sum(arrays["labels"] * np.log(p)))
    assert not next(kind.recognise(whole, arrays, config, layout)).mistake
    assert next(kind.recognise(whole / 3, arrays, config, layout)).mistake == "mean over the wrong count"
