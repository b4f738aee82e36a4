"""Every layer as the Python that makes its module of PyTorch.

PyTorch computes on images with the channels first. `Flatten` puts them last again, so that the weights of a linear
layer keep the order of their inputs.
"""

from collections.abc import Callable, Sequence
from typing import Any

from backhand.errors import ModelError
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
from backhand.model.sequential import Sequential
from backhand.weights.torch_names import module_names
from backhand.windows import Pair, Windows, pooling_windows

Modules = list[tuple[str, str]]  # names of modules, and the expressions that make them
INDENT = "    "


def modules_of(layers: Sequence[Layer], scope: str = "") -> Modules:
    """The modules of a chain's layers. scope: the name of the chain in messages, such as `4.body.`.

    Raises ModelError, naming the layer and its op, for one that the export does not know.
    """
    modules: Modules = []
    for i, (layer, name) in enumerate(zip(layers, module_names(layers), strict=True)):
        make = EXPORTED.get(type(layer))
        if make is None:
            raise unknown_layer(f"{scope}{i}", layer, "PyTorch", "module")
        made = make(layer, f"{scope}{i}")
        padding, module = made if isinstance(made, tuple) else ("", made)
        modules += [(f"{name}_pad", padding)] if padding else []
        modules.append((name, module))
    return modules


def sequence(modules: Modules) -> str:
    """The expression of the modules one after the other; that of an empty chain is the identity."""
    if not modules:
        return "nn.Identity()"
    return _call("sequence", *(f"{name}={module}" for name, module in modules))


def _call(function: str, *arguments: str) -> str:
    """A call with one argument per line, all of them indented."""
    lines = "".join(f"{argument},\n" for argument in arguments).splitlines(keepends=True)
    return f"{function}(\n{''.join(INDENT + line for line in lines)})"


def _linear(layer: Linear, _: str) -> str:
    return f"nn.Linear({layer.input_shape[0]}, {layer.outputs})"


def _conv2d(layer: Conv2d, _: str) -> str | tuple[str, str]:
    windows = Windows.over(layer.input_shape[:2], layer.kernel, layer.stride, layer.padding, layer.dilation)
    even = _symmetric(windows)
    options = _options(
        stride=(windows.stride, (1, 1)),
        padding=(even or (0, 0), (0, 0)),
        dilation=(windows.dilation, (1, 1)),
        groups=(layer.groups, 1),
        bias=(layer.bias, True),
    )
    conv = f"nn.Conv2d({layer.input_shape[2]}, {layer.outputs}, {_short(windows.window)}{options})"
    return conv if even is not None else (_pad(windows, "0.0"), conv)


def _max_pool2d(layer: MaxPool2d, _: str) -> str | tuple[str, str]:
    windows = _pooling(layer)
    even = _half(windows)
    options = _options(stride=(windows.stride, windows.window), padding=(even or (0, 0), (0, 0)))
    pool = f"nn.MaxPool2d({_short(windows.window)}{options})"
    return pool if even is not None else (_pad(windows, 'float("-inf")'), pool)


def _avg_pool2d(layer: AvgPool2d, _: str) -> str | tuple[str, str]:
    windows = _pooling(layer)
    even = _half(windows)
    stride = windows.stride, windows.window
    if even is not None:
        counted = layer.count_padding or even == (0, 0), True
        options = _options(stride=stride, padding=(even, (0, 0)), count_include_pad=counted)
        return f"nn.AvgPool2d({_short(windows.window)}{options})"
    pool = f"nn.AvgPool2d({_short(windows.window)}{_options(stride=stride)})"
    return (_pad(windows, "0.0"), pool) if layer.count_padding else f"MeanOfImage({_pad(windows, '0.0')}, {pool})"


def _pooling(layer: MaxPool2d) -> Windows:
    return pooling_windows((1, *layer.input_shape), layer.window, layer.stride, layer.padding)


def _symmetric(windows: Windows) -> Pair | None:
    """The padding of both sides, (rows, columns), as PyTorch takes it; None where two sides differ."""
    (top, bottom), (left, right) = windows.padding
    return (top, left) if (top, left) == (bottom, right) else None


def _half(windows: Windows) -> Pair | None:
    """The same where it is at most half a window, which is the most that PyTorch pools with; otherwise None."""
    even = _symmetric(windows)
    return even if even and all(2 * p <= k for p, k in zip(even, windows.window, strict=True)) else None


def _pad(windows: Windows, value: str) -> str:
    (top, bottom), (left, right) = windows.padding
    return f"nn.ConstantPad2d(({left}, {right}, {top}, {bottom}), {value})"


def _options(**options: tuple[Any, Any]) -> str:
    """The keyword arguments, each given as its value and its default, that differ from their defaults."""
    given = {name: value for name, (value, default) in options.items() if value != default}
    return "".join(f", {name}={_short(value)}" for name, value in given.items())


def _short(value: Any) -> str:
    """A pair of equal numbers as one."""
    return str(value[0] if isinstance(value, tuple) and value[0] == value[1] else value)


def _batchnorm(layer: BatchNorm, name: str) -> str:
    _refuse_other_samples(layer, name)
    kind = "nn.BatchNorm1d" if len(layer.input_shape) == 1 else "nn.BatchNorm2d"
    options = _options(eps=(layer.eps, 1e-5), momentum=(layer.momentum, 0.1))
    return f"{kind}({layer.input_shape[-1]}{options})"


def _layer_norm(layer: LayerNorm, name: str) -> str:
    _refuse_other_samples(layer, name)
    *pixels, C = layer.input_shape
    return f"nn.LayerNorm({[C, *pixels]}{_options(eps=(layer.eps, 1e-5))})"


def _group_norm(layer: GroupNorm, name: str) -> str:
    _refuse_other_samples(layer, name)
    return f"nn.GroupNorm({layer.groups}, {layer.input_shape[-1]}{_options(eps=(layer.eps, 1e-5))})"


def _refuse_other_samples(layer: Layer, name: str) -> None:
    """Raise ModelError for samples that are neither rows nor images."""
    if len(layer.input_shape) not in (1, 3):
        raise ModelError(
            f"layer {name}, {layer}, normalises samples of shape {layer.input_shape}, which PyTorch does not"
        )


def _dropout(layer: Dropout, _: str) -> str:
    return f"{'nn.Dropout' if layer.mode == 'inverted' else 'ClassicDropout'}({layer.p})"


def _flatten(layer: Flatten, _: str) -> str:
    return "Flatten()" if len(layer.input_shape) == 3 else "nn.Flatten()"


def _residual(layer: Residual, name: str) -> str:
    branches = ((key, sequence(modules_of(inner, f"{name}.{key}."))) for key, inner in layer.chains().items())
    return _call("Residual", *(f"{key}={module}" for key, module in branches))


def _concatenate(layer: Concatenate, name: str) -> str:
    branches = (sequence(modules_of(inner, f"{name}.{key}.")) for key, inner in layer.chains().items())
    return _call("Concatenate", _call("", *branches))


def _chain(layer: Chain, name: str) -> str:
    return sequence(modules_of(layer.layers, f"{name}."))


EXPORTED: dict[type[Layer], Callable[[Any, str], str | tuple[str, str]]] = {
    Linear: _linear,
    Conv2d: _conv2d,
    MaxPool2d: _max_pool2d,
    AvgPool2d: _avg_pool2d,
    GlobalAvgPool2d: lambda _, __: "MeanOverImage()",
    GlobalMaxPool2d: lambda _, __: "MaxOverImage()",
    ReLU: lambda _, __: "nn.ReLU()",
    LeakyReLU: lambda layer, _: f"nn.LeakyReLU({layer.slope})",
    ELU: lambda layer, _: f"nn.ELU({layer.alpha})",
    SiLU: lambda _, __: "nn.SiLU()",
    GELU: lambda _, __: "nn.GELU()",
    Sigmoid: lambda _, __: "nn.Sigmoid()",
    Tanh: lambda _, __: "nn.Tanh()",
    Scale: lambda layer, _: f"Scale({layer.factor})",
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
