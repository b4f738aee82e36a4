"""What every program begins a workload with: the same batch, and the same weights."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from backhand.arrays import Array, Labels
from backhand.bench.workloads import WORKLOADS, Workload

Step = Callable[[], float]  # one training step on the batch; returns the loss before it
PREFIX = "weights."


@dataclass(frozen=True)
class Inputs:
    """A workload, its batch x and labels, and its initial weights by the names that the model gives them.

    It travels in a file, so that a program's memory holds nothing of what made it.
    """

    workload: Workload
    calm: bool
    x: Array
    labels: Labels
    weights: dict[str, Array]

    @classmethod
    def of(cls, workload: Workload, *, calm: bool = False) -> Self:
        """Drawn: always the same."""
        model = workload.model(calm=calm).build(workload.shape)
        return cls(workload, calm, *workload.samples(), {each.name: each.value for each in model.parameters})

    def by_layer(self) -> dict[str, list[Array]]:
        """Each layer's parameters, in its order, by its place in the model: `0`, `4.body.0`."""
        found: dict[str, list[Array]] = {}
        for name, value in self.weights.items():
            found.setdefault(name.rpartition(".")[0], []).append(value)
        return found

    def save(self, path: Path) -> None:
        """Write it as .npz."""
        facts = {"workload": np.array(self.workload.name), "calm": np.array(self.calm)}
        weights = {PREFIX + name: value for name, value in self.weights.items()}
        np.savez(path, allow_pickle=False, **facts, x=self.x, labels=self.labels, **weights)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read it."""
        with np.load(path) as file:
            weights = {name.removeprefix(PREFIX): file[name] for name in file if name.startswith(PREFIX)}
            workload = WORKLOADS[str(file["workload"])]
            return cls(workload, bool(file["calm"]), file["x"], file["labels"], weights)
