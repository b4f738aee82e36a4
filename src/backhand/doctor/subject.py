"""What is examined: a network that can be trained, the samples that it is trained on, and facts about the training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array, Labels

ActivationKind = Literal["relu", "sigmoid", "tanh"]


RateKind = Literal["own", "default", "made up"]


class NotMeasuredError(Exception):
    """Something that cannot be measured here; the message says why, as an end of "left out: ..."."""


class Network(Protocol):
    """A network with its loss and its training step. Any method may raise NotMeasuredError.

    x is a batch (N, ...) as the network takes it, labels are (N,). In train mode the same arguments give the same
    values, since whatever is drawn comes from the same seed at every call; only steps draw anew.
    """

    def copy(self) -> Self:
        """A network of its own, with the same parameters, which may be trained."""

    def scores(self, x: Array, *, train: bool = False) -> Array:
        """The output (N, outputs) before the loss."""

    def loss(self, x: Array, labels: Labels, *, train: bool = False) -> float:
        """The loss of the batch without any penalty."""

    def known_loss(self, labels: Labels) -> tuple[float, float]:
        """The loss of a network that gives equal scores to all classes, and the least possible loss, for the labels."""

    def gradients(self, x: Array, labels: Labels) -> dict[str, Array]:
        """The gradient of the loss in train mode by the names of the parameters, as copies, without any penalty."""

    def parameters(self) -> dict[str, Array]:
        """Copies of the trained parameters by name, from the first layer to the last, such as `0.weight`."""

    def load(self, values: Mapping[str, Array]) -> None:
        """Take over the values of `parameters`."""

    def activations(self, x: Array) -> dict[str, tuple[ActivationKind, Array]]:
        """The kind and the output (N, ..., units) of each activation in test mode, by the name of its layer."""

    def step(self, x: Array, labels: Labels, scale: float = 1.0) -> float:
        """Take a training step on the batch, at `scale` times the network's own rate; returns the loss before it."""

    def penalised(self) -> dict[str, bool]:
        """Whether a penalty or weight decay pulls at each parameter. NotMeasuredError where there is no penalty."""


@dataclass(frozen=True)
class Split:
    """The samples of one split.

    raw: (N, ...) as they were read.   labels: (N,).   scale: the samples at some indices as the network takes them.
    """

    raw: Array
    labels: Labels
    scale: Callable[[NDArray[np.intp]], Array]

    def __len__(self) -> int:
        return len(self.labels)

    def drawn(self, count: int) -> NDArray[np.intp]:
        """The indices of at most so many samples, drawn from all, in ascending order; the same at every call."""
        if len(self) <= count:
            return np.arange(len(self))
        return np.sort(np.random.default_rng(0).permutation(len(self))[:count])


@dataclass(frozen=True)
class Samples:
    """The splits of a data set, and the names of the K classes; validation and test are None where there are none."""

    train: Split
    classes: tuple[str, ...]
    validation: Split | None = None
    test: Split | None = None

    @property
    def held_out(self) -> dict[str, Split]:
        """The validation and the test split by name, as far as they are there."""
        splits = {"validation": self.validation, "test": self.test}
        return {name: split for name, split in splits.items() if split is not None and len(split)}


@dataclass(frozen=True)
class Course:
    """How a training went: a value per epoch.

    constant_loss: the loss of giving all samples the same answer, None where it is not known.   diverged: the sentence
    that says so; empty otherwise.   chance: the share of the most frequent class.
    """

    train_loss: tuple[float, ...]
    validation_loss: tuple[float, ...] = ()
    validation_accuracy: tuple[float, ...] = ()
    constant_loss: float | None = None
    diverged: str = ""
    chance: float = 0.0


@dataclass(frozen=True)
class Subject:
    """All that an examination may look at.

    network: before the training; None where there is none.   x, labels: training samples as the network takes them, at
    least one small batch.   classes: K.   samples: the data set, None where there is none.   batch_size: samples per
    step.   normalises: whether the network has batch normalisation, None where that is not known.   weighted: whether
    the loss weighs the classes.   pretrained: whether the weights were trained before.   rate: whether the rate of the
    steps is that of the training, a default that a caller may change, or made up.   trained: networks after the
    training, by what they are, such as "with the best weights".   missing: why data or network are missing, for what is
    left out.
    """

    network: Network | None
    x: Array
    labels: Labels
    classes: int
    samples: Samples | None = None
    batch_size: int | None = None
    normalises: bool | None = False
    weighted: bool = False
    pretrained: bool = False
    rate: RateKind = "own"
    trained: Mapping[str, Network] = field(default_factory=dict)
    course: Course | None = None
    missing: str = "there is none"

    def batch(self, count: int) -> tuple[Array, Labels]:
        """The first samples, at most so many."""
        return self.x[:count], self.labels[:count]

    def needs_network(self) -> Network:
        """The network. Raises NotMeasuredError where there is none."""
        if self.network is None:
            raise NotMeasuredError(f"it needs a network, and {self.missing}")
        return self.network

    def needs_samples(self) -> Samples:
        """The data set. Raises NotMeasuredError where there is none."""
        if self.samples is None:
            raise NotMeasuredError(f"it needs data, and {self.missing}")
        return self.samples


def layer_of(parameter: str) -> str:
    """The name of the layer of a parameter: that of `4.body.0.weight` is 4.body.0; `W1` stands for itself."""
    return parameter.rpartition(".")[0] or parameter


def norm(array: Array) -> float:
    """The Euclidean norm over all values, in float64."""
    return float(np.linalg.norm(np.asarray(array, np.float64).ravel()))
