"""Micro-batches: parts of a batch that pass through the model one after the other, or on several processes.

    loss = Σ_k n_k loss_k / n        g = Σ_k g_k, each of its part of the loss        n_k of the n samples are in part k

The sums are float64, of float32 numbers: nearly always exact, so that they come out the same in any order, and on any
number of processes. All parts draw the same random numbers, which dropout hashes with the index in the whole batch.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from backhand.arrays import Array
from backhand.model.sequential import Sequential
from backhand.training.streams import ShareGenerator

if TYPE_CHECKING:
    from backhand.training.stepper import Stepper


class Part(NamedTuple):
    """The number of samples of a micro-batch, and their mean loss."""

    samples: int
    loss: float


def bounds(total: int, k: int, parts: int) -> tuple[int, int]:
    """Where part k of so many samples begins and ends, if they are divided as evenly as possible."""
    length, longer = divmod(total, parts)
    start = k * length + min(k, longer)
    return start, start + length + (k < longer)


def mean_loss(parts: Sequence[Part]) -> float:
    """The mean loss over the samples of all parts."""
    return sum(part.samples * part.loss for part in parts) / sum(part.samples for part in parts)


class LayerStates:
    """The states that a batch moves in the layers of a model, such as running statistics, as one float64 array (S,).

    A state moves from what it was before the batch by a multiple of the statistics of the samples. So the mean over
    parts of a batch, by their samples, is the state for the mean statistics.
    """

    def __init__(self, model: Sequential) -> None:
        layers = [layer for _, layer in model.walk() if not layer.frozen]
        self._states = [state for layer in layers for state in layer.state.values() if state.dtype.kind == "f"]

    def read(self) -> Array:
        """A copy of the states."""
        return np.concatenate([np.zeros(0), *(state.reshape(-1) for state in self._states)], dtype=np.float64)

    def write(self, values: Array) -> None:
        """Give the layers the states that an array as of `read` holds."""
        start = 0
        for state in self._states:
            state[...] = values[start : start + state.size].reshape(state.shape)
            start += state.size


class Sums:
    """What the micro-batches of a batch add up to: gradients (P,), and the states of layers times samples (S,)."""

    def __init__(self, model: Sequential) -> None:
        self.parameters, self._layers = model.parameters, LayerStates(model)
        self._before = self._layers.read()
        self.gradients, self.states = np.zeros(self.parameters.grads.shape), np.zeros_like(self._before)

    def add(self, count: int) -> None:
        """Add what a micro-batch of so many samples has left in the model."""
        self.gradients += self.parameters.grads
        self.states += count * self._layers.read()

    def restore(self) -> None:
        """Give the layers the states from before the batch."""
        self._layers.write(self._before)

    def write(self, total: int) -> None:
        """Give the model the gradients, and the mean of the states over so many samples."""
        self.parameters.grads[...] = self.gradients
        self._layers.write(self.states / total)


def run(stepper: "Stepper", parts: Sequence[slice], first: int, total: int) -> tuple[Array, list[Part], Sums]:
    """Pass parts of the stepper's batch through its model; returns their scores and losses, and the sums.

    first: the index in the whole batch of the first sample that is there, of `total`. Without parts, a sample is passed
    forward, so that as much is drawn as on other processes.
    """
    (x, labels), weights, draw = stepper.batch, stepper.batch_weights, stepper.streams.draw
    sums, scores, losses = Sums(stepper.model), list[Array](), list[Part]()
    state = draw.bit_generator.state
    for part in parts or [slice(0, 1)]:
        draw.bit_generator.state = state
        sums.restore()
        generator = ShareGenerator(draw, first + part.start)
        scores.append(np.array(stepper.model.forward(x[part], train=True, rng=generator)))
        loss = stepper.loss.forward(scores[-1], labels[part], None if weights is None else weights[part])
        if parts:
            losses.append(Part(len(scores[-1]), loss))
            gradient = stepper.loss.backward()
            gradient *= gradient.dtype.type(len(scores[-1]) / total)
            stepper.model.backward(gradient)
            sums.add(len(scores[-1]))
        stepper.model.release()
    return np.concatenate(scores), losses, sums
