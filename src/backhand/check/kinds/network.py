"""Whole networks with their loss: their sizes, and how their samples and labels may be given.

What a network computes is not compared with anything; its gradients are compared with differences of its own loss.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from backhand.arrays import Array, Shape
from backhand.check.kinds.kind import Config, Kind, Layout, Match

IMAGE = (3, 8, 8)  # channels, rows and columns of the images


class Network(Kind):
    """A network of one hidden layer or more that takes samples and labels."""

    name, title = "network", "Network"
    names = ("network", "net", "neural net", "mlp", "perceptron", "classifier", "model", "nn")
    inputs: tuple[str, ...] = ("x", "labels")
    constants: tuple[str, ...] = ("labels",)
    parameters: tuple[str, ...] = ("params",)
    book: tuple[str, ...] = ("W1", "b1", "W2", "b2")  # the keys of a dictionary of parameters

    def configs(self) -> Sequence[Config]:
        """With and without a penalty, for one sample, and with as many hidden units as inputs."""
        facts = {"in": 4, "hidden": 5, "out": 3, "classes": 3, "N": 6}
        return (
            Config("6 samples, 4 inputs, 5 hidden, 3 classes", {**facts, "reg": 0.0}),
            Config("a penalty of 0.1", {**facts, "reg": 0.1}),
            Config("1 sample", {**facts, "N": 1, "reg": 0.0}),
            Config("as many hidden as inputs", {**facts, "hidden": 4, "reg": 0.1}),
        )

    def layouts(self) -> Sequence[Layout]:
        """Samples as rows, as columns or one at a time; labels in several forms."""
        flat = ({"samples": "a single one", "labels": labels} for labels in ("one-hot", "class"))
        pairs = product(("rows", "columns"), ("classes", "one-hot", "classes from 1", "column of classes", "values"))
        return [
            *({"samples": samples, "labels": labels} for samples, labels in pairs),
            {"samples": "columns", "labels": "binary"},
            {"samples": "rows", "labels": "binary"},
            {"samples": "a single column", "labels": "one-hot"},
            {"samples": "a single column", "labels": "class"},
            *flat,
            {"samples": "a single one with a leading 1", "labels": "one-hot"},
            {"samples": "images", "labels": "classes"},
            {"samples": "images", "labels": "one-hot"},
        ]

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """The shape of the samples, or of all parameters in one flat array."""
        I, O, H = config["in"], 1 if layout.get("labels") == "binary" else config["out"], config["hidden"]
        if role in self.book:
            columns = "column" in layout["samples"]
            sizes = {"W1": (I, H), "W2": (H, O), "b1": (1, H), "b2": (1, O)}[role]
            return sizes[::-1] if columns else sizes
        if role == "x":
            return {
                "rows": (config["N"], I),
                "columns": (I, config["N"]),
                "a single column": (I, 1),
                "a single one": (I,),
                "a single one with a leading 1": (I + 1,),
                "images": (config["N"], *IMAGE),
                "images, channels last": (config["N"], *IMAGE[1:], IMAGE[0]),
            }[layout["samples"]]
        if role == "params":
            return ((I + 1) * H + (H + 1) * O,)
        return None

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """Samples and labels that hold every class as often as they can."""
        if role != "labels":
            drawn = super().draw(role, config, layout, rng)
            if drawn is not None and layout["samples"].endswith("leading 1") and role == "x":
                drawn[0] = 1
            return drawn
        N = 1 if layout["samples"].startswith("a single") else config["N"]
        if layout["labels"] == "binary":
            drawn_labels = rng.integers(0, 2, N)
            return drawn_labels[None] if layout["samples"] == "columns" else drawn_labels[:, None]
        classes = np.resize(np.arange(config["classes"]), N)
        rng.shuffle(classes)
        return labels_as(classes, config["classes"], layout)

    def values(self, role: str, config: Config) -> list[Any]:
        """Sizes also as lists, in which the number of layers may differ."""
        I, H, O = config["in"], config["hidden"], config["out"]
        several: dict[str, list[Any]] = {
            "hidden": [H, [H], [H, H - 1]],
            "sizes": [[I, H, O], (I, H, O), [I, H, H, O]],
            "activations": [["relu", "identity"], ["sigmoid", "sigmoid"], ["tanh", "sigmoid"]],
            "neurons": [[H, O], [H, O], [H, O]],
            "window": [3],
            "pools": [[0]],
        }
        return several.get(role) or super().values(role, config)

    def matches(self, arrays: Mapping[str, Array], config: Config, layout: Layout) -> Iterator[Match]:
        """Nothing: what a network computes is its own."""
        return iter(())


def labels_as(classes: Array, K: int, layout: Layout) -> Array:
    """The classes of some samples, numbered from 0, as the layout says that a network takes them."""
    columns = layout["samples"] == "columns" or layout["samples"].startswith("a single column")
    one_hot = np.eye(K)[classes]
    if layout["labels"] == "one-hot":
        shaped = one_hot.T if columns else one_hot
        return (shaped[0] if layout["samples"].startswith("a single one") else shaped).astype(int)
    if layout["labels"] == "values":
        return one_hot.T if columns else one_hot
    if layout["labels"] == "class":
        return classes[0]
    if layout["labels"] == "classes from 1":
        return classes + 1
    if layout["labels"] == "column of classes":
        return classes[None] if columns else classes[:, None]
    return classes


class Body(Network):
    """A network without its loss, which takes samples and gives outputs."""

    inputs = ("x",)
    constants = ()

    def configs(self) -> Sequence[Config]:
        """Without a penalty: there is no loss to hold it, and layers may add its gradient to their own."""
        return [config for config in super().configs() if not config["reg"]]

    def layouts(self) -> Sequence[Layout]:
        """Samples as rows, as columns, one at a time or as images; also as long as the first matrix of an object."""
        ways = ("rows", "columns", "a single one", "a single column", "images", "images, channels last")
        fixed = (("rows", "rows"), ("rows", "columns"), ("columns", "columns"))
        return [
            *({"samples": samples, "labels": "classes"} for samples in ways),
            *(
                {"samples": samples, "labels": "classes", "size": f"{axis} of its first matrix"}
                for samples, axis in fixed
            ),
        ]


class TwoMatrices(Network):
    """A network of one hidden layer for a single sample, whose weights are two matrices, the biases in column 0."""

    name, title = "network of two matrices", "Network"
    parameters = ("slope", "beta")  # as a course calls them: alpha and beta

    def layouts(self) -> Sequence[Layout]:
        """Samples as rows, as columns or one at a time; labels in several forms."""
        return (
            {"samples": "a single one with a leading 1", "labels": "one-hot"},
            {"samples": "a single one", "labels": "one-hot"},
        )

    def shape(self, role: str, config: Config, layout: Layout) -> Shape | None:
        """The shape of the samples, or of all parameters in one flat array."""
        if role == "slope":
            return (config["hidden"], config["in"] + 1)
        return (config["out"], config["hidden"] + 1) if role == "beta" else super().shape(role, config, layout)
