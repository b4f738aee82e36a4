"""Every layer as nodes of ONNX, which computes on images with the channels first.

Source: the operators of ONNX, version 17 of the operator set, https://onnx.ai/onnx/operators/.
"""

from collections.abc import Callable, Iterable
from math import sqrt
from typing import Any

import numpy as np

from backhand.errors import ModelError
from backhand.export.onnx.graph import Graph, Value
from backhand.export.refusals import unknown_layer
from backhand.layers import (
    ELU,
    GELU,
    AvgPool2d,
    BatchNorm,
    Chain,
    Concatenate,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    GroupNorm,
    Layer,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
    Scale,
    Sigmoid,
    SiLU,
    Tanh,
)
from backhand.layers.branches import Branches
from backhand.model.sequential import Sequential
from backhand.windows import Windows, pooling_windows


def add_layers(graph: Graph, layers: Iterable[tuple[str, Layer]], value: Value) -> Value:
    """Add named layers one after the other; returns the output of the last.

    Raises ModelError, naming the layer and its op, for one that the export does not know.
    """
    for name, layer in layers:
        graph.scope = name
        add = EXPORTED.get(type(layer))
        if add is None:
            raise unknown_layer(name, layer, "ONNX", "file")
        value = add(graph, layer, value)
    return value


def _linear(graph: Graph, layer: Linear, x: Value) -> Value:
    w, b = graph.weight("weight", layer.params["weight"]), graph.weight("bias", layer.params["bias"])
    return Value(graph.add("Gemm", x.name, w, b), layer.output_shape)


def _conv2d(graph: Graph, layer: Conv2d, x: Value) -> Value:
    x = graph.first(x)
    windows = Windows.over(layer.input_shape[:2], layer.kernel, layer.stride, layer.padding, layer.dilation)
    arrays = [graph.weight("weight", layer.params["weight"].transpose(3, 2, 0, 1))]
    arrays += [graph.weight("bias", layer.params["bias"])] if layer.bias else []
    y = graph.add("Conv", x.name, *arrays, group=layer.groups, dilations=windows.dilation, **_places(windows))
    return x.to(y, layer.output_shape)


def _max_pool2d(graph: Graph, layer: MaxPool2d, x: Value) -> Value:
    x = graph.first(x)
    return x.to(graph.add("MaxPool", x.name, **_places(_pooling(layer))), layer.output_shape)


def _avg_pool2d(graph: Graph, layer: AvgPool2d, x: Value) -> Value:
    x = graph.first(x)
    counted = int(layer.count_padding)
    y = graph.add("AveragePool", x.name, count_include_pad=counted, **_places(_pooling(layer)))
    return x.to(y, layer.output_shape)


def _pooling(layer: MaxPool2d) -> Windows:
    return pooling_windows((1, *layer.input_shape), layer.window, layer.stride, layer.padding)


def _places(windows: Windows) -> dict[str, list[int]]:
    """The attributes that say where windows stand: pads are top, left, bottom, right."""
    (top, bottom), (left, right) = windows.padding
    pads = [top, left, bottom, right]
    return {"kernel_shape": list(windows.window), "strides": list(windows.stride), "pads": pads}


def _global_pool(op: str) -> Callable[[Graph, Layer, Value], Value]:
    """A layer that makes one number of each channel; ONNX keeps the axes of the image, with length 1, until Flatten."""

    def add(graph: Graph, layer: Layer, x: Value) -> Value:
        pooled = graph.add(op, graph.first(x).name)
        return Value(graph.add("Flatten", pooled, axis=1), layer.output_shape)

    return add


def _flatten(graph: Graph, layer: Flatten, x: Value) -> Value:
    if len(x.shape) == 1:
        return x
    return Value(graph.add("Flatten", graph.last(x).name, axis=1), layer.output_shape)


def _batchnorm(graph: Graph, layer: BatchNorm, x: Value) -> Value:
    _refuse_other_samples(graph, layer, x)
    x = graph.first(x)
    arrays = [graph.weight(name, value) for name, value in (layer.params | layer.state).items()]
    return x.to(graph.add("BatchNormalization", x.name, *arrays, epsilon=layer.eps))


def _layer_norm(graph: Graph, layer: LayerNorm, x: Value) -> Value:
    order = (2, 0, 1) if x.channels_first else range(len(x.shape))
    arrays = [graph.weight(name, value.transpose(order)) for name, value in layer.params.items()]
    return x.to(graph.add("LayerNormalization", x.name, *arrays, axis=1, epsilon=layer.eps))


def _group_norm(graph: Graph, layer: GroupNorm, x: Value) -> Value:
    """Instance normalisation of groups as channels, then gamma and beta: version 17 has no node for groups."""
    _refuse_other_samples(graph, layer, x)
    x = graph.first(x)
    C, *pixels = x.shape[-1:] + x.shape[:-1]
    groups = graph.add("Reshape", x.name, graph.constant("groups", np.array([0, layer.groups, -1])))
    one, zero = (graph.weight(name, np.full(layer.groups, value)) for name, value in (("one", 1.0), ("zero", 0.0)))
    n = graph.add("InstanceNormalization", groups, one, zero, epsilon=layer.eps)
    n = graph.add("Reshape", n, graph.constant("shape", np.array([0, C, *pixels])))
    gamma, beta = (graph.weight(name, value.reshape(C, *[1] * len(pixels))) for name, value in layer.params.items())
    return x.to(graph.add("Add", graph.add("Mul", n, gamma), beta))


def _refuse_other_samples(graph: Graph, layer: Layer, x: Value) -> None:
    """Raise ModelError for samples that are neither rows nor images."""
    if len(x.shape) not in (1, 3):
        raise ModelError(f"layer {graph.scope}, {layer}, normalises samples of shape {x.shape}, which ONNX does not")


def _dropout(graph: Graph, layer: Dropout, x: Value) -> Value:
    return _times(graph, 1 - layer.p, x) if layer.mode == "classic" else x


def _scale(graph: Graph, layer: Scale, x: Value) -> Value:
    return _times(graph, layer.factor, x)


def _times(graph: Graph, factor: float, x: Value) -> Value:
    return x.to(graph.add("Mul", x.name, graph.weight("factor", np.array(factor))))


def _leaky_relu(graph: Graph, layer: LeakyReLU, x: Value) -> Value:
    return x.to(graph.add("LeakyRelu", x.name, alpha=float(layer.slope)))


def _elu(graph: Graph, layer: ELU, x: Value) -> Value:
    return x.to(graph.add("Elu", x.name, alpha=float(layer.alpha)))


def _silu(graph: Graph, _: SiLU, x: Value) -> Value:
    return x.to(graph.add("Mul", x.name, graph.add("Sigmoid", x.name)))


def _gelu(graph: Graph, _: GELU, x: Value) -> Value:
    """x Φ(x), with Φ(x) = (1 + erf(x / √2)) / 2; a later opset has it as one node."""
    z = graph.add("Mul", x.name, graph.weight("deviation", np.array(sqrt(0.5))))
    doubled = graph.add("Add", graph.add("Erf", z), graph.weight("one", np.array(1.0)))
    half = graph.add("Mul", x.name, graph.weight("half", np.array(0.5)))
    return x.to(graph.add("Mul", half, doubled))


def _residual(graph: Graph, layer: Residual, x: Value) -> Value:
    body, shortcut = _branches(graph, layer, x)
    return body.to(graph.add("Add", body.name, shortcut.name))


def _concatenate(graph: Graph, layer: Concatenate, x: Value) -> Value:
    first, *others = _branches(graph, layer, x)
    axis = 1 if first.channels_first else -1
    y = graph.add("Concat", first.name, *(branch.name for branch in others), axis=axis)
    return first.to(y, layer.output_shape)


def _branches(graph: Graph, layer: Branches, x: Value) -> list[Value]:
    """The outputs of the branches, in one layout."""
    name, x = graph.scope, graph.first(x)  # once, for all of them
    outputs = []
    for branch, layers in layer.chains().items():
        named = ((f"{name}.{branch}.{i}", inner) for i, inner in enumerate(layers))
        outputs.append(graph.first(add_layers(graph, named, x)))
    graph.scope = name
    return outputs


def _chain(graph: Graph, layer: Chain, x: Value) -> Value:
    return add_layers(graph, list(layer.named(f"{graph.scope}.")), x)


def _plain(op: str) -> Callable[[Graph, Layer, Value], Value]:
    """A layer without arguments that acts on each value by itself."""
    return lambda graph, _, x: x.to(graph.add(op, x.name))


EXPORTED: dict[type[Layer], Callable[[Graph, Any, Value], Value]] = {
    Linear: _linear,
    Conv2d: _conv2d,
    MaxPool2d: _max_pool2d,
    AvgPool2d: _avg_pool2d,
    GlobalAvgPool2d: _global_pool("GlobalAveragePool"),
    GlobalMaxPool2d: _global_pool("GlobalMaxPool"),
    ReLU: _plain("Relu"),
    LeakyReLU: _leaky_relu,
    ELU: _elu,
    SiLU: _silu,
    GELU: _gelu,
    Sigmoid: _plain("Sigmoid"),
    Tanh: _plain("Tanh"),
    Scale: _scale,
    Dropout: _dropout,
    BatchNorm: _batchnorm,
    LayerNorm: _layer_norm,
    GroupNorm: _group_norm,
    Flatten: _flatten,
    Residual: _residual,
    Concatenate: _concatenate,
    Chain: _chain,
    Sequential: _chain,
}
