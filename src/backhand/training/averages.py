"""Averaged weights: a second set of parameters beside the trained ones, which is evaluated and kept instead of them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.arrays.copies import Copyable
from backhand.data.batches import batches
from backhand.data.feed import TrainingSource
from backhand.layers import BatchNorm
from backhand.model.sequential import Sequential

RENEWED = 100  # batches from which the batch statistics are renewed, at most


@dataclass(eq=False)
class WeightAverage(Copyable, ABC):
    """The base of the averages: `values` (P,) is the mean of the trained parameters over the steps or epochs so far.

    count: how many sets of parameters are in the mean. An average begins anew where the number of trained parameters
    changes, as it does when layers are unfrozen.
    """

    transient = MappingProxyType({"_clone": None})

    count: int = field(default=0, init=False)
    values: Array = field(default_factory=lambda: np.zeros(0), init=False, repr=False)
    _clone: Sequential | None = field(default=None, init=False, repr=False)

    def on_step(self, model: Sequential) -> None:
        """Called after each step, when the parameters have moved."""

    def on_epoch(self, model: Sequential, epoch: int) -> None:
        """Called after each epoch, counted from 1."""

    @abstractmethod
    def _share(self) -> float:
        """The share that the next set of parameters has in the mean."""

    def add(self, model: Sequential) -> None:
        """Take the parameters that the model has now into the mean: values += share (parameters - values)."""
        w = model.parameters.values
        if self.values.shape != w.shape:
            self.values, self.count = np.zeros_like(w), 0
        share = w.dtype.type(1.0 if not self.count else self._share())
        self.values += share * (w - self.values)
        self.count += 1

    def reset(self) -> None:
        """Forget the average of an earlier training."""
        self.count, self.values = 0, np.zeros(0)

    def model(self, trained: Sequential, train: TrainingSource, batch_size: int) -> Sequential:
        """A model with the averaged parameters, for evaluation; the trained one itself while the mean is empty.

        The statistics of batch normalisation are renewed for it: those of the trained model belong to other weights.
        """
        if not self.count or self.values.shape != trained.parameters.values.shape:
            return trained
        if self._clone is None or self._clone.parameters.values.shape != self.values.shape:
            self._clone = trained.copy()
        self._clone.load(trained.arrays())
        self._clone.parameters.values[...] = self.values
        renew_statistics(self._clone, train, batch_size)
        return self._clone

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The mean and the count, as a saved file holds them."""
        return {"values": self.values}, {"count": self.count}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`."""
        self.values, self.count = arrays["values"], facts["count"]


@dataclass(eq=False)
class ExponentialAverage(WeightAverage):
    """The exponential moving average (EMA) of the parameters, taken after every step.

        values = d values + (1 - d) parameters        d = min(decay, (1 + t) / (10 + t)) at step t

    decay: in [0, 1); 0.999 is a mean over the last 1000 steps or so. The average follows the parameters faster in the
    first steps, so that it is not held back by the initial weights. Raises ValueError for a decay outside [0, 1).
    Source: Polyak and Juditsky 1992, SIAM J. Control and Optimization 30(4).
    """

    decay: float = 0.999

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise ValueError(f"the decay of an average must be in [0, 1), not {self.decay}")

    def on_step(self, model: Sequential) -> None:
        """Take the parameters after a step into the average."""
        self.add(model)

    def _share(self) -> float:
        return 1 - min(self.decay, (1 + self.count) / (10 + self.count))


@dataclass(eq=False)
class StochasticAverage(WeightAverage):
    """Stochastic weight averaging (SWA): the equal mean of the parameters at the ends of epochs.

    start: the first epoch, counted from 1, that is in the mean; 0.75 of all epochs is usual, with a learning rate that
    stays high from there on. Raises ValueError for a start below 1.
    Source: Izmailov et al. 2018, UAI, arXiv:1803.05407.
    """

    start: int = 1

    def __post_init__(self) -> None:
        if self.start < 1:
            raise ValueError(f"an average must start at epoch 1 or later, not {self.start}")

    def on_epoch(self, model: Sequential, epoch: int) -> None:
        """Take the parameters at the end of an epoch into the average."""
        if epoch >= self.start:
            self.add(model)

    def _share(self) -> float:
        return 1 / (self.count + 1)


def renew_statistics(model: Sequential, train: TrainingSource, batch_size: int) -> None:
    """Measure the running statistics of all batch normalisations anew, as plain means over at most 100 batches.

    A model without batch normalisation stays as it is.
    """
    layers = [layer for _, layer in model.walk() if isinstance(layer, BatchNorm) and not layer.frozen]
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    indices = list(batches(len(train), batch_size, np.random.default_rng(0), model.min_batch_size))
    chosen = np.linspace(0, len(indices) - 1, min(len(indices), RENEWED)).astype(int)
    try:
        for number, position in enumerate(chosen):
            for layer in layers:
                layer.momentum = 1 / (number + 1)
            model.forward(train.batch(indices[position])[0], train=True, rng=np.random.default_rng(number))
            model.release()
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
