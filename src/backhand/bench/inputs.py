"""The inputs of a workload: every program begins with the same batch and the same weights."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from backhand.arrays import Array, Labels
from backhand.bench.workloads import WORKLOADS, Workload

Step = Callable[[], float]  # takes one training step on the batch and returns the loss before the update
WEIGHT_PREFIX = "weights."


@dataclass(frozen=True)
class Inputs:
    """A workload, its batch x and labels, and its initial weights by the names that the model gives them.

    comparable: whether the model is one that can be compared with another program's; see `Workload.model`.
    The inputs are passed on in a file, so that the memory of a program's process does not include drawing them.
    """

    workload: Workload
    comparable: bool
    x: Array
    labels: Labels
    weights: dict[str, Array]

    @classmethod
    def of(cls, workload: Workload, *, comparable: bool = False) -> Self:
        """Draw the inputs of a workload; they are the same every time."""
        model = workload.model(comparable=comparable).build(workload.shape)
        weights = {parameter.name: parameter.value for parameter in model.parameters}
        return cls(workload, comparable, *workload.samples(), weights)

    def by_layer(self) -> dict[str, list[Array]]:
        """The parameters of each layer, in the layer's order, by its name in the model, such as `0` or `4.body.0`."""
        layers: dict[str, list[Array]] = {}
        for name, value in self.weights.items():
            layers.setdefault(name.rpartition(".")[0], []).append(value)
        return layers

    def save(self, path: Path) -> None:
        """Write the inputs to an .npz file."""
        facts = {"workload": np.array(self.workload.name), "comparable": np.array(self.comparable)}
        weights = {WEIGHT_PREFIX + name: value for name, value in self.weights.items()}
        np.savez(path, allow_pickle=False, **facts, x=self.x, labels=self.labels, **weights)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the inputs that `save` wrote."""
        with np.load(path) as file:
            weights = {name.removeprefix(WEIGHT_PREFIX): file[name] for name in file if name.startswith(WEIGHT_PREFIX)}
            workload = WORKLOADS[str(file["workload"])]
            return cls(workload, bool(file["comparable"]), file["x"], file["labels"], weights)
