"""The training loop."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.arrays.copies import Copyable
from backhand.data.batches import batches, steps
from backhand.data.feed import BatchSource, TrainSource
from backhand.files import jsontext
from backhand.model.sequential import Sequential
from backhand.training.evaluate import Evaluation, evaluate
from backhand.training.losses import L2, Loss
from backhand.training.optimizers import Optimizer, clip_norm, clip_value
from backhand.training.running import Running
from backhand.training.schedules import Schedule
from backhand.training.stateful import Stateful, collected, keyed, restored, under

Record = dict[str, float]
# The solver's streams of random numbers, apart from those of the layers.
SHUFFLE, DRAW, AUGMENT = 1_000_001, 1_000_002, 1_000_003


class Callback(Stateful):
    """Told what the solver does, and free to read or change it. Subclasses override hooks; a misspelt hook raises."""

    def __init_subclass__(cls) -> None:
        unknown = [name for name in vars(cls) if name.startswith("on_") and not hasattr(Callback, name)]
        if unknown:
            hooks = ", ".join(name for name in vars(Callback) if name.startswith("on_"))
            raise TypeError(f"{cls.__name__}.{unknown[0]} is no hook of the solver; the hooks are {hooks}")

    def on_fit_begin(self, solver: "Solver") -> None:
        """Before the first epoch."""

    def on_loss(self, solver: "Solver") -> None:
        """The batch's loss is known, and nothing has moved yet."""

    def on_step_end(self, solver: "Solver") -> None:
        """The parameters have moved."""

    def on_epoch_end(self, solver: "Solver") -> None:
        """The epoch's record is the last one in the history."""

    def on_fit_end(self, solver: "Solver") -> None:
        """After the last epoch."""

    def on_exception(self, solver: "Solver") -> None:
        """The fit breaks off by an exception, perhaps amid a step."""


@dataclass(eq=False)
class Solver(Copyable):
    """Minimises loss + penalty over mini-batches that are reshuffled each epoch.

    schedule, momentum_schedule: step -> value; None keeps the optimiser's own. clip_norm, clip_value: see `optim`.
    evaluate_train: measure the training figures anew after each epoch; otherwise they are the running average over the
    epoch's batches, in training mode. data_seed: of the batches' order and their augmentation; None: as `seed`.
    `history` has one record an epoch; setting `stopped` to a reason ends the fit.
    """

    model: Sequential
    loss: Loss
    optimizer: Optimizer
    batch_size: int = 100
    penalty: L2 = field(default_factory=L2)
    schedule: Schedule | None = None
    momentum_schedule: Schedule | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    evaluate_train: bool = False
    seed: int = 0
    data_seed: int | None = None
    callbacks: Sequence[Callback] = ()

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"the batch size must be 1 or more, not {self.batch_size}")
        of_data = self.seed if self.data_seed is None else self.data_seed
        self.shuffle_rng = np.random.default_rng([of_data, SHUFFLE])
        self.draw_rng = np.random.default_rng([self.seed, DRAW])
        self.augment_rng = np.random.default_rng([of_data, AUGMENT])
        self.history: list[Record] = []
        self.epoch = self.epochs = self.step = self.steps_per_epoch = 0
        self.stopped = ""
        self.remarks: list[str] = []  # what must be said of the latest epoch's figures
        self.batch: tuple[Array, Labels | Array]
        self.batch_loss = self.gradient_norm = 0.0
        self.running: Running | None = None  # the epoch that is being trained
        self.saving_seconds = 0.0  # in all, those before a resume included

    def fit(self, train: TrainSource, validation: BatchSource | None = None, *, epochs: int) -> list[Record]:
        """Train until `epochs` epochs are done in all, or a callback stops; returns the history."""
        # The divergence guard says it better than warnings do.
        with np.errstate(over="ignore", invalid="ignore"), backend.threads_for(self.work(train)), self.watched():
            self.begin_fit(train, epochs)
            while self.goes_on:
                self.train_epoch(train, validation)
            self.tell("on_fit_end")
        backend.trim()
        return self.history

    def train_epoch(self, train: TrainSource, validation: BatchSource | None) -> None:
        """An epoch, or what is left of it."""
        running = self.begin_epoch()
        for index in self.batches_left(train):
            self.train_step(*train.draw(index, self.augment_rng))
        parts = {"train": train if self.evaluate_train else None, "validation": validation}
        measured = {name: evaluate(self.model, self.loss, part) for name, part in parts.items() if part is not None}
        self.end_epoch(measured, running.elapsed)

    def begin_fit(self, train: TrainSource, epochs: int) -> None:
        """Before the first epoch. A training that begins resets optimiser, schedules and callbacks of their past.

        Raises ModelError where the batches are too small for the model, and ValueError for callbacks whose states could
        not be told apart.
        """
        self.model.check_batch(min(self.batch_size, len(train)))
        keyed(self.callbacks)
        if not self.step:
            for part in (self.optimizer, self.schedule, self.momentum_schedule, *self.callbacks):
                if part is not None:
                    part.reset()
        self.epochs, self.steps_per_epoch = epochs, steps(len(train), self.batch_size, self.model.fewest_samples)
        self.tell("on_fit_begin")

    def batches(self, train: TrainSource) -> Iterator[NDArray[np.intp]]:
        """The batches of an epoch, in a new order; without a last one that is too small for the model."""
        return batches(len(train), self.batch_size, self.shuffle_rng, self.model.fewest_samples)

    @property
    def goes_on(self) -> bool:
        """Whether there is another epoch to be trained, or one to be finished."""
        return self.running is not None or (self.epoch < self.epochs and not self.stopped)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Tell the callbacks when an exception breaks this off."""
        try:
            yield
        except BaseException:
            if self.running is not None:
                self.running.halt()
            self.tell("on_exception")
            raise

    @contextmanager
    def saving(self) -> Iterator[None]:
        """What is done in here is time spent on saving, and none of the epoch's."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - begin
            self.saving_seconds += seconds
            if self.running is not None:
                self.running.leave_out(seconds)

    def begin_epoch(self) -> Running:
        """Before the first batch of an epoch, or the next one of an epoch that was broken off."""
        if self.running is None:
            self.running = Running(self.shuffle_rng.bit_generator.state)
        self.shuffle_rng.bit_generator.state = self.running.order
        self.running.go_on()
        return self.running

    def batches_left(self, train: TrainSource) -> Iterator[NDArray[np.intp]]:
        """The batches of the epoch that has begun, without those that are done."""
        return islice(self.batches(train), self.running.steps if self.running else 0, None)

    def work(self, train: TrainSource) -> int:
        """What the forward pass of one step computes: see `Sequential.work`."""
        return min(self.batch_size, len(train)) * self.model.work()

    def train_step(self, x: Array, labels: Labels | Array) -> Array:
        """One forward, backward and update; returns the scores (N, outputs) that the batch had before it.

        labels: (N,), or for a loss that takes them soft targets (N, K).
        """
        self.begin_step(x, labels)
        scores = self.model.forward(x, train=True, rng=self.draw_rng)
        self.model.backward(self.judge(scores))
        self.model.release()  # the next step's results take the place of these
        self.end_step(scores)
        return scores

    def begin_step(self, x: Array, labels: Labels | Array) -> None:
        """Before the model sees the batch: its rates."""
        self.batch = x, labels
        self._set_rates(self.step)

    def _set_rates(self, step: int) -> None:
        if self.schedule is not None:
            self.optimizer.lr = self.schedule(step)
        if self.momentum_schedule is not None:
            self.optimizer.momentum = self.momentum_schedule(step)

    def judge(self, scores: Array) -> Array:
        """After the forward pass: the loss; returns its gradient, (N, outputs)."""
        self.batch_loss = self.loss.forward(scores, self.batch[1])
        self.tell("on_loss")
        return self.loss.backward()

    def end_step(self, scores: Array) -> None:
        """After the backward pass: the update. scores: those that the batch had before it."""
        self.gradient_norm = self._move()
        self.step += 1
        if self.running is not None:
            self.running.add(self.loss.predict(scores), self.batch[1], self.batch_loss, self.gradient_norm)
        self.tell("on_step_end")

    def _move(self) -> float:
        """Update the parameters; returns the norm of the gradient of loss and penalty, as the clipping of it met it."""
        parameters = self.model.parameters
        if self.clip_norm is None and self.clip_value is None:
            return self.optimizer.step(parameters, self.penalty.slope)
        self.penalty.backward(self.model)
        clip_value(parameters.grads, self.clip_value)
        norm = clip_norm(parameters.grads, self.clip_norm)
        self.optimizer.step(parameters)
        return norm

    def end_epoch(self, measured: Mapping[str, Evaluation], seconds: float) -> None:
        """After the last batch: the epoch's record. measured: of each part of the data; seconds: that it took."""
        running, self.running = self.running, None
        assert running is not None, "an epoch ends that has not begun"
        self.epoch += 1
        self.remarks = [remark for part, each in measured.items() if (remark := each.remark(part))]
        figures = {"train": running.figures()} | {part: each.figures() for part, each in measured.items()}
        for schedule in filter(None, (self.schedule, self.momentum_schedule)):
            schedule.observe(figures.get("validation", figures["train"])["loss"])
        record: Record = {"epoch": self.epoch, "step": self.step, "lr": self.optimizer.lr}
        record |= {"momentum": self.optimizer.momentum, "gradient_norm": running.norms / running.steps}
        record |= {"penalty": self.penalty.forward(self.model)}
        record |= {f"{part}_{name}": value for part, values in figures.items() for name, value in values.items()}
        self.history.append(record | {"seconds": seconds, "elapsed": self.elapsed + seconds})
        self.tell("on_epoch_end")

    @property
    def elapsed(self) -> float:
        """Seconds of training in the epochs that are done, those before a resume included."""
        return self.history[-1]["elapsed"] if self.history else 0.0

    def tell(self, hook: str) -> None:
        """Call the hook of every callback."""
        for callback in self.callbacks:
            getattr(callback, hook)(self)

    def _streams(self) -> tuple[np.random.Generator, ...]:
        return self.shuffle_rng, self.draw_rng, self.augment_rng

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and facts from which `load` goes on bit for bit, after any step or epoch."""
        arrays = {f"model.{name}": value for name, value in self.model.arrays().items()}
        arrays |= {f"optimizer.{name}": value for name, value in self.optimizer.buffers.items()}
        facts: dict[str, Any] = {"epoch": self.epoch, "step": self.step, "stopped": self.stopped}
        facts |= {"history": self.history, "optimizer": self.optimizer.state()}
        facts["rng"] = [rng.bit_generator.state for rng in self._streams()]
        facts["running"] = None if self.running is None else self.running.state()
        facts["saving_seconds"] = self.saving_seconds
        facts["schedules"] = [s.state() if s else {} for s in (self.schedule, self.momentum_schedule)]
        own, facts["callbacks"] = collected(self.callbacks)
        return arrays | own, facts

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`. Raises CheckpointError when the model or the optimiser is another."""
        self.model.load(under("model", arrays))
        self.optimizer.load(under("optimizer", arrays), facts["optimizer"])
        self.epoch, self.step, self.stopped = facts["epoch"], facts["step"], facts["stopped"]
        self.history = [jsontext.numbers(record) for record in facts["history"]]
        for rng, saved in zip(self._streams(), facts["rng"], strict=True):
            rng.bit_generator.state = saved
        running = facts.get("running")  # earlier versions saved between epochs only
        self.running = None if running is None else Running(**jsontext.numbers(running))
        self.saving_seconds = facts.get("saving_seconds", 0.0)
        for schedule, saved in zip((self.schedule, self.momentum_schedule), facts["schedules"], strict=True):
            if schedule is not None:
                schedule.load(saved)
        if self.running is not None:  # the epoch's record tells the rates of its last step, which may be this one
            self._set_rates(self.step - 1)
        restored(self.callbacks, arrays, facts["callbacks"])
