"""A graph of ONNX while it is built: nodes one after the other, constants, and values that know their layout."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.export.refusals import as_float32

FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]  # (N, H, W, C) -> (N, C, H, W), and back


@dataclass(frozen=True)
class Value:
    """A value in a graph.   shape: of one sample, channels last, whatever the layout.   channels_first: its layout."""

    name: str
    shape: Shape
    channels_first: bool = False

    def to(self, name: str, shape: Shape | None = None) -> "Value":
        """Another value of this layout."""
        return replace(self, name=name, shape=self.shape if shape is None else shape)


class Graph:
    """The nodes and constants of a graph, named after the layer that they belong to, its `scope`."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.scope = ""
        self._uses: Counter[str] = Counter()

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node; returns the name of its output."""
        return self.add_output(self._unique(f"{self.scope}/{op}"), op, *inputs, **attributes)

    def add_output(self, name: str, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node whose output has this name, which is returned."""
        from onnx import helper

        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, value: Array) -> str:
        """Add a constant; returns its name."""
        from onnx import numpy_helper

        name = self._unique(f"{self.scope}.{name}")
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def weight(self, name: str, value: Array) -> str:
        """Add a constant of the network; returns its name. It is float32, in which ONNX Runtime computes.

        Raises ModelError for values that are not finite.
        """
        return self.constant(name, as_float32(f"{self.scope}.{name}", value))

    def first(self, value: Value) -> Value:
        """The value with the channels of images before their rows and columns, as ONNX wants them."""
        if value.channels_first or len(value.shape) != 3:
            return value
        return replace(value, name=self.add("Transpose", value.name, perm=FIRST), channels_first=True)

    def last(self, value: Value) -> Value:
        """The value with the channels last."""
        if not value.channels_first:
            return value
        return replace(value, name=self.add("Transpose", value.name, perm=LAST), channels_first=False)

    def _unique(self, name: str) -> str:
        self._uses[name] += 1
        return name if self._uses[name] == 1 else f"{name}_{self._uses[name]}"
