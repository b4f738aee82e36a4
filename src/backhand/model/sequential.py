"""The model: layers one after the other, over one flat buffer of parameters and one of gradients."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from backhand.arrays import Array, Shape, axes
from backhand.errors import CheckpointError, ModelError
from backhand.files.paths import PathLike
from backhand.layers import Chain, Layer
from backhand.model import overview
from backhand.model.parameters import Parameters


class Sequential(Chain):
    """A model: layers one after the other, y = f_L(... f_2(f_1(x))), from samples x (N, ...) to scores (N, outputs).

    `build` sizes the layers for samples of a shape and must come before the first `forward`. A layer's name is its
    index, such as `3`, or `4.body.0` inside another layer. All parameters lie in one flat array, their gradients in
    another.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__(layers)
        self.parameters = Parameters((), np.float32)

    def build(  # type: ignore[override]  # a layer's returns its output's shape
        self, shape: Shape, rng: np.random.Generator | None = None, dtype: DTypeLike = np.float32, *, seed: int = 0
    ) -> Self:
        """Allocate and initialise every layer for samples of this shape; returns the model.

        Equal seeds give equal weights. Each layer draws from a stream of its own, which depends on the seed and on its
        index alone.

        shape: of one sample, without the batch axis.
        rng: instead of a seed, where the model is a layer of another one, which keeps its parameters then.
        dtype: of the parameters and of all that is computed.
        Raises ModelError naming the layer that does not fit, and for a shape with an axis of no size.
        """
        if rng is not None:
            super().build(tuple(shape), rng, dtype)
            self.parameters = Parameters((), dtype)
            return self
        self._refuse_repeated_layers()
        if not all(size > 0 for size in shape):
            raise ModelError(f"every axis of a sample must have a size of 1 or more, and its shape is {tuple(shape)}")
        rngs = (np.random.default_rng([seed, i]) for i in range(len(self.layers)))
        try:
            self.build_layers(tuple(shape), rngs, dtype)
        except ValueError as error:
            raise ModelError(str(error)) from error
        self.parameters = Parameters(self.walk(), dtype)
        return self

    def _refuse_repeated_layers(self) -> None:
        """Raise ModelError for a layer that occurs twice, since it has only one cache and one set of gradients."""
        names: dict[Layer, str] = {}
        for name, layer in self.walk():
            if layer in names:
                raise ModelError(
                    f"layer {name}, {layer}, is the same object as layer {names[layer]}; create a second one"
                )
            names[layer] = name

    def unfreeze(self, *names: str) -> Self:
        """Train layers again that were frozen; the names are those of `freeze`. Raises ModelError as `freeze` does."""
        if not self.output_shape:
            raise ModelError("the model must be built before layers are unfrozen")
        for name in names:
            for layer in self.layers_named(name):
                layer.frozen = False
        self.parameters = Parameters(self.walk(), self.parameters.values.dtype)
        return self

    def freeze(self, *names: str) -> Self:
        """Exclude layers from training: their parameters and state stay, and they run as at inference.

        names: of layers (`3`, `4.body.0`; with a layer all those inside it are frozen), or ranges of top-level layers
        as Python slices them (`:4` the first four, `:-1` all but the last).
        Raises ModelError for an unknown layer, before `build`, and when nothing would be left to train.
        """
        if not self.output_shape:
            raise ModelError("the model must be built before layers are frozen")
        for name in names:
            for layer in self.layers_named(name):
                layer.frozen = True
                layer.params = {key: value.copy() for key, value in layer.params.items()}
        if names and not any(layer.trainable for layer in self.layers):
            raise ModelError(f"with {', '.join(names)} frozen, nothing is left to train; freeze fewer layers")
        self.parameters = Parameters(self.walk(), self.parameters.values.dtype)
        return self

    def check_batch(self, size: int) -> None:
        """Raise ModelError, with the layer, where batches of this size are too small to train it."""
        if size < 1:
            raise ModelError("there are no samples to train on")
        for name, layer in self.walk():
            if size < layer.min_batch_size:
                raise ModelError(
                    f"layer {name}, {layer}, needs at least {layer.min_batch_size} samples in a training batch, "
                    f"not {size}, which have no variance to normalise by"
                )

    def move_parameters(self, values: Array, grads: Array) -> None:
        """Move the trained parameters and their gradients into these arrays, (P,) each; their values stay the same."""
        self.parameters = Parameters(self.walk(), values.dtype, (values, grads))

    def layers_named(self, name: str) -> list[Layer]:
        """The layers of this name or range of indices, and those inside them. Raises ModelError where there is none."""
        start, colon, stop = name.partition(":")
        try:
            in_range = list(self.named())[slice(int(start or 0), int(stop) if stop else None)] if colon else []
        except ValueError:
            in_range = []
        roots = [root for root, _ in in_range] or [name]
        layers = [layer for n, layer in self.walk() if any(n == root or n.startswith(f"{root}.") for root in roots)]
        if not layers:
            raise ModelError(f'there is no layer "{name}"; the layers are 0 to {len(self.layers) - 1}')
        return layers

    def forward(self, x: Array, *, train: bool = False, rng: np.random.Generator | None = None) -> Array:
        """x (N, *input_shape) -> scores (N, *output_shape). Raises ModelError for other samples, and before `build`."""
        return super().forward(self._checked(x), train=train, rng=rng)

    def predict(self, x: Array) -> Array:
        """x (N, *input_shape) -> scores (N, *output_shape) at inference, without caches, which saves memory.

        Raises ModelError for other samples, and before `build`.
        """
        return self._run(self._checked(x), train=False, rng=None, keep=False)

    def _checked(self, x: Array) -> Array:
        """x as a contiguous array of the model's dtype. Raises ModelError for samples of another shape."""
        if not self.output_shape:
            raise ModelError("the model must be built before it is used; call model.build with the shape of a sample")
        if x.shape[1:] != self.input_shape:
            raise ModelError(
                f"the model needs samples of shape {self.input_shape}, not an array of shape {x.shape}"
                f"{axes.hint(x.shape, self.input_shape)}"
            )
        return np.ascontiguousarray(x, self.parameters.values.dtype)

    def backward(
        self, dy: Array, *, need_dx: bool = False, after: Callable[[Layer], None] | None = None
    ) -> Array | None:
        """dy (N, *output_shape): fills the gradients of all parameters. Returns dx only where need_dx is True.

        after: as `Chain.backward` takes it.
        """
        return super().backward(dy, need_dx=need_dx, after=after)

    def arrays(self) -> dict[str, Array]:
        """The parameters and states of all layers by name, not copied: what a saved model consists of."""
        layers = list(self.walk())
        parameters = {f"{name}.{key}": value for name, layer in layers for key, value in layer.params.items()}
        return parameters | {f"{name}.{key}": value for name, layer in layers for key, value in layer.state.items()}

    def snapshot(self) -> dict[str, Array]:
        """Copies of the parameters and states, by name."""
        return {name: value.copy() for name, value in self.arrays().items()}

    def save(self, path: PathLike) -> None:
        """Write the model to one file, whole or not at all; `backhand.load_model` gives it back, bit for bit.

        Raises ModelError before `build`, and naming a layer that a file cannot name; BackhandError where the file
        cannot be written.
        """
        from backhand.model.saved import save

        save(self, path)

    def load(self, saved: Mapping[str, Array]) -> None:
        """Take over saved arrays, by name. Raises CheckpointError, without a change, unless names and shapes agree."""
        arrays = self.arrays()
        self._refuse_other_arrays(saved)
        for name, value in arrays.items():
            value[...] = saved[name]

    def _refuse_other_arrays(self, saved: Mapping[str, Array]) -> None:
        """Raise CheckpointError, with the first difference, unless saved arrays have the model's names and shapes."""
        arrays, layers = self.arrays(), dict(self.walk())
        for name in [*arrays, *sorted(saved.keys() - arrays.keys())]:
            shape, saved_shape = (a[name].shape if name in a else "absent" for a in (arrays, saved))
            if shape != saved_shape:
                layer = layers.get(name.rpartition(".")[0])
                of_layer = f" of {layer}" if layer else ""
                raise CheckpointError(
                    f"the saved weights are of another model: {name}{of_layer} is {saved_shape} there and {shape} here"
                )

    def copy(self, dtype: DTypeLike | None = None) -> "Sequential":
        """A model of its own with the same layers, weights and state; in another dtype, such as float64, if given."""
        clone = self.fresh()
        if not self.output_shape:
            return clone
        clone.build(self.input_shape, dtype=dtype or self.parameters.values.dtype)
        clone.load(self.arrays())
        frozen = [name for name, layer in self.walk() if layer.frozen]
        return clone.freeze(*frozen) if frozen else clone

    def fresh(self) -> Self:
        """A new model of new layers with the same arguments, not built."""
        return type(self)(*(layer.fresh() for layer in self.layers))

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary per top-level layer: name, layer, output (its shape), parameters, trained, multiply_adds.

        trained: the number of parameters that are not frozen. multiply_adds: of one sample.
        """
        return [
            {
                "name": name,
                "layer": str(layer),
                "output": list(layer.output_shape),
                "parameters": sum(_size(inner) for _, inner in layer.walk()),
                "trained": sum(_size(inner) for _, inner in layer.walk() if not inner.frozen),
                "multiply_adds": layer.multiply_adds(),
            }
            for name, layer in self.named()
        ]

    def work(self) -> int:
        """The work of one sample's forward pass: multiply-adds, plus the values that the layers read and write.

        Raises ModelError for a model that is not built.
        """
        if not self.output_shape:
            raise ModelError("the model must be built before its work is known")
        layers = sum(layer.multiply_adds() + prod(layer.output_shape) for layer in self.layers)
        return prod(self.input_shape) + layers

    def summary(self) -> str:
        """The layers as a table of text, with totals, and with the trained parameters where layers are frozen."""
        return overview.plain(self.rows())

    def _repr_html_(self) -> str:
        """The table of the layers, as a notebook shows the model."""
        rows = self.rows() if self.output_shape else [{"name": name, "layer": str(each)} for name, each in self.named()]
        facts = f"input {overview.shape(self.input_shape)} · {self.parameters.values.dtype}"
        return overview.html(rows, facts if self.output_shape else "not built")


def _size(layer: Layer) -> int:
    return sum(value.size for value in layer.params.values())
