"""A model is layers in order, over one flat buffer of parameters and one of gradients."""

from collections.abc import Mapping
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape, axes
from backhand.errors import CheckpointError, ModelError
from backhand.layers import Chain, Layer
from backhand.model.parameters import Parameters


class Sequential(Chain):
    """A model: layers one after the other, y = f_L(... f_2(f_1(x))), from samples x (N, ...) to scores (N, outputs).

    `build` sizes the layers for samples of a shape and must come before the first `forward`. A layer's name is its
    place, such as `3`, or `4.body.0` inside another layer. All parameters lie in one flat array, their gradients in
    another.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__(layers)
        self.parameters = Parameters((), np.float32)

    def build(  # type: ignore[override]  # a layer's returns its output's shape
        self, shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32, *, seed: int = 0
    ) -> Self:
        """Allocate and initialise every layer for samples of this shape; returns the model.

        The same seed gives the same weights always; each layer draws from a stream of its own, so that inserting one
        does not move the others' beyond their place.

        shape: of one sample, without the batch axis.
        rng: instead of a seed, where the model is a layer of another one, which keeps its parameters then.
        dtype: of the parameters and of all that is computed.
        Raises ModelError naming the layer that does not fit.
        """
        if rng is not None:
            super().build(tuple(shape), rng, dtype)
            self.parameters = Parameters((), dtype)
            return self
        self._refuse_twins()
        rngs = (np.random.default_rng([seed, i]) for i in range(len(self.layers)))
        try:
            self.build_layers(tuple(shape), rngs, dtype)
        except ValueError as error:
            raise ModelError(str(error)) from error
        self.parameters = Parameters(self.walk(), dtype)
        return self

    def _refuse_twins(self) -> None:
        """A layer's cache and gradients cannot serve two places."""
        places: dict[Layer, str] = {}
        for name, layer in self.walk():
            if layer in places:
                raise ModelError(f"layer {name}, {layer}, is also layer {places[layer]}; make a second one")
            places[layer] = name

    def freeze(self, *places: str) -> Self:
        """Take layers out of the training: their parameters and state stay, batch normalisation uses its running ones.

        A place is a layer's name (`3`, `4.body.0`; one that holds others stands for all of them) or a range of
        top-level layers as Python slices them: `:4` the first four, `:-1` all but the last.
        Raises ModelError for a place where no layer is, and when nothing would be left to train.
        """
        if not self.output_shape:
            raise ModelError("the model must be built before layers are frozen")
        for place in places:
            for _, layer in self._at(place):
                layer.frozen = True
                layer.params = {name: value.copy() for name, value in layer.params.items()}
        if places and not any(layer.learns for layer in self.layers):
            raise ModelError(f"with {', '.join(places)} frozen nothing is left to train")
        self.parameters = Parameters(self.walk(), self.parameters.values.dtype)
        return self

    @property
    def fewest_samples(self) -> int:
        """How many samples a batch must have for every layer to be trained on it: 2 for batch-norm on features."""
        return max((layer.fewest_samples for _, layer in self.walk()), default=1)

    def check_batch(self, size: int) -> None:
        """Raises ModelError, naming the layer, where batches of so many samples are too small to train it on."""
        if size < 1:
            raise ModelError("there are no samples to train on")
        for name, layer in self.walk():
            if size < layer.fewest_samples:
                raise ModelError(
                    f"layer {name}, {layer}, needs at least {layer.fewest_samples} samples in a training batch, "
                    f"not {size}: of fewer, nothing reaches the layers above it"
                )

    def keep_in(self, values: Array, grads: Array) -> None:
        """Move the trained parameters and their gradients into these arrays, (P,) each, as they are."""
        self.parameters = Parameters(self.walk(), values.dtype, (values, grads))

    def _at(self, place: str) -> list[tuple[str, Layer]]:
        start, colon, stop = place.partition(":")
        try:
            chosen = list(self.named())[slice(int(start or 0), int(stop) if stop else None)] if colon else []
        except ValueError:
            chosen = []
        names = [name for name, _ in chosen] or [place]
        found = [(n, layer) for n, layer in self.walk() if any(n == name or n.startswith(f"{name}.") for name in names)]
        if not found:
            raise ModelError(
                f'there is no layer "{place}" among the {len(self.layers)} layers, 0 to {len(self.layers) - 1}'
            )
        return found

    def forward(self, x: Array, *, train: bool = False, rng: np.random.Generator | None = None) -> Array:
        """x (N, *input_shape) -> scores (N, *output_shape). Raises ModelError for other samples, or before `build`."""
        return super().forward(self._accepted(x), train=train, rng=rng)

    def predict(self, x: Array) -> Array:
        """The scores at inference; nothing is kept for a backward pass, so that large batches need little memory."""
        return self._through(self._accepted(x), train=False, rng=None, keep=False)

    def _accepted(self, x: Array) -> Array:
        """x in the model's own dtype, its values side by side."""
        if x.shape[1:] != self.input_shape:
            built = f"takes samples of shape {self.input_shape}" if self.output_shape else "must be built first"
            raise ModelError(
                f"the model {built}; it was given an array of shape {x.shape}{axes.hint(x.shape, self.input_shape)}"
            )
        return np.ascontiguousarray(x, self.parameters.values.dtype)

    def backward(self, dy: Array, *, need_dx: bool = False) -> Array | None:
        """Fills the gradients of the latest forward. dx of the input is returned only when asked for."""
        return super().backward(dy, need_dx=need_dx)

    def arrays(self) -> dict[str, Array]:
        """What a saved model consists of: every parameter and every layer's state, by name (no copies)."""
        found = {f"{place}.{name}": value for place, layer in self.walk() for name, value in layer.params.items()}
        return found | {f"{place}.{name}": value for place, layer in self.walk() for name, value in layer.state.items()}

    def snapshot(self) -> dict[str, Array]:
        """A copy of `arrays()`."""
        return {name: value.copy() for name, value in self.arrays().items()}

    def load(self, saved: Mapping[str, Array]) -> None:
        """Take over saved arrays. Raises CheckpointError, having changed nothing, unless names and shapes agree."""
        own = self.arrays()
        self.refuse_another(saved)
        for name, value in own.items():
            value[...] = saved[name]

    def refuse_another(self, saved: Mapping[str, Array]) -> None:
        """Raises CheckpointError, naming the first layer that differs, unless these are arrays of such a model."""
        own = self.arrays()
        layers = dict(self.walk())
        for name in [*own, *sorted(saved.keys() - own.keys())]:
            here, there = (a[name].shape if name in a else "absent" for a in (own, saved))
            if here != there:
                layer = layers.get(name.rpartition(".")[0])
                of = f" of {layer}" if layer else ""
                raise CheckpointError(
                    f"the saved weights are of another model: {name}{of} is {there} there and {here} here"
                )

    def copy(self, dtype: DTypeLike | None = None) -> "Sequential":
        """The same layers with the same weights and state, in a dtype of your choice (float64 for checks)."""
        clone = self.fresh()
        if not self.output_shape:
            return clone
        clone.build(self.input_shape, dtype=dtype or self.parameters.values.dtype)
        clone.load(self.arrays())
        frozen = [name for name, layer in self.walk() if layer.frozen]
        return clone.freeze(*frozen) if frozen else clone

    def fresh(self) -> Self:
        """The same layers, not built."""
        return type(self)(*(layer.fresh() for layer in self.layers))

    def rows(self) -> list[dict[str, Any]]:
        """One dict a top-level layer: name, layer, output (shape), parameters, trained, multiply_adds (per sample).

        trained: how many of the parameters are not frozen.
        """
        return [
            {
                "name": name,
                "layer": str(layer),
                "output": list(layer.output_shape),
                "parameters": sum(_size(each) for _, each in layer.walk()),
                "trained": sum(_size(each) for _, each in layer.walk() if not each.frozen),
                "multiply_adds": layer.multiply_adds(),
            }
            for name, layer in self.named()
        ]

    def work(self) -> int:
        """Multiply-adds of one sample's forward pass, and the values that go in and come out of every layer.

        Raises ModelError for a model that is not built.
        """
        if not self.output_shape:
            raise ModelError("the model must be built before it is trained")
        layers = sum(layer.multiply_adds() + prod(layer.output_shape) for layer in self.layers)
        return prod(self.input_shape) + layers

    def summary(self) -> str:
        """The layers as a table of text, with totals; where some are frozen, how many parameters are trained."""
        rows = self.rows()
        some_frozen = any(row["trained"] < row["parameters"] for row in rows)
        keys = ["parameters", *["trained"] * some_frozen, "multiply_adds"]
        lines = [["", "layer", "output", *(key.replace("_", "-") for key in keys)]]
        lines += [[r["name"], r["layer"], _shape(r["output"]), *(f"{r[key]:,}" for key in keys)] for r in rows]
        lines += [["", "total", "", *(f"{sum(row[key] for row in rows):,}" for key in keys)]]
        width = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = ["  ".join(_pad(cell, width[c], c > 2) for c, cell in enumerate(line)).rstrip() for line in lines]
        rule = "-" * (sum(width) + 2 * len(width) - 2)
        return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1]])


def _shape(shape: list[int]) -> str:
    return " x ".join(map(str, shape))


def _size(layer: Layer) -> int:
    return sum(value.size for value in layer.params.values())


def _pad(cell: str, width: int, right: bool) -> str:
    return cell.rjust(width) if right else cell.ljust(width)
