"""A model is layers in order, over one flat buffer of parameters and one of gradients."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape
from backhand.errors import CheckpointError, ModelError
from backhand.layers import Layer


class Parameters:
    """Every parameter of a model as a view of `values`, every gradient as the same view of `grads`; both (P,).

    `penalised` lists, per weight that decay and the L2 penalty act on, its slice of the flat buffers.
    """

    def __init__(self, layers: tuple[Layer, ...], dtype: DTypeLike) -> None:
        size = sum(value.size for layer in layers for value in layer.params.values())
        self.values, self.grads = np.zeros(size, dtype), np.zeros(size, dtype)
        self.views: dict[str, tuple[Array, Array]] = {}
        self.penalised: list[slice] = []
        start = 0
        for i, layer in enumerate(layers):
            for name, initial in layer.params.items():
                part = slice(start, start + initial.size)
                value, gradient = (flat[part].reshape(initial.shape) for flat in (self.values, self.grads))
                value[...] = initial
                layer.params[name], layer.grads[name] = self.views[f"{i}.{name}"] = value, gradient
                if name in layer.penalised:
                    self.penalised.append(part)
                start = part.stop

    def items(self) -> Iterator[tuple[str, Array, Array]]:
        """(name, value, gradient) of each parameter, in layer order; names such as `0.weight`."""
        for name, (value, gradient) in self.views.items():
            yield name, value, gradient


class Sequential:
    """Layers applied one after the other. `build` sizes them for samples of a shape before the first forward."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers
        self.input_shape: Shape = ()
        self.output_shape: Shape = ()
        self.parameters = Parameters((), np.float32)

    def build(self, sample_shape: Shape, *, seed: int = 0, dtype: DTypeLike = np.float32) -> Self:
        """Allocate and initialise every layer for samples of this shape (no batch axis).

        The same seed gives the same weights always; each layer draws from a stream of its own, so that inserting one
        does not move the others' beyond their place. Raises ModelError naming the layer that does not fit.
        """
        self.input_shape = shape = tuple(sample_shape)
        for i, layer in enumerate(self.layers):
            if layer in self.layers[:i]:  # its cache and its gradients would serve two places
                raise ModelError(f"layer {i}, {layer}, is also layer {self.layers.index(layer)}; make a second one")
            try:
                shape = layer.build(shape, np.random.default_rng([seed, i]), dtype)
            except ValueError as error:
                raise ModelError(f"layer {i}, {layer}: {error}") from error
        self.output_shape = shape
        self.parameters = Parameters(self.layers, dtype)
        return self

    def forward(self, x: Array, *, train: bool = False, rng: np.random.Generator | None = None) -> Array:
        """x (N, *input_shape) -> scores (N, *output_shape). Raises ModelError for other samples, or before `build`."""
        if x.shape[1:] != self.input_shape:
            built = f"takes samples of shape {self.input_shape}" if self.output_shape else "must be built first"
            raise ModelError(f"the model {built}; it was given an array of shape {x.shape}")
        for layer in self.layers:
            x = layer.forward(x, train=train, rng=rng)
        return x

    def backward(self, dy: Array, *, need_dx: bool = False) -> Array | None:
        """Fills the gradients of the latest forward. dx of the input is returned only when asked for.

        Without need_dx the walk ends at the first layer that has parameters: nothing below it learns.
        """
        first = 0 if need_dx else next((i for i, layer in enumerate(self.layers) if layer.params), len(self.layers))
        upstream: Array | None = dy
        for i in range(len(self.layers) - 1, first - 1, -1):
            assert upstream is not None
            upstream = self.layers[i].backward(upstream, need_dx=need_dx or i > first)
        return upstream if need_dx else None

    def arrays(self) -> dict[str, Array]:
        """What a saved model consists of: every parameter and every layer's state, by name (views, not copies)."""
        state = {f"{i}.{name}": value for i, layer in enumerate(self.layers) for name, value in layer.state.items()}
        return {name: value for name, value, _ in self.parameters.items()} | state

    def snapshot(self) -> dict[str, Array]:
        """A copy of `arrays()`."""
        return {name: value.copy() for name, value in self.arrays().items()}

    def load(self, saved: Mapping[str, Array]) -> None:
        """Take over saved arrays. Raises CheckpointError, having changed nothing, unless names and shapes agree."""
        own = self.arrays()
        wrong = sorted(own.keys() ^ saved.keys()) or [n for n in own if own[n].shape != saved[n].shape]
        if wrong:
            name = wrong[0]
            here, there = (a[name].shape if name in a else "absent" for a in (own, saved))
            raise CheckpointError(f"the saved weights are of another model: {name} is {there} there and {here} here")
        for name, value in own.items():
            value[...] = saved[name]

    def copy(self, dtype: DTypeLike | None = None) -> "Sequential":
        """The same layers with the same weights and state, in a dtype of your choice (float64 for checks)."""
        layers = (dataclasses.replace(layer) for layer in self.layers)
        clone = Sequential(*layers).build(self.input_shape, dtype=dtype or self.parameters.values.dtype)
        clone.load(self.arrays())
        return clone

    def release(self) -> None:
        """Forget every layer's cache."""
        for layer in self.layers:
            layer.release()

    def rows(self) -> list[dict[str, Any]]:
        """One dict a layer: name, layer, output (shape), parameters, multiply_adds (per sample)."""
        return [
            {
                "name": str(i),
                "layer": str(layer),
                "output": list(layer.output_shape),
                "parameters": sum(value.size for value in layer.params.values()),
                "multiply_adds": layer.multiply_adds(),
            }
            for i, layer in enumerate(self.layers)
        ]

    def summary(self) -> str:
        """The layers as a table of text, with totals."""
        rows = self.rows()
        total = {key: sum(row[key] for row in rows) for key in ("parameters", "multiply_adds")}
        lines = [("", "layer", "output", "parameters", "multiply-adds")]
        lines += [(r["name"], r["layer"], _shape(r["output"]), *_counts(r)) for r in rows]
        lines += [("", "total", "", *_counts(total))]
        width = [max(len(line[column]) for line in lines) for column in range(5)]
        texts = ["  ".join(_pad(cell, width[c], c > 2) for c, cell in enumerate(line)).rstrip() for line in lines]
        return "\n".join([texts[0], "-" * (sum(width) + 8), *texts[1:-1], "-" * (sum(width) + 8), texts[-1]])


def _shape(shape: list[int]) -> str:
    return " x ".join(map(str, shape))


def _counts(row: dict[str, Any]) -> tuple[str, str]:
    return f"{row['parameters']:,}", f"{row['multiply_adds']:,}"


def _pad(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)
