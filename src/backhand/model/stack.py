"""Models of one shape that run at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.errors import ModelError
from backhand.layers import Chain, Flatten, Layer
from backhand.model.sequential import Sequential


@dataclass(eq=False)
class Each(Layer):
    """Layer s on entry s of x (S, N, ...), or each of them on the same x (N, ...), one after the other.

    rngs: what layer s draws from when training.
    """

    layers: Sequence[Layer]
    rngs: Sequence[np.random.Generator]

    def forward(self, x: Array, *, train: bool = False, **_: object) -> Array:
        """y (S, N, ...)."""
        alone = x.ndim == len(self.layers[0].input_shape) + 1
        entries = [x] * len(self.layers) if alone else x
        return np.stack(
            [
                layer.forward(entry, train=train and not layer.frozen, rng=rng)
                for layer, entry, rng in zip(self.layers, entries, self.rngs, strict=True)
            ]
        )

    def backward(self, dy: Array, *, need_dx: bool = True) -> Array | None:
        """dx (S, N, ...)."""
        found = [layer.backward(entry, need_dx=need_dx) for layer, entry in zip(self.layers, dy, strict=True)]
        return np.stack([dx for dx in found if dx is not None]) if need_dx else None

    def release(self) -> None:
        """Forget what each of them cached."""
        for layer in self.layers:
            layer.release()

    @property
    def learns(self) -> bool:
        """Whether there is anything to train in them."""
        return any(layer.learns for layer in self.layers)


class Stack(Chain):
    """S models over one batch x (N, ...): entry s of the scores (S, N, outputs) is what model s gives for it.

    Their parameters and gradients become the rows of two arrays (S, P), and each stays a model of its own, which can
    be evaluated, moved and saved. A layer whose op takes an axis more in front runs once for all of them: a product of
    stacked matrices for `Linear`, of one x. Other layers run model by model.
    rngs: what each model draws from when training. Raises ModelError for models of different shapes.
    """

    def __init__(self, models: Sequence[Sequential], rngs: Sequence[np.random.Generator]) -> None:
        first = models[0]
        self.models, self.rngs = models, rngs
        if any(_shapes(model) != _shapes(first) for model in models):
            raise ModelError("only models with the same layers and shapes can be stacked")
        self._dtype = first.parameters.values.dtype
        if any(model.parameters.values.dtype != self._dtype for model in models):
            raise ModelError("only models of the same dtype can be stacked")
        shape = len(models), first.parameters.values.size
        self.values, self.gradients = np.zeros(shape, self._dtype), np.zeros(shape, self._dtype)
        for model, values, grads in zip(models, self.values, self.gradients, strict=True):
            model.keep_in(values, grads)
        parts: list[Layer] = []
        for (name, layer), *others in zip(*(model.named() for model in models), strict=True):
            same = [layer, *(each for _, each in others)]
            if isinstance(layer, Flatten) and all(isinstance(part, Flatten) for part in parts):
                parts.append(layer.fresh())  # x is still the one batch of all
            elif layer.stacks and all(str(each) == str(layer) and not each.frozen for each in same):
                parts.append(self._joined(name, layer, first))
            else:
                parts.append(Each(same, rngs))
            parts[-1].output_shape = (len(models), *layer.output_shape)
        super().__init__(parts)

    def __getstate__(self) -> dict[str, Any]:
        """The models, which are stacked anew: their parameters must be rows of the copy's arrays."""
        return {"models": self.models, "rngs": self.rngs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(vars(Stack(**state)))

    def _joined(self, place: str, layer: Layer, model: Sequential) -> Layer:
        """One layer with the parameters of all, (S, ...): views of the rows."""
        joined, parameters = layer.fresh(), model.parameters
        for each in parameters:
            holder, _, name = each.name.rpartition(".")
            if holder == place:
                shape = (len(self.values), *each.value.shape)
                joined.params[name] = self.values[:, each.slice].reshape(shape)
                joined.grads[name] = self.gradients[:, each.slice].reshape(shape)
        return joined

    def forward(self, x: Array, *, train: bool = True, rng: np.random.Generator | None = None) -> Array:
        """x (N, ...) -> scores (S, N, outputs). Models draw from `rngs`, each from its own."""
        return super().forward(np.ascontiguousarray(x, self._dtype), train=train, rng=rng)

    def backward(self, dy: Array, *, need_dx: bool = False) -> Array | None:
        """dy (S, N, outputs): fills the gradients of every model."""
        return super().backward(dy, need_dx=need_dx)

    def predict(self, x: Array) -> Array:
        """The scores at inference; nothing is kept for a backward pass."""
        return self._through(np.ascontiguousarray(x, self._dtype), train=False, rng=None, keep=False)


def _shapes(model: Sequential) -> list[tuple[str, tuple[int, ...]]]:
    """What models must have in common."""
    return [(each.name, each.value.shape) for each in model.parameters]
