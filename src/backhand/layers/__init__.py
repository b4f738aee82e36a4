"""Layers: an op, its parameters, their gradients, and state such as running statistics.

N is the number of samples in a batch. Images are (N, H, W, C): rows, columns, channels; features are (N, I).
"""

from backhand.layers.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from backhand.layers.base import Layer
from backhand.layers.batchnorm import BatchNorm
from backhand.layers.branches import Concatenate, Residual
from backhand.layers.chain import Chain
from backhand.layers.conv2d import Conv2d
from backhand.layers.dropout import Dropout
from backhand.layers.flatten import Flatten
from backhand.layers.linear import Linear
from backhand.layers.normalisation import GroupNorm, LayerNorm
from backhand.layers.pooling import AvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from backhand.layers.scale import Scale
from backhand.plugins import Table

_OWN: dict[str, type[Layer]] = {
    "linear": Linear,
    "conv2d": Conv2d,
    "max_pool2d": MaxPool2d,
    "avg_pool2d": AvgPool2d,
    "global_avg_pool2d": GlobalAvgPool2d,
    "global_max_pool2d": GlobalMaxPool2d,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "elu": ELU,
    "silu": SiLU,
    "gelu": GELU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "scale": Scale,
    "dropout": Dropout,
    "batchnorm": BatchNorm,
    "layer_norm": LayerNorm,
    "group_norm": GroupNorm,
    "flatten": Flatten,
    "residual": Residual,
    "concatenate": Concatenate,
}


def is_layer_class(_name: str, value: object) -> bool:
    """Whether the value is a class of layers, as plugins have to name one."""
    return isinstance(value, type) and issubclass(value, Layer) and hasattr(value, "op_name")


LAYERS: Table[type[Layer]] = Table(
    _OWN, "backhand.layers", "layer", wanted="a subclass of backhand.Layer with an op_name", fits=is_layer_class
)

__all__ = [
    "ELU",
    "GELU",
    "LAYERS",
    "AvgPool2d",
    "BatchNorm",
    "Chain",
    "Concatenate",
    "Conv2d",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "GroupNorm",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Residual",
    "Scale",
    "SiLU",
    "Sigmoid",
    "Tanh",
]
