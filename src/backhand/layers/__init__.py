"""Layers: an op, its parameters, its gradients, and state such as running statistics."""

from backhand.layers.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from backhand.layers.base import Layer
from backhand.layers.batchnorm import BatchNorm
from backhand.layers.dropout import Dropout
from backhand.layers.flatten import Flatten
from backhand.layers.linear import Linear

LAYERS: dict[str, type[Layer]] = {
    "linear": Linear,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "dropout": Dropout,
    "batchnorm": BatchNorm,
    "flatten": Flatten,
}

__all__ = ["LAYERS", "BatchNorm", "Dropout", "Flatten", "Layer", "LeakyReLU", "Linear", "ReLU", "Sigmoid", "Tanh"]
