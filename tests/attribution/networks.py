"""Small built models with weights and running statistics that are none of the initial ones."""

import numpy as np

from backhand.layers import (
    BatchNorm,
    Concatenate,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Tanh,
)
from backhand.model.sequential import Sequential

IMAGE = (8, 6, 2)


def built(*layers, shape=IMAGE, dtype=np.float64):
    """The model with random parameters and running statistics."""
    model, rng = Sequential(*layers).build(shape, dtype=dtype), np.random.default_rng(1)
    for name, value in model.arrays().items():
        value[...] = rng.uniform(0.5, 1.5, value.shape) if "var" in name else rng.normal(0, 0.4, value.shape)
    return model


def convolutional(dtype=np.float64):
    return built(
        *(Conv2d(4, 3, padding=1), BatchNorm(), ReLU(), MaxPool2d(2), Conv2d(5, 3, padding=1), ReLU()),
        *(Flatten(), Dropout(0.5), Linear(7), Tanh(), Linear(3)),
        dtype=dtype,
    )


def residual(dtype=np.float64):
    body = Conv2d(4, 3, padding=1), BatchNorm(), ReLU(), Conv2d(4, 3, padding=1)
    return built(Conv2d(4, 3), Residual(body), ReLU(), GlobalAvgPool2d(), Linear(3), dtype=dtype)


def branched(dtype=np.float64):
    branches = [Conv2d(2, 1), Tanh()], [Conv2d(3, 3, padding=1), ReLU()]
    return built(Conv2d(3, 3), Concatenate(branches), MaxPool2d(2), Flatten(), Linear(3), dtype=dtype)


def perceptron(dtype=np.float64):
    return built(Linear(6), Tanh(), Linear(3), shape=(5,), dtype=dtype)


NETWORKS = {"convolutional": convolutional, "residual": residual, "branched": branched, "perceptron": perceptron}


def samples(model, count=5):
    return np.random.default_rng(2).normal(size=(count, *model.input_shape))
