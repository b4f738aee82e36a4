"""A stack of models of one shape, which run on the same batch together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.arrays.memory import aligned_zeros
from backhand.errors import ModelError
from backhand.layers import Chain, Flatten, Layer
from backhand.model.sequential import Sequential


@dataclass(eq=False)
class PerModel(Layer):
    """One layer of each of S models, run one after the other: on entry s of x (S, N, ...), or all on one x (N, ...).

    rngs: the generators from which the layers draw in training.
    """

    layers: Sequence[Layer]
    rngs: Sequence[np.random.Generator]

    def forward(self, x: Array, *, train: bool = False, **_: object) -> Array:
        """x (S, N, ...) or (N, ...) -> y (S, N, ...)."""
        shared = x.ndim == len(self.layers[0].input_shape) + 1
        entries = [x] * len(self.layers) if shared else x
        return np.stack(
            [
                layer.forward(entry, train=train and not layer.frozen, rng=rng)
                for layer, entry, rng in zip(self.layers, entries, self.rngs, strict=True)
            ]
        )

    def backward(self, dy: Array, *, need_dx: bool = True) -> Array | None:
        """dy (S, N, ...) -> dx (S, N, ...)."""
        results = [layer.backward(entry, need_dx=need_dx) for layer, entry in zip(self.layers, dy, strict=True)]
        return np.stack([dx for dx in results if dx is not None]) if need_dx else None

    def release(self) -> None:
        """Free the memory of what the layers cached."""
        for layer in self.layers:
            layer.release()

    @property
    def trainable(self) -> bool:
        """Whether any of the layers is trainable."""
        return any(layer.trainable for layer in self.layers)


class Stack(Chain):
    """S models on one batch x (N, ...): entry s of the scores (S, N, outputs) is the output of model s.

    Their parameters and gradients become the rows of two arrays (S, P). Each stays a model of its own, which can be
    evaluated, updated and saved. A layer whose op takes one more axis in front runs once for all models; `Linear` is
    then a product of stacked matrices. Other layers run model by model.
    rngs: the generator from which each model draws in training. Raises ModelError for models that differ in layers,
    shapes or dtype.
    """

    def __init__(self, models: Sequence[Sequential], rngs: Sequence[np.random.Generator]) -> None:
        first = models[0]
        self.models, self.rngs = models, rngs
        if any(_shapes(model) != _shapes(first) for model in models):
            raise ModelError("models can be stacked only if they have the same layers and shapes")
        self._dtype = first.parameters.values.dtype
        if any(model.parameters.values.dtype != self._dtype for model in models):
            raise ModelError("models can be stacked only if they have the same dtype")
        shape = len(models), first.parameters.values.size
        self.values, self.gradients = aligned_zeros(shape, self._dtype), aligned_zeros(shape, self._dtype)
        for model, values, grads in zip(models, self.values, self.gradients, strict=True):
            model.move_parameters(values, grads)
        layers: list[Layer] = []
        for (name, layer), *others in zip(*(model.named() for model in models), strict=True):
            column = [layer, *(other for _, other in others)]
            if isinstance(layer, Flatten) and all(isinstance(earlier, Flatten) for earlier in layers):
                layers.append(layer.fresh())  # x is still the one batch of all models
            elif layer.stacks and all(str(other) == str(layer) and not other.frozen for other in column):
                layers.append(self._stacked(name, layer, first))
            else:
                layers.append(PerModel(column, rngs))
            layers[-1].output_shape = (len(models), *layer.output_shape)
        super().__init__(layers)

    def __getstate__(self) -> dict[str, Any]:
        """The models, which are stacked anew, since their parameters must be rows of the copy's arrays."""
        return {"models": self.models, "rngs": self.rngs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(vars(Stack(**state)))

    def _stacked(self, layer_name: str, layer: Layer, model: Sequential) -> Layer:
        """One layer with the parameters of all models, (S, ...), which are views of the rows."""
        stacked = layer.fresh()
        for parameter in model.parameters:
            holder, _, name = parameter.name.rpartition(".")
            if holder == layer_name:
                shape = (len(self.values), *parameter.value.shape)
                stacked.params[name] = self.values[:, parameter.slice].reshape(shape)
                stacked.grads[name] = self.gradients[:, parameter.slice].reshape(shape)
        return stacked

    def forward(self, x: Array, *, train: bool = True, rng: np.random.Generator | None = None) -> Array:
        """x (N, ...) -> scores (S, N, outputs). Each model draws from its own generator in `rngs`."""
        return super().forward(np.ascontiguousarray(x, self._dtype), train=train, rng=rng)

    def backward(
        self, dy: Array, *, need_dx: bool = False, after: Callable[[Layer], None] | None = None
    ) -> Array | None:
        """dy (S, N, outputs): fills the gradients of all models. after: as `Chain.backward` takes it."""
        return super().backward(dy, need_dx=need_dx, after=after)

    def predict(self, x: Array) -> Array:
        """x (N, ...) -> scores (S, N, outputs) at inference, without caches."""
        return self._run(np.ascontiguousarray(x, self._dtype), train=False, rng=None, keep=False)


def _shapes(model: Sequential) -> list[tuple[str, tuple[int, ...]]]:
    """The names and shapes of the parameters, which stacked models must have in common."""
    return [(parameter.name, parameter.value.shape) for parameter in model.parameters]
