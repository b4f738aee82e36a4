"""A person's network as the doctor examines it: an instance of their class, called by their own methods."""

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self

import numpy as np

from backhand.arrays import Array, Labels
from backhand.check.doctor.data import arranged, arranged_labels, takes_one
from backhand.check.doctor.losses import Guess, KnownLoss, guess_loss
from backhand.check.doctor.outputs import mode_setup, output_of, rectified
from backhand.check.doctor.steps import PlainStep, Step
from backhand.check.reading.construction import construct, set_mode
from backhand.check.reading.dialect import to_numpy, write
from backhand.check.reading.functions import call
from backhand.check.reading.networks import OUTPUT_METHODS, NetworkMethods, NetworkSpecimen
from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.reading.reachable import at, reachable, set_at
from backhand.check.reading.reader import NoSuchSettingError, Reading
from backhand.check.reading.specimen import SEED, Passage, seed_everything
from backhand.check.reading.units import Unit
from backhand.check.source.guarded import outcome
from backhand.doctor.subject import ActivationKind, NotMeasuredError, norm

ALIKE = 1e-9  # the difference of two gradients that rounding explains


class FileNetwork:
    """An instance of a person's network, with the reading that tells how its methods are called.

    instance: with the values of its parameters.   step_taken: how a training step is taken; None for the
    plain step with the gradients that the network returns.
    """

    def __init__(self, reading: Reading, instance: Any, step_taken: Step | None = None) -> None:
        assert isinstance(reading.specimen, ObjectSpecimen)
        self.reading, self.specimen = reading, reading.specimen
        self.instance = instance
        self.step_taken = step_taken or PlainStep()
        self.classes = int(self.specimen.setup.config["classes"])
        self.generator = np.random.default_rng(0)
        self._guess: Guess | None = None

    def copy(self) -> Self:
        """A network of its own with the same parameters."""
        twin = type(self)(self.reading, copy.deepcopy(self.instance), self.step_taken)
        twin._guess = self._guess
        return twin

    def scores(self, x: Array, *, train: bool = False) -> Array:
        """What its output method gives, (N, outputs). Raises NotMeasuredError where it has none that gives scores."""
        self._set_mode(train)
        if train:
            seed_everything(SEED)
        layout = self.reading.layout
        batches = x[:, None] if takes_one(layout) else [x]
        return np.concatenate([output_of(self, batch, self.output_methods) for batch in batches])

    def loss(self, x: Array, labels: Labels, *, train: bool = False) -> float:
        """The loss of its own method, or the loss that its gradients imply; the mean over single samples."""
        self._set_mode(train)
        return self._mean(self._passages(x, labels, seeded=train), len(x))

    def gradients(self, x: Array, labels: Labels) -> dict[str, Array]:
        """The gradients that its own method returns, in the shapes of the parameters."""
        twin = self.copy()  # of a network that adds to the gradients that it has
        twin._set_mode(True)
        total: dict[str, Array] = {}
        passages = twin._passages(x, labels, seeded=True)
        for passage in passages:
            for name, value in passage.backward(np.ones(())).values.items():
                if value is not None and name in self._names:
                    total[name] = total.get(name, 0) + np.asarray(value, np.float64) / self._count(passages, len(x))
        if not total:
            raise NotMeasuredError("the gradients of the network are returned nowhere, and kept in no attribute")
        shapes = {name: value.shape for name, value in self.parameters().items()}
        return {
            name: value.reshape(shapes[name]) for name, value in total.items() if value.size == np.prod(shapes[name])
        }

    def parameters(self) -> dict[str, Array]:
        """Copies of its parameters, by the names that it gives them."""
        return {p.name: to_numpy(at(self.instance, p.paths[0])).astype(np.float64) for p in self.specimen.parameters}

    def load(self, values: Mapping[str, Array]) -> None:
        """Write values into its parameters."""
        for parameter in self.specimen.parameters:
            for path in parameter.paths:
                if outcome(partial(write, at(self.instance, path), values[parameter.name])).error is not None:
                    set_at(self.instance, path, self.specimen.make(values[parameter.name]))

    def known_loss(self, labels: Labels) -> tuple[float, float]:
        """The first value of its loss, where that is one whose value for equal scores is known, and 0."""
        return self.loss_kind.start(self.classes), 0.0

    @property
    def loss_kind(self) -> KnownLoss:
        """The loss that it computes. Raises NotMeasuredError where that is none whose first value is known."""
        if self._guess is None:
            self._guess = guess_loss(self)
        if self._guess.loss is None:
            raise NotMeasuredError(self._guess.reason)
        return self._guess.loss

    def activations(self, x: Array) -> dict[str, tuple[ActivationKind, Array]]:
        """The arrays that a forward pass leaves in the instance and that look like the output of a ReLU."""
        found = rectified(self, x)
        if not found:
            raise NotMeasuredError("a forward pass keeps nothing that looks like the output of a ReLU")
        return {name: ("relu", values) for name, values in found.items()}

    def of_random_parameters(self) -> Self:
        """The network as it was read, all of whose parameters are random."""
        return type(self)(self.reading, copy.deepcopy(self.specimen.instance), self.step_taken)

    def step(self, x: Array, labels: Labels, scale: float = 1.0) -> float:
        """Take a training step as the network itself takes it; returns the loss before it."""
        seed_everything(int(self.generator.integers(2**31)))
        self._set_mode(True)
        before = self._mean(self._passages(x, labels, seeded=False), len(x))
        self.step_taken.take(self, x, labels, scale)
        return before

    def penalised(self) -> dict[str, bool]:
        """Whether the gradient of each parameter changes with the strength of the penalty."""
        _, strong = self.reading.kind.configs()
        ran = outcome(lambda: self.reading.specimen_for(strong))
        if isinstance(ran.error, NoSuchSettingError) or ran.value is None:
            raise NotMeasuredError("the network has no argument for the strength of a penalty")
        weak = self.reading.specimen_for(self.reading.kind.configs()[0])
        first, second = (specimen.forward().backward(np.ones(())).values for specimen in (weak, ran.value))
        return {
            name: norm(_filled(first[name]) - _filled(second[name])) > ALIKE for name in self._names if name in second
        }

    @property
    def _names(self) -> set[str]:
        return {parameter.name for parameter in self.specimen.parameters}

    def given(self, x: Array, labels: Labels) -> dict[str, Any]:
        """Fresh arguments for its gradient method; x (N, inputs), and a single sample where it takes one."""
        arguments, layout = self.specimen.arguments(), self.reading.layout
        for name, role in self.specimen.roles.items():
            if role == "x" and name in arguments:
                arguments[name] = self.specimen.make(arranged(x, layout))
        for name, role in self.specimen.constant_roles.items():
            if role == "labels" and name in arguments:
                arguments[name] = self.specimen.make(arranged_labels(labels, self.classes, layout))
        return arguments

    @property
    def methods(self) -> NetworkMethods:
        """How its methods are called."""
        assert isinstance(self.specimen, NetworkSpecimen)
        return self.specimen.network

    @property
    def output_methods(self) -> tuple[str, ...]:
        """The names of the methods that may give its output, the likeliest first."""
        return (*OUTPUT_METHODS, self.methods.gradient)

    @property
    def labels_of_training(self) -> tuple[str, ...]:
        """How a training method may take the labels: as the gradient method does."""
        return (self.reading.layout["labels"],)

    @property
    def described(self) -> str:
        """How its gradients are computed, in words."""
        methods = self.methods
        return f"`{methods.gradient}`" + (f", and {methods.loss} as its loss" if methods.loss else "")

    def compute_gradients(self, x: Array, labels: Labels) -> Any:
        """Let it compute its gradients, as before an update; returns what its method returns."""
        given = self.given(x, labels)
        if self.methods.value:
            getattr(self.instance, self.methods.value)(*given.values())
        return call(getattr(self.instance, self.methods.gradient), given)

    def _passages(self, x: Array, labels: Labels, *, seeded: bool) -> Sequence[Passage]:
        """The passes over a batch: one, or one for each sample where the network takes single samples."""
        single = takes_one(self.reading.layout)
        parts = [(x[i : i + 1], labels[i : i + 1]) for i in range(len(x))] if single else [(x, labels)]
        return [self._passage(*part, SEED if seeded else None) for part in parts]

    def _passage(self, x: Array, labels: Labels, seed: int | None) -> Passage:
        """The loss of a batch, from which backward gives the gradients."""
        assert isinstance(self.specimen, NetworkSpecimen)
        return self.specimen.run_with(self.instance, self.given(x, labels), seed, len(x))

    def _mean(self, passages: Sequence[Passage], samples: int) -> float:
        return sum(float(passage.outputs[0]) for passage in passages) / self._count(passages, samples)

    def _count(self, passages: Sequence[Passage], samples: int) -> int:
        """What the sum over the passes is divided by: a loss that nobody wrote is taken as a mean."""
        return samples if self.methods.loss and not self.methods.divided else len(passages)

    def _set_mode(self, train: bool) -> None:
        set_mode(self.instance, mode_setup(self.specimen.setup, train))


def first_instance(unit: Unit, reading: Reading) -> Any:
    """A network as its constructor makes it. Raises whatever the constructor raises."""
    assert isinstance(unit.forward, type)
    assert isinstance(reading.specimen, ObjectSpecimen)
    instance = construct(unit.forward, reading.specimen.setup, reading.make)
    if len(reachable(instance)) < len(reachable(reading.specimen.instance)):  # made at the first forward pass
        return copy.deepcopy(reading.specimen.instance)
    return instance


def _filled(value: Array | None) -> Array:
    return np.zeros(1) if value is None else value
