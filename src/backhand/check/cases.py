"""The tables of the checks of ops and layers, a row for each; `networks` has those of networks. A new op needs a row.

The row of an op lists cases. A case names the arrays to differentiate, in the order of `forward`: each by its shape,
for standard normal values, or by a function that draws it. Options that are functions are drawn in the same way.
"""

from dataclasses import replace
from typing import Any

from backhand import layers as nn
from backhand.arrays import Shape
from backhand.check.inputs import (
    Case,
    Sampler,
    class_labels,
    constant_column,
    constant_sample,
    dropout_mask,
    elementwise,
    extreme_values,
    normal,
    normal_around,
    probabilities,
    running_statistics,
    sample_weights,
    small_integers,
    soft_labels,
)
from backhand.layers import Layer


def _linear(N: int, I: int, O: int, *S: int) -> Case:
    return Case({"x": (*S, N, I), "w": (*S, I, O), "b": (*S, O)})


def _batchnorm(x: tuple[int, ...] | Sampler, C: int, **options: Any) -> Case:
    return Case({"x": x, "gamma": (C,), "beta": (C,)}, options)


def _layer_norm(N: int, *sample: int, **options: Any) -> Case:
    return Case({"x": (N, *sample), "gamma": sample, "beta": sample}, options)


def _group_norm(x: tuple[int, ...] | Sampler, C: int, groups: int, **options: Any) -> Case:
    return Case({"x": x, "gamma": (C,), "beta": (C,)}, {"groups": groups} | options)


def _conv(x: tuple[int, ...], w: tuple[int, ...], *, bias: bool = True, **options: Any) -> Case:
    return Case({"x": x, "w": w} | ({"b": w[-1:]} if bias else {}), options)


def _pool(**options: Any) -> list[Case]:
    """Cases with windows side by side, overlapping, with gaps, oblong, padded, and as large as the whole image."""
    return [
        Case({"x": (2, 4, 6, 3)}, options),
        Case({"x": (1, 5, 7, 2)}, options),  # no window covers the last row and column
        Case({"x": (2, 5, 4, 2)}, {"window": 3, "stride": 1} | options),
        Case({"x": (2, 6, 5, 1)}, {"window": (3, 2), "stride": (2, 3), "padding": (1, 0)} | options),
        Case({"x": (1, 7, 7, 2)}, {"window": 2, "stride": 3} | options),
        Case({"x": (2, 5, 5, 2)}, {"window": 2, "padding": "same"} | options),
        Case({"x": (2, 4, 4, 2)}, {"window": 3, "stride": 2, "padding": ((0, 1), (1, 2))} | options),
        Case({"x": (3, 3, 2, 2)}, {"window": (3, 2)} | options),
        Case({"x": (1, 1, 1, 1)}, {"window": 1} | options),
    ]


def _images() -> list[Case]:
    """Cases of whole images: several, a single pixel, and a single row of pixels."""
    return [Case({"x": shape}) for shape in [(2, 3, 4, 5), (1, 1, 1, 1), (3, 1, 6, 2)]]


def _scores(N: int, K: int, **options: Any) -> list[Case]:
    """Cases with ordinary scores, with scores near 1e4, and with scores near ±1e4."""
    draws: list[Shape | Sampler] = [(N, K), normal_around(N, K, mean=1e4), extreme_values(N, K)]
    return [Case({"scores": draw}, {"labels": class_labels(N, K)} | options) for draw in draws]


def _regression(**options: Any) -> list[Case]:
    """Cases with one target and several, targets without a column of their own, weights, and targets far from 0."""
    shapes = [((5, 3), (5, 3)), ((4, 1), (4, 1)), ((4, 1), (4,)), ((1, 2), (1, 2))]
    cases = [Case({"scores": scores}, {"targets": normal(*targets)} | options) for scores, targets in shapes]
    weighted = Case({"scores": (5, 2)}, {"targets": normal(5, 2), "weights": sample_weights(5)} | options)
    far = Case({"scores": (5, 2)}, {"targets": normal_around(5, 2, mean=100.0)} | options, limit=1e-8)
    return [*cases, weighted, far]


OPS: dict[str, list[Case]] = {
    "linear": [
        _linear(4, 3, 5),
        _linear(1, 3, 5),
        _linear(4, 3, 3),
        _linear(3, 3, 3),
        _linear(1, 1, 1),
        _linear(6, 8, 2),
        _linear(4, 3, 5, 2),
        _linear(1, 2, 2, 3),
    ],
    "conv2d": [
        _conv((2, 5, 6, 3), (3, 3, 3, 4)),
        _conv((1, 4, 5, 2), (3, 2, 2, 3), bias=False),
        _conv((2, 4, 4, 3), (1, 1, 3, 5)),
        _conv((2, 5, 5, 2), (1, 1, 2, 3), stride=2),
        _conv((2, 5, 6, 2), (3, 3, 2, 3), padding="same"),
        _conv((2, 6, 5, 2), (3, 4, 2, 3), padding="same", stride=2),
        _conv((2, 6, 7, 2), (3, 2, 2, 2), stride=(2, 3), padding=(1, 2)),
        _conv((1, 4, 5, 2), (2, 3, 2, 3), padding=((0, 2), (1, 0))),
        _conv((2, 7, 6, 2), (3, 2, 2, 3), dilation=(2, 3), padding=1),
        _conv((2, 5, 5, 4), (3, 3, 2, 6), groups=2, padding=1),
        _conv((2, 4, 5, 3), (3, 3, 1, 3), groups=3, padding=1, stride=2),  # depth-wise
        _conv((1, 4, 4, 2), (2, 2, 1, 6), groups=2, bias=False),  # depth-wise, three kernels per channel
        _conv((2, 3, 4, 2), (3, 4, 2, 5)),  # one window, as large as the image
        _conv((1, 1, 1, 1), (1, 1, 1, 1)),
    ],
    "max_pool2d": _pool(),
    "avg_pool2d": [*_pool(), *_pool(count_padding=False)],
    "global_avg_pool2d": _images(),
    "global_max_pool2d": _images(),
    "add": [Case({"a": shape, "b": shape}) for shape in [(4, 3), (1, 2, 3, 4), (2, 3, 2, 1)]],
    "concatenate": [
        Case({"a": (2, 3), "b": (2, 4)}),
        Case({"a": (1, 2, 3, 1), "b": (1, 2, 3, 4), "c": (1, 2, 3, 2)}),
        Case({"a": (3, 5)}),
    ],
    "relu": elementwise(),
    "leaky_relu": [*elementwise(), *elementwise(slope=0.3), *elementwise(slope=0.0)],
    "elu": [*elementwise(), *elementwise(alpha=0.3)],
    "silu": elementwise(),
    "gelu": elementwise(),
    "sigmoid": elementwise(),
    "tanh": elementwise(),
    "scale": [*elementwise(factor=0.125), *elementwise(factor=-3.0)],
    "flatten": [Case({"x": shape}) for shape in [(4, 3), (1, 3), (2, 3, 4, 2), (3, 1, 1, 1), (1, 4, 3, 2)]],
    "dropout": [
        Case({"x": shape}, {"p": p, "mask": mask, "mode": mode})
        for p in (0.0, 0.2, 0.5, 0.8)
        for mode in ("inverted", "classic")
        for shape, mask in [
            ((5, 6), dropout_mask(5, 6, p=p)),
            ((2, 3, 4, 2), dropout_mask(2, 3, 4, 2, p=p)),
            ((1, 6), None),
        ]
    ]
    + [Case({"x": (5, 6)}, {"p": p, "key": 7, "mode": mode}) for p in (0.2, 0.5) for mode in ("inverted", "classic")],
    "batchnorm": [
        _batchnorm((5, 3), 3),
        _batchnorm((1, 3), 3),
        _batchnorm((2, 3), 3),
        _batchnorm((5, 3), 3, eps=1e-3),
        _batchnorm((7, 1), 1),
        _batchnorm((2, 3, 4, 2), 2),
        _batchnorm((1, 3, 2, 4), 4),
        # Subtracting the mean costs two digits of float64.
        replace(_batchnorm(normal_around(6, 3, mean=100.0), 3), limit=1e-8),
        _batchnorm(constant_column(6, 3), 3),
        _batchnorm((5, 3), 3, running=running_statistics(3)),
        _batchnorm((1, 3), 3, running=running_statistics(3), eps=1e-3),
        _batchnorm((2, 3, 4, 2), 2, running=running_statistics(2)),
    ],
    "layer_norm": [
        _layer_norm(5, 3),
        _layer_norm(1, 6),
        _layer_norm(4, 4),
        _layer_norm(5, 4, eps=1e-3),
        _layer_norm(4, 2, eps=0.1),
        _layer_norm(3, 1),
        _layer_norm(2, 3, 4, 2),
        _layer_norm(1, 2, 2, 3),
        _layer_norm(3, 1, 4, 1),
        # Subtracting the mean costs two digits of float64.
        Case({"x": normal_around(4, 6, mean=100.0), "gamma": (6,), "beta": (6,)}, limit=1e-8),
        Case({"x": constant_sample(4, 6), "gamma": (6,), "beta": (6,)}),
    ],
    "group_norm": [
        _group_norm((2, 3, 4, 4), 4, 2),
        _group_norm((2, 2, 3, 6), 6, 3),
        _group_norm((1, 3, 2, 6), 6, 2, eps=1e-3),
        _group_norm((3, 2, 2, 3), 3, 1),
        _group_norm((2, 3, 2, 3), 3, 3),  # instance normalisation
        _group_norm((4, 4, 4, 4), 4, 2),
        _group_norm((2, 1, 3, 1), 1, 1),
        _group_norm((5, 6), 6, 2),
        _group_norm((1, 4), 4, 1),
        _group_norm((4, 3), 3, 3),  # one value in each group
        replace(_group_norm(normal_around(2, 3, 2, 4, mean=100.0), 4, 2), limit=1e-8),
        _group_norm(constant_sample(3, 2, 2, 4), 4, 2),
    ],
    "softmax_cross_entropy": [
        case
        for smoothing in (0.0, 0.1)
        for N, K in [(5, 4), (1, 3), (4, 4), (3, 2)]
        for case in _scores(N, K, smoothing=smoothing)
    ]
    + [
        case
        for options in (
            {"labels": soft_labels(5, 4)},
            {"weights": sample_weights(5)},
            {"labels": soft_labels(5, 4), "weights": sample_weights(5), "smoothing": 0.1},
        )
        for case in _scores(5, 4, **options)
    ],
    "hinge": [
        *(case for N, K in [(5, 4), (1, 3), (4, 4), (3, 2)] for case in _scores(N, K)),
        *_scores(5, 4, weights=sample_weights(5)),
        Case({"scores": small_integers(6, 4)}, {"labels": class_labels(6, 4)}),
    ],
    "logistic": [
        Case({"logits": draw}, {"labels": drawn})
        for drawn in (class_labels(5, 2), probabilities(5))
        for draw in ((5,), (5, 1), normal_around(5, mean=1e4), extreme_values(5, 1))
    ]
    + [Case({"logits": (5, 1)}, {"labels": probabilities(5), "weights": sample_weights(5)})]
    + [Case({"logits": (1, 1)}, {"labels": class_labels(1, 2)})],
    "binary_hinge": [
        *(
            Case({"scores": draw}, {"labels": class_labels(6, 2)})
            for draw in ((6,), (6, 1), extreme_values(6, 1), small_integers(6))
        ),
        Case({"scores": (6, 1)}, {"labels": class_labels(6, 2), "weights": sample_weights(6)}),
        Case({"scores": (1, 1)}, {"labels": class_labels(1, 2)}),
    ],
    "squared_error": _regression(),
    "absolute_error": [*_regression(), Case({"scores": small_integers(6, 2)}, {"targets": small_integers(6, 2)})],
    "huber": [
        *(case for delta in (1.0, 0.3) for case in _regression(delta=delta)),
        Case({"scores": small_integers(6, 2)}, {"targets": small_integers(6, 2)}),
    ],
    "l2": [
        Case({"w": shape}, {"strength": strength, "form": form})
        for form in ("half", "whole")
        for strength in (1.0, 1e-4)
        for shape in [(3, 4), (5,), (2, 3, 2, 4)]
    ]
    + [Case({"w": (3, 4)}, {"strength": 0.0})],
}

# Each layer with the shape of its samples and the batch size. The tests fail for a name that is not in `LAYERS`.
LAYER_CASES: dict[str, list[tuple[Layer, Shape, int]]] = {
    "linear": [(nn.Linear(5), (3,), 4), (nn.Linear(3, init="glorot"), (3,), 3), (nn.Linear(1, init=0.1), (4,), 1)],
    "conv2d": [
        (nn.Conv2d(4, 3), (5, 6, 3), 2),
        (nn.Conv2d(3, (2, 3), stride=2, padding="same", bias=False), (5, 4, 2), 1),
        (nn.Conv2d(4, 3, padding=((1, 0), (2, 1)), dilation=2, groups=2), (6, 7, 2), 2),
        (nn.Conv2d(6, 3, padding=1, groups=3, init="glorot"), (4, 4, 3), 2),
    ],
    "max_pool2d": [(nn.MaxPool2d(), (4, 6, 2), 2), (nn.MaxPool2d(3, 2, padding=1), (5, 5, 3), 1)],
    "avg_pool2d": [
        (nn.AvgPool2d(), (4, 6, 2), 2),
        (nn.AvgPool2d((3, 2), 2, "same", count_padding=False), (5, 5, 3), 1),
    ],
    "global_avg_pool2d": [(nn.GlobalAvgPool2d(), (3, 4, 5), 2), (nn.GlobalAvgPool2d(), (1, 1, 2), 1)],
    "global_max_pool2d": [(nn.GlobalMaxPool2d(), (3, 4, 5), 2), (nn.GlobalMaxPool2d(), (1, 1, 2), 1)],
    "residual": [
        (nn.Residual([nn.Linear(5), nn.Tanh(), nn.Linear(4)]), (4,), 3),
        (
            nn.Residual([nn.Conv2d(4, 3, padding=1), nn.BatchNorm(), nn.Tanh()], [nn.Conv2d(4, 1, bias=False)]),
            (3, 4, 2),
            2,
        ),
        (nn.Residual([nn.Residual([nn.Linear(3)]), nn.Dropout(0.3)], [nn.Sigmoid()]), (3,), 1),
    ],
    "concatenate": [
        (nn.Concatenate([[nn.Conv2d(3, 1)], [nn.Conv2d(2, 3, padding=1), nn.Tanh()], []]), (3, 4, 2), 2),
        (nn.Concatenate([[nn.Linear(3), nn.Dropout(0.5)], [nn.Linear(2)]]), (4,), 1),
    ],
    "relu": [(nn.ReLU(), (6,), 4), (nn.ReLU(), (3, 4, 2), 1)],
    "leaky_relu": [(nn.LeakyReLU(), (6,), 4), (nn.LeakyReLU(0.3), (3, 4, 2), 1)],
    "elu": [(nn.ELU(), (6,), 4), (nn.ELU(0.3), (3, 4, 2), 1)],
    "silu": [(nn.SiLU(), (6,), 4), (nn.SiLU(), (3, 4, 2), 1)],
    "gelu": [(nn.GELU(), (6,), 4), (nn.GELU(), (3, 4, 2), 1)],
    "sigmoid": [(nn.Sigmoid(), (6,), 4), (nn.Sigmoid(), (3, 4, 2), 1)],
    "tanh": [(nn.Tanh(), (6,), 4), (nn.Tanh(), (3, 4, 2), 1)],
    "scale": [(nn.Scale(0.125), (6,), 4), (nn.Scale(-3.0), (3, 4, 2), 1)],
    "dropout": [(nn.Dropout(p, mode), (20,), 3) for p in (0.2, 0.5, 0.8) for mode in ("inverted", "classic")],
    "batchnorm": [
        *((nn.BatchNorm(), (3,), 5), (nn.BatchNorm(), (4,), 1)),
        (nn.BatchNorm(momentum=0.5, eps=1e-3), (3, 4, 2), 2),
    ],
    "layer_norm": [
        *((nn.LayerNorm(), (5,), 4), (nn.LayerNorm(eps=1e-3), (6,), 1)),
        (nn.LayerNorm(gamma=0.5), (3, 4, 2), 2),
    ],
    "group_norm": [
        (nn.GroupNorm(2), (3, 2, 4), 2),
        (nn.GroupNorm(3, eps=1e-3), (2, 2, 3), 1),
        (nn.GroupNorm(2, gamma=0.5), (6,), 4),
    ],
    "flatten": [(nn.Flatten(), (3, 4, 2), 3), (nn.Flatten(), (5,), 1)],
}
