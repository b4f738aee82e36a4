"""Hand-written passes with one mistake each, most of them seen in real code; the check must refuse every one."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from backhand.backend import op
from backhand.check.inputs import (
    Case,
    class_labels,
    dropout_mask,
    extreme_values,
    normal_around,
    probabilities,
    running_statistics,
    soft_labels,
)

softmax = SimpleNamespace()  # not an op of the library (it lives inside its loss), but where checks fail most


def _softmax_forward(x):
    e = np.exp(x - x.max(1, keepdims=True))
    y = e / e.sum(1, keepdims=True)
    return y, y


softmax.forward = _softmax_forward
softmax.backward = lambda dy, y: (y * (dy - (dy * y).sum(1, keepdims=True)),)


def reference(name):
    return softmax if name == "softmax" else op(name)


CASES = {
    "linear": Case({"x": (3, 3), "w": (3, 3), "b": (3,)}),
    "relu": Case({"x": (4, 5)}),
    "leaky_relu": Case({"x": (4, 5)}, {"slope": 0.1}),
    "sigmoid": Case({"x": (4, 5)}),
    "tanh": Case({"x": (4, 5)}),
    "scale": Case({"x": (4, 5)}, {"factor": 0.125}),
    "softmax": Case({"x": (4, 5)}),
    "flatten": Case({"x": (2, 3, 4)}),
    "batchnorm": Case({"x": (6, 3), "gamma": (3,), "beta": (3,)}),
    "batchnorm at inference": Case({"x": (6, 3), "gamma": (3,), "beta": (3,)}, {"running": running_statistics(3)}),
    "batchnorm far from 0": Case({"x": normal_around(6, 3, mean=1e4), "gamma": (3,), "beta": (3,)}),
    "dropout": Case({"x": (4, 5)}, {"p": 0.2, "mask": dropout_mask(4, 5, p=0.2)}),
    "dropout at inference": Case({"x": (4, 5)}, {"p": 0.2, "mode": "classic"}),
    "softmax_cross_entropy": Case({"z": (5, 4)}, {"labels": class_labels(5, 4), "smoothing": 0.1}),
    "softmax_cross_entropy at 1e4": Case({"z": extreme_values(5, 4)}, {"labels": class_labels(5, 4)}),
    "softmax_cross_entropy of distributions": Case({"z": (5, 4)}, {"labels": soft_labels(5, 4)}),
    "softmax_cross_entropy weighted": Case(
        {"z": (5, 4)}, {"labels": class_labels(5, 4), "weights": lambda rng: rng.uniform(0.2, 3, 5)}
    ),
    "logistic": Case({"z": (5,)}, {"labels": probabilities(5)}),
    "hinge": Case({"s": (6, 4)}, {"labels": class_labels(6, 4)}),
    "binary_hinge": Case({"s": (12,)}, {"labels": class_labels(12, 2)}),
    "l2": Case({"w": (3, 4)}, {"strength": 0.1, "form": "whole"}),
}


@dataclass(frozen=True)
class Mistake:
    """A case, and the pass that goes wrong in it; the other pass is the reference's."""

    case: str
    backward: Callable | None = None
    forward: Callable | None = None

    @property
    def twin(self):
        return reference(self.case.split()[0])

    def passes(self):
        return self.forward or self.twin.forward, self.backward or self.twin.backward


def scaled(name, factor):
    """The first gradient times a factor."""

    def backward(dy, cache):
        dx, *others = reference(name).backward(dy, cache)
        return (dx * factor, *others)

    return backward


def batchnorm_without(*, mean=True, variance=True, ddof=0):
    def backward(dy, cache):
        M = len(dy) - ddof
        dgamma, dbeta = (dy * cache.n).sum(0), dy.sum(0)
        return cache.gamma * cache.r * (dy - mean * dbeta / M - variance * cache.n * dgamma / M), dgamma, dbeta

    return backward


def overwrites_its_cache(dy, cache):
    gradients = op("batchnorm").backward(dy, cache)
    cache.n[...] *= dy
    return gradients


def changes_dy(dy, positive):
    dy[~positive] = 0
    return (dy,)


def changes_x(x):
    positive = x > 0
    np.maximum(x, 0, out=x)
    return x, positive


def shifts_logits_in_place(z, labels, smoothing):
    z -= z.max(1, keepdims=True)
    return op("softmax_cross_entropy").forward(z, labels, smoothing=smoothing)


def sorts_labels_in_place(s, labels):
    labels.sort()
    return op("hinge").forward(s, labels)


def float32_inside(name):
    def forward(x):
        y, cache = op(name).forward(x.astype(np.float32))
        return y.astype(np.float64), cache.astype(np.float64)

    return forward


def divides_by_the_variance(x, gamma, beta, *, running):
    mean, var = running
    n = (x - mean) / (var + 1e-5)
    return gamma * n + beta, op("batchnorm").forward(x, gamma, beta, running=running)[1]


def root_of_the_variance_plus_eps_outside(x, gamma, beta):
    _, cache = op("batchnorm").forward(x, gamma, beta)
    return gamma * (x - cache.mean) / (np.sqrt(cache.var) + 1e-2) + beta, cache


def draws_its_own_mask(x, p, mask):
    return op("dropout").forward(x, p=p, mask=np.random.default_rng().random(x.shape) >= p)


def new_mask(dy, factor):
    return (dy * (np.random.default_rng().random(dy.shape) >= 0.2) / 0.8,)


def labels_off_by_one(dy, cache):
    p, q, _ = cache
    return ((p - np.roll(q, 1, axis=1)) * dy / len(p),)


def likeliest_class_alone(dy, cache):
    p, q, _ = cache
    return ((p - (q == q.max(1, keepdims=True))) * dy / len(p),)


def weights_forgotten(dy, cache):
    p, q, _ = cache
    return ((p - q) * dy / len(p),)


def divided_by_the_sum_of_the_weights(dy, cache):
    p, q, omega = cache
    return (omega[:, None] * (p - q) * dy / omega.sum(),)


def count_not_subtracted(dy, cache):
    return (cache[0] * dy / len(cache[1]),)


def one_subtracted_for_the_count(dy, cache):
    ds = cache[0].copy()
    ds[np.arange(len(ds)), cache[1]] = -1
    return (ds * dy / len(ds),)


def one_wrong_element(dy, cache):
    dx, dw, db = op("linear").backward(dy, cache)
    dw[2, 1] *= 1 + 1e-6
    return dx, dw, db


def not_a_number(dy, positive):
    dx = dy * positive
    dx[0, 0] = np.nan
    return (dx,)


def single_precision(dy, cache):
    return tuple(gradient.astype(np.float32) for gradient in op("linear").backward(dy, cache))


MISTAKES = {
    "linear: w for its transpose": Mistake("linear", lambda dy, c: (dy @ c[1], c[0].T @ dy, dy.sum(0))),
    "linear: x and dy swapped": Mistake("linear", lambda dy, c: (dy @ c[1].T, dy.T @ c[0], dy.sum(0))),
    "linear: db not summed": Mistake("linear", lambda dy, c: (dy @ c[1].T, c[0].T @ dy, dy)),
    "linear: db kept as (1, O)": Mistake("linear", lambda dy, c: (dy @ c[1].T, c[0].T @ dy, dy.sum(0, keepdims=True))),
    "linear: db averaged": Mistake("linear", lambda dy, c: (dy @ c[1].T, c[0].T @ dy, dy.mean(0))),
    "linear: db summed over the wrong axis": Mistake("linear", lambda dy, c: (dy @ c[1].T, c[0].T @ dy, dy.sum(1))),
    "linear: dw over N": Mistake("linear", lambda dy, c: (dy @ c[1].T, c[0].T @ dy / len(dy), dy.sum(0))),
    "linear: dx forgotten": Mistake("linear", lambda dy, c: (np.zeros_like(c[0]), c[0].T @ dy, dy.sum(0))),
    "linear: dx left out": Mistake("linear", lambda dy, c: (None, c[0].T @ dy, dy.sum(0))),
    "linear: one gradient too few": Mistake("linear", lambda dy, c: (dy @ c[1].T, c[0].T @ dy)),
    "linear: upstream ignored": Mistake("linear", lambda dy, c: tuple(op("linear").backward(np.ones_like(dy), c))),
    "linear: one element off by 1e-6": Mistake("linear", one_wrong_element),
    "linear: gradients in float32": Mistake("linear", single_precision),
    "relu: mask on dy": Mistake("relu", lambda dy, _: (dy * (dy > 0),)),
    "relu: derivative left out": Mistake("relu", lambda dy, _: (dy,)),
    "relu: dy changed in place": Mistake("relu", changes_dy),
    "relu: x changed in forward": Mistake("relu", forward=changes_x),
    "relu: float32 inside": Mistake("relu", forward=float32_inside("relu")),
    "relu: a gradient that is not a number": Mistake("relu", not_a_number),
    "leaky_relu: slope forgotten": Mistake("leaky_relu", lambda dy, c: (dy * (c == 1),)),
    "sigmoid: derivative at y": Mistake(
        "sigmoid", lambda dy, y: op("sigmoid").backward(dy, op("sigmoid").forward(y)[0])
    ),
    "sigmoid: y for 1 - y": Mistake("sigmoid", lambda dy, y: (dy * y * y,)),
    "sigmoid: float32 inside": Mistake("sigmoid", forward=float32_inside("sigmoid")),
    "tanh: square forgotten": Mistake("tanh", lambda dy, y: (dy * (1 - y),)),
    "scale: factor forgotten": Mistake("scale", lambda dy, _: (dy.copy(),)),
    "softmax: zero": Mistake("softmax", lambda dy, y: (np.zeros_like(dy),)),
    "softmax: diagonal only": Mistake("softmax", lambda dy, y: (dy * y * (1 - y),)),
    "flatten: another memory order": Mistake("flatten", lambda dy, shape: (dy.reshape(shape, order="F"),)),
    "batchnorm: dx zero": Mistake("batchnorm", scaled("batchnorm", 0)),
    "batchnorm: dx times 7": Mistake("batchnorm", scaled("batchnorm", 7)),
    "batchnorm: mean term missing": Mistake("batchnorm", batchnorm_without(mean=False)),
    "batchnorm: variance term missing": Mistake("batchnorm", batchnorm_without(variance=False)),
    "batchnorm: M - 1 for M": Mistake("batchnorm", batchnorm_without(ddof=1)),
    "batchnorm: cache overwritten in backward": Mistake("batchnorm", overwrites_its_cache),
    "batchnorm: sums without an axis": Mistake(
        "batchnorm", lambda dy, c: (op("batchnorm").backward(dy, c)[0], (dy * c.n).sum(), dy.sum())
    ),
    "batchnorm: eps outside the root": Mistake("batchnorm", forward=root_of_the_variance_plus_eps_outside),
    "batchnorm at inference: divides by the variance": Mistake(
        "batchnorm at inference", forward=divides_by_the_variance
    ),
    "batchnorm at inference: terms of training": Mistake("batchnorm at inference", batchnorm_without()),
    "batchnorm far from 0: variance term missing": Mistake("batchnorm far from 0", batchnorm_without(variance=False)),
    "dropout: backward divides by p": Mistake("dropout", lambda dy, factor: (dy * (factor > 0) / 0.2,)),
    "dropout: backward does not scale": Mistake("dropout", lambda dy, factor: (dy * (factor > 0),)),
    "dropout: new mask in backward": Mistake("dropout", new_mask),
    "dropout: draws its own mask": Mistake("dropout", forward=draws_its_own_mask),
    "dropout at inference: not scaled": Mistake("dropout at inference", lambda dy, factor: (dy,)),
    "softmax_cross_entropy: 1/N missing": Mistake("softmax_cross_entropy", scaled("softmax_cross_entropy", 5)),
    "softmax_cross_entropy: 1/N twice": Mistake("softmax_cross_entropy", scaled("softmax_cross_entropy", 1 / 5)),
    "softmax_cross_entropy: y - p": Mistake("softmax_cross_entropy", scaled("softmax_cross_entropy", -1)),
    "softmax_cross_entropy: labels off by one": Mistake("softmax_cross_entropy", labels_off_by_one),
    "softmax_cross_entropy: smoothing forgotten": Mistake("softmax_cross_entropy", likeliest_class_alone),
    "softmax_cross_entropy: upstream ignored": Mistake(
        "softmax_cross_entropy", lambda dy, c: op("softmax_cross_entropy").backward(1.0, c)
    ),
    "softmax_cross_entropy: logits shifted in place": Mistake("softmax_cross_entropy", forward=shifts_logits_in_place),
    "softmax_cross_entropy at 1e4: twice": Mistake("softmax_cross_entropy at 1e4", scaled("softmax_cross_entropy", 2)),
    "softmax_cross_entropy of distributions: the likeliest class alone": Mistake(
        "softmax_cross_entropy of distributions", likeliest_class_alone
    ),
    "softmax_cross_entropy weighted: weights forgotten": Mistake("softmax_cross_entropy weighted", weights_forgotten),
    "softmax_cross_entropy weighted: over their sum": Mistake(
        "softmax_cross_entropy weighted", divided_by_the_sum_of_the_weights
    ),
    "logistic: times p (1 - p)": Mistake("logistic", lambda dy, c: ((c[0] - c[1]) * c[0] * (1 - c[0]) * dy / 5,)),
    "logistic: sum for mean": Mistake("logistic", scaled("logistic", 5)),
    "hinge: count not subtracted": Mistake("hinge", count_not_subtracted),
    "hinge: 1 subtracted for the count": Mistake("hinge", one_subtracted_for_the_count),
    "hinge: labels changed in place": Mistake("hinge", forward=sorts_labels_in_place),
    "binary_hinge: labels 0 and 1 for -1 and 1": Mistake("binary_hinge", lambda dy, c: (np.minimum(c, 0) * dy,)),
    "l2: factor 2 missing": Mistake("l2", scaled("l2", 0.5)),
    "l2: strength forgotten": Mistake("l2", scaled("l2", 10)),
}

# Under an upstream of ones these pass, every one of them.
PASS_WITH_ONES = [
    "linear: upstream ignored",
    "softmax: zero",
    "batchnorm: dx zero",
    "batchnorm: dx times 7",
    "batchnorm: variance term missing",
    "softmax_cross_entropy: upstream ignored",
]
