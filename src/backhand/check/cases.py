"""The one table of what is checked: a row per op, layer and network. A new op is a new row here.

An op's row lists cases. Each names the arrays to differentiate, in the order of `forward`, by their shapes (standard
normal values) or by a function that draws them; and the options, drawn likewise where they are functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.layers import BatchNorm, Dropout, Flatten, Layer, LeakyReLU, Linear, ReLU, Sigmoid, Tanh
from backhand.losses import L2, Loss, loss
from backhand.model import Sequential
from backhand.models import mlp

Draw = Callable[[np.random.Generator], Any]
SMOOTH = 1e-9  # the limit wherever no kink crowds the steps


@dataclass(frozen=True)
class Case:
    """One configuration of an op."""

    arrays: Mapping[str, Shape | Draw]
    options: Mapping[str, Any] = field(default_factory=dict)
    limit: float = SMOOTH

    def draw(self, rng: np.random.Generator) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and options of this case, in float64."""
        arrays = {name: v(rng) if callable(v) else rng.standard_normal(v) for name, v in self.arrays.items()}
        return arrays, {name: v(rng) if callable(v) else v for name, v in self.options.items()}


@dataclass(frozen=True)
class Network:
    """A whole network with its loss and penalty, on a batch of random samples."""

    model: Sequential
    loss: Loss
    shape: Shape
    batch: int = 5
    penalty: L2 | None = None

    def draw(self, rng: np.random.Generator) -> tuple[Sequential, Array, Array]:
        """The model, built in float64 for scores that its loss can take; samples; labels."""
        model = self.model.build(self.shape, seed=int(rng.integers(2**31)), dtype=np.float64)
        model.parameters.values += 0.1 * rng.standard_normal(model.parameters.values.shape)  # biases away from 0
        classes = max(2, model.output_shape[0])
        return model, rng.standard_normal((self.batch, *self.shape)), rng.integers(0, classes, self.batch)


def near(*shape: int, mean: float) -> Draw:
    """Normal values around a mean far from 0."""
    return lambda rng: mean + rng.standard_normal(shape)


def whole(*shape: int) -> Draw:
    """Small whole numbers: ties, and points exactly on the kinks."""
    return lambda rng: rng.integers(-2, 3, shape).astype(np.float64)


def extreme(*shape: int) -> Draw:
    """Values near ±1e4, where a careless exponential overflows."""
    return lambda rng: rng.choice([-1e4, 1e4], shape) + rng.standard_normal(shape)


def constant_column(*shape: int) -> Draw:
    """Normal values, but the first channel the same everywhere: its variance is 0."""

    def draw(rng: np.random.Generator) -> Array:
        x = rng.standard_normal(shape)
        x[..., 0] = 0.7
        return x

    return draw


def labels(N: int, K: int) -> Draw:
    """N labels of K classes."""
    return lambda rng: rng.integers(0, K, N)


def targets(N: int) -> Draw:
    """N probabilities."""
    return lambda rng: rng.random(N)


def kept(*shape: int, p: float) -> Draw:
    """A dropout mask: True with probability 1 - p."""
    return lambda rng: rng.random(shape) >= p


def running(C: int) -> Draw:
    """Running statistics (mean, variance) of C channels."""
    return lambda rng: (rng.standard_normal(C), rng.uniform(0.2, 3, C))


def _elementwise(**options: Any) -> list[Case]:
    """Rows, images, a single value, extreme values, points exactly on a kink."""
    draws: list[Shape | Draw] = [(4, 3), (2, 3, 4, 2), (1, 1), (7,), extreme(4, 3), whole(4, 5)]
    return [Case({"x": draw}, options) for draw in draws]


def _linear(N: int, I: int, O: int) -> Case:
    return Case({"x": (N, I), "w": (I, O), "b": (O,)})


def _batchnorm(x: tuple[int, ...] | Draw, C: int, **options: Any) -> Case:
    return Case({"x": x, "gamma": (C,), "beta": (C,)}, options)


def _scores(N: int, K: int, **options: Any) -> list[Case]:
    """Ordinary scores, all of them near 1e4, and at ±1e4."""
    draws: list[Shape | Draw] = [(N, K), near(N, K, mean=1e4), extreme(N, K)]
    return [Case({"scores": draw}, {"labels": labels(N, K)} | options) for draw in draws]


OPS: dict[str, list[Case]] = {
    "linear": [
        _linear(4, 3, 5),
        _linear(1, 3, 5),
        _linear(4, 3, 3),
        _linear(3, 3, 3),
        _linear(1, 1, 1),
        _linear(6, 8, 2),
    ],
    "relu": _elementwise(),
    "leaky_relu": [*_elementwise(), *_elementwise(slope=0.3), *_elementwise(slope=0.0)],
    "sigmoid": _elementwise(),
    "tanh": _elementwise(),
    "flatten": [Case({"x": shape}) for shape in [(4, 3), (1, 3), (2, 3, 4, 2), (3, 1, 1, 1), (1, 4, 3, 2)]],
    "dropout": [
        Case({"x": shape}, {"p": p, "mask": mask, "mode": mode})
        for p in (0.0, 0.2, 0.5, 0.8)
        for mode in ("inverted", "classic")
        for shape, mask in [((5, 6), kept(5, 6, p=p)), ((2, 3, 4, 2), kept(2, 3, 4, 2, p=p)), ((1, 6), None)]
    ],
    "batchnorm": [
        _batchnorm((5, 3), 3),
        _batchnorm((1, 3), 3),
        _batchnorm((2, 3), 3),
        _batchnorm((5, 3), 3, eps=1e-3),
        _batchnorm((7, 1), 1),
        _batchnorm((2, 3, 4, 2), 2),
        _batchnorm((1, 3, 2, 4), 4),
        replace(_batchnorm(near(6, 3, mean=100.0), 3), limit=1e-8),  # the mean costs float64 two digits
        _batchnorm(constant_column(6, 3), 3),
        _batchnorm((5, 3), 3, running=running(3)),
        _batchnorm((1, 3), 3, running=running(3), eps=1e-3),
        _batchnorm((2, 3, 4, 2), 2, running=running(2)),
    ],
    "softmax_cross_entropy": [
        case
        for smoothing in (0.0, 0.1)
        for N, K in [(5, 4), (1, 3), (4, 4), (3, 2)]
        for case in _scores(N, K, smoothing=smoothing)
    ],
    "hinge": [
        *(case for N, K in [(5, 4), (1, 3), (4, 4), (3, 2)] for case in _scores(N, K)),
        Case({"scores": whole(6, 4)}, {"labels": labels(6, 4)}),
    ],
    "logistic": [
        Case({"logits": draw}, {"labels": drawn})
        for drawn in (labels(5, 2), targets(5))
        for draw in ((5,), (5, 1), near(5, mean=1e4), extreme(5, 1))
    ]
    + [Case({"logits": (1, 1)}, {"labels": labels(1, 2)})],
    "binary_hinge": [
        *(Case({"scores": draw}, {"labels": labels(6, 2)}) for draw in ((6,), (6, 1), extreme(6, 1), whole(6))),
        Case({"scores": (1, 1)}, {"labels": labels(1, 2)}),
    ],
    "l2": [
        Case({"w": shape}, {"strength": strength, "form": form})
        for form in ("half", "whole")
        for strength in (1.0, 1e-4)
        for shape in [(3, 4), (5,), (2, 3, 2, 4)]
    ]
    + [Case({"w": (3, 4)}, {"strength": 0.0})],
}

# Each layer with the shapes of the samples it is checked on; layers whose name here is not in `LAYERS` fail the tests.
LAYER_CASES: dict[str, list[tuple[Layer, Shape, int]]] = {
    "linear": [(Linear(5), (3,), 4), (Linear(3, init="glorot"), (3,), 3), (Linear(1, init=0.1), (4,), 1)],
    "relu": [(ReLU(), (6,), 4), (ReLU(), (3, 4, 2), 1)],
    "leaky_relu": [(LeakyReLU(), (6,), 4), (LeakyReLU(0.3), (3, 4, 2), 1)],
    "sigmoid": [(Sigmoid(), (6,), 4), (Sigmoid(), (3, 4, 2), 1)],
    "tanh": [(Tanh(), (6,), 4), (Tanh(), (3, 4, 2), 1)],
    "dropout": [(Dropout(p, mode), (20,), 3) for p in (0.2, 0.5, 0.8) for mode in ("inverted", "classic")],
    "batchnorm": [(BatchNorm(), (3,), 5), (BatchNorm(momentum=0.5, eps=1e-3), (3, 4, 2), 2), (BatchNorm(), (4,), 1)],
    "flatten": [(Flatten(), (3, 4, 2), 3), (Flatten(), (5,), 1)],
}

NETWORKS: dict[str, list[Network]] = {
    "mlp relu softmax l2": [
        Network(mlp(4, (8, 6)), loss("softmax_cross_entropy"), (3, 2), penalty=L2(0.01)),
        Network(mlp(3, (5,)), loss("softmax_cross_entropy", smoothing=0.1), (4,), 1, L2(0.01, "whole")),
    ],
    "mlp batchnorm dropout hinge": [
        Network(mlp(4, (8, 6), batchnorm=True, dropout=0.3), loss("hinge"), (5,), 8, L2(0.1)),
        Network(mlp(3, (6,), activation="leaky_relu", batchnorm=True, dropout=0.5), loss("hinge"), (2, 2), 6),
    ],
    "mlp tanh logistic": [Network(mlp(1, (6, 4), activation="tanh", dropout=0.2), loss("logistic"), (5,), 6)],
    "mlp sigmoid binary_hinge": [Network(mlp(1, (6,), activation="sigmoid"), loss("binary_hinge"), (5,), 6, L2(0.1))],
}
