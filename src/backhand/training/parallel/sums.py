"""What a step adds up over all processes: the gradients, the states of layers, the loss and what is measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from backhand.arrays import Array
from backhand.layers import Layer
from backhand.model.sequential import Sequential
from backhand.training.measures import Measures
from backhand.training.micro_batches import LayerStates, Part
from backhand.training.parallel.ranks import Ranks

if TYPE_CHECKING:
    from mpi4py import MPI

BUCKET = 2**20  # bytes of gradients, at least, whose sum begins while layers before them still go backward


class GradientSum:
    """The sum of the flat gradients over all processes, in place.

    Where there are many gradients, the sum of the last layers' begins while the first layers still go backward. Then
    the network is at work at the same time as the processor; a small sum alone would only wait longer.

    idle: whether this process has no samples in the batch, so that its gradients count as 0.
    """

    idle = False

    def __init__(self, ranks: Ranks, model: Sequential) -> None:
        self.ranks, self.parameters = ranks, model.parameters
        self._starts, self._requests = _starts(model), list["MPI.Request"]()
        self._end = self.parameters.grads.size  # from here on, sums have begun

    def after(self, layer: Layer) -> None:
        """The gradients of this layer and of those behind it are complete."""
        for request in self._requests:
            request.Test()
        start, grads = self._starts[layer], self.parameters.grads
        if start > 0 and (self._end - start) * grads.itemsize >= BUCKET:
            self._requests.append(self.ranks.start_sum(self._own(start)))
            self._end = start

    def finish(self) -> None:
        """Add up the gradients that are left, and wait for all sums."""
        grads = self.parameters.grads
        if self._end:
            self.ranks.sum(self._own(0))
        for request in self._requests:
            request.Wait()
        self._requests, self._end = [], grads.size

    def _own(self, start: int) -> Array:
        """The gradients of this process from `start` on of which no sum has begun."""
        gradients = self.parameters.grads[start : self._end]
        if self.idle:
            gradients[...] = 0
        return gradients


def _starts(model: Sequential) -> dict[Layer, int]:
    """For each layer of the model, where the gradients of it and of all layers behind it begin in the flat buffer."""
    firsts: dict[str, int] = {}
    for parameter in model.parameters:
        firsts.setdefault(parameter.name.split(".")[0], parameter.slice.start)
    start, starts = model.parameters.grads.size, {}
    for name, layer in reversed(list(model.named())):
        start = starts[layer] = firsts.get(name, start)
    return starts


class StateMean:
    """The mean, by samples, of the layers' states, which each process moves by the statistics of its share."""

    def __init__(self, ranks: Ranks, model: Sequential) -> None:
        self.ranks, self.states = ranks, LayerStates(model)
        self._sums = np.zeros(0)
        self._request: MPI.Request | None = None

    def start(self, weight: float) -> None:
        """Begin after the forward pass. weight: the fraction of the batch that this process has."""
        own = self.states.read()
        self._sums = weight * own if weight else np.zeros_like(own)  # whatever a process without samples computed
        if own.size:
            self._request = self.ranks.start_sum(self._sums)

    def finish(self) -> None:
        """Wait, and give all layers the means."""
        if self._request is not None:
            self._request.Wait()
            self.states.write(self._sums)
            self._request = None


@dataclass(frozen=True)
class Report:
    """What a process says of its share of a batch: the parts that it has, and what it has measured on them.

    rows: the most parts of a process.   elapsed: seconds by its clock.   interrupted: whether it is to end after this
    step.
    """

    parts: Sequence[Part]
    measures: Measures
    rows: int
    elapsed: float
    interrupted: bool

    def numbers(self) -> Array:
        """The report as float64 numbers, as many on every process; without parts, all that is measured is 0."""
        counts = np.hstack([np.asarray(value, np.float64) for value in self.measures.state().values()])
        table = np.zeros((self.rows, 2))
        for row, part in zip(table, self.parts, strict=False):
            row[:] = part
        return np.array([self.elapsed, self.interrupted, *table.ravel(), *(counts if self.parts else 0 * counts)])

    def of_all(self, numbers: Array, empty: Sequence[Measures]) -> list["Report"]:
        """The reports of all processes, from their numbers (N, k). empty: new measures for each, to be filled."""
        shapes = {key: np.shape(value) for key, value in self.measures.state().items()}
        reports = []
        for (elapsed, interrupted, *rest), measures in zip(numbers.tolist(), empty, strict=True):
            pairs = zip(rest[: 2 * self.rows : 2], rest[1 : 2 * self.rows : 2], strict=True)
            parts = [Part(round(count), loss) for count, loss in pairs if count]
            if parts:
                measures.load(_by_name(rest[2 * self.rows :], shapes))
            reports.append(Report(parts, measures, self.rows, elapsed, bool(interrupted)))
        return reports


def _by_name(numbers: list[float], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The sums of measures by name, as their `state` holds them: single ones are counts."""
    values, start = {}, 0
    for key, shape in shapes.items():
        size = prod(shape)
        values[key] = numbers[start : start + size] if shape else round(numbers[start])
        start += size
    return values
