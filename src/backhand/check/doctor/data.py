"""The small synthetic data on which a person's network is examined, in the sizes that networks are made for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backhand.arrays import Array, Labels
from backhand.check.kinds.kind import Config, Layout
from backhand.check.kinds.network import Network, labels_as

SAMPLES = 24
REG = 0.1
DISTANCE = 2.0  # of the classes, in deviations of their samples


@dataclass(frozen=True)
class Sizes:
    """The number of inputs, of hidden units, and of classes."""

    inputs: int
    hidden: int
    classes: int


# The first suits networks whose sizes are arguments; the others those that are written for one data set.
SIZES = (Sizes(6, 10, 3), Sizes(4, 10, 3), Sizes(784, 30, 10), Sizes(2, 10, 2), Sizes(3072, 30, 10), Sizes(64, 30, 10))


class TrainingNetwork(Network):
    """A network of these sizes, and samples of classes that it can tell apart."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes

    def configs(self) -> Sequence[Config]:
        """One configuration without a penalty, and one with it."""
        sizes = self.sizes
        facts = {
            "in": sizes.inputs,
            "hidden": sizes.hidden,
            "out": sizes.classes,
            "classes": sizes.classes,
            "N": SAMPLES,
        }
        return Config("without a penalty", {**facts, "reg": 0.0}), Config("with a penalty", {**facts, "reg": REG})

    def draw(self, role: str, config: Config, layout: Layout, rng: np.random.Generator) -> Array | None:
        """The samples and the labels, arranged as the layout says; other arrays as for any network."""
        x, labels = samples(self.sizes)
        if role == "x":
            return arranged(x, layout)
        return (
            arranged_labels(labels, self.sizes.classes, layout)
            if role == "labels"
            else super().draw(role, config, layout, rng)
        )


def samples(sizes: Sizes) -> tuple[Array, Labels]:
    """Standardised samples (SAMPLES, inputs) around a centre for each class, with their labels (SAMPLES,)."""
    rng = np.random.default_rng(5)
    labels = np.resize(np.arange(sizes.classes), SAMPLES)
    rng.shuffle(labels)
    centres = rng.standard_normal((sizes.classes, sizes.inputs)) * DISTANCE
    x = centres[labels] + rng.standard_normal((SAMPLES, sizes.inputs))
    return (x - x.mean()) / x.std(), labels


def takes_one(layout: Layout) -> bool:
    """Whether the network takes one sample at a time."""
    return layout["samples"] not in ("rows", "columns")


def arranged(x: Array, layout: Layout) -> Array:
    """Samples (N, inputs) as the network takes them; of one that takes a single sample, the first."""
    how = layout["samples"]
    if how == "rows":
        return x.copy()
    if how == "columns":
        return x.T.copy()
    one = x[0].copy()
    return one[:, None] if how == "a single column" else np.concatenate([[1.0], one]) if "leading" in how else one


def arranged_labels(labels: Labels, classes: int, layout: Layout) -> Array:
    """Labels (N,) as the network takes them."""
    return labels_as(labels[:1] if takes_one(layout) else labels, classes, layout)
