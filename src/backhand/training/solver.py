"""The solver: the loop over epochs and batches that trains a model."""

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
from backhand.data.batches import batches, steps_per_epoch
from backhand.data.feed import BatchSource, TrainingSource
from backhand.files import jsontext
from backhand.model.sequential import Sequential
from backhand.training.callback import Callback
from backhand.training.epoch import EpochTotals
from backhand.training.evaluate import Evaluation, evaluate
from backhand.training.history import History, Record
from backhand.training.losses import L2, Loss
from backhand.training.optimizers import Optimizer
from backhand.training.rates import Rates
from backhand.training.schedules import Schedule
from backhand.training.stateful import collect_states, restore_states, stateful_by_key, without_prefix
from backhand.training.streams import RandomStreams
from backhand.training.update import update


@dataclass(eq=False)
class Solver(Copyable):
    """Minimises loss + penalty over mini-batches, whose samples are shuffled anew in each epoch.

    `history` has one record per epoch; a callback that sets `stopped` to a reason ends the fit.

    model, loss, optimizer, penalty: what is trained, what is minimised, and how.
    batch_size: samples per step.
    schedule, momentum_schedule: step -> value, of the learning rate and of the momentum; None keeps the optimiser's.
    clip_norm: the largest Euclidean norm of all gradients together, to which a larger one is scaled down.
    clip_value: the largest absolute value of each gradient, to which larger ones are cut, before `clip_norm`.
    evaluate_train: evaluate the model on the training split after each epoch; otherwise the training figures are the
    mean over the epoch's batches, in training mode.
    seed: of all that is drawn in the training, such as dropout masks.
    data_seed: of the order of the samples and of their augmentation; None: as `seed`.
    callbacks: their hooks are called in this order.
    Raises ValueError for a batch size below 1.
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
        self.streams = RandomStreams(self.seed, self.data_seed)
        self.history = History()
        self.epoch = self.epochs = self.step = self.steps_per_epoch = 0
        self.stopped = ""
        self.remarks: list[str] = []  # sentences that qualify the latest epoch's figures
        self.batch: tuple[Array, Labels | Array]
        self.batch_loss = self.gradient_norm = self.saving_seconds = 0.0  # saving: including before a resume
        self.epoch_totals: EpochTotals | None = None  # None between epochs

    def fit(self, train: TrainingSource, validation: BatchSource | None = None, *, epochs: int) -> History:
        """Train until `epochs` epochs are done in all, or a callback stops it; returns the history.

        Raises ModelError where the batches are too small for the model, and whatever a callback raises.
        """
        # NumPy's warnings would only repeat what the divergence guard says better.
        with np.errstate(over="ignore", invalid="ignore"), backend.threads_for(self.work(train)), self.guarded():
            self.begin_fit(train, epochs)
            while self.unfinished:
                self.train_epoch(train, validation)
            self.notify("on_fit_end")
        backend.trim()
        return self.history

    def train_epoch(self, train: TrainingSource, validation: BatchSource | None) -> None:
        """Train one epoch, or the rest of an epoch that was interrupted, and evaluate the model."""
        totals = self.begin_epoch()
        for index in self.remaining_batches(train):
            self.train_step(*train.draw(index, self.streams.augment))
        feeds = {"train": train if self.evaluate_train else None, "validation": validation}
        evaluations = {name: evaluate(self.model, self.loss, feed) for name, feed in feeds.items() if feed is not None}
        self.end_epoch(evaluations, totals.elapsed)

    def begin_fit(self, train: TrainingSource, epochs: int) -> None:
        """Prepare for the first epoch. Before the first step of all, optimiser, schedules and callbacks are reset.

        Raises ModelError where the batches are too small for the model, and ValueError for callbacks whose states
        would be saved under one key.
        """
        self.model.check_batch(min(self.batch_size, len(train)))
        stateful_by_key(self.callbacks)
        if not self.step:
            resettable: list[Optimizer | Rates | Callback] = [self.optimizer, self._rates, *self.callbacks]
            for item in resettable:
                item.reset()
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch(len(train), self.batch_size, self.model.min_batch_size)
        self.notify("on_fit_begin")

    def batches(self, train: TrainingSource) -> Iterator[NDArray[np.intp]]:
        """The indices of each batch of an epoch, in a new order; a last batch too small for the model is left out."""
        return batches(len(train), self.batch_size, self.streams.shuffle, self.model.min_batch_size)

    @property
    def unfinished(self) -> bool:
        """Whether an epoch is left to train, or to complete after an interruption."""
        return self.epoch_totals is not None or (self.epoch < self.epochs and not self.stopped)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Stop the clock and notify the callbacks when an exception breaks off the `with` block."""
        try:
            yield
        except BaseException:
            if self.epoch_totals is not None:
                self.epoch_totals.stop_clock()
            self.notify("on_exception")
            raise

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Count the time of the `with` block as spent on saving, not on the epoch."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            self.saving_seconds += seconds
            if self.epoch_totals is not None:
                self.epoch_totals.exclude(seconds)

    def begin_epoch(self) -> EpochTotals:
        """Prepare for the first batch of an epoch, or for the next one of an interrupted epoch; returns its totals."""
        if self.epoch_totals is None:
            self.epoch_totals = EpochTotals(self.streams.shuffle.bit_generator.state)
        self.streams.shuffle.bit_generator.state = self.epoch_totals.order
        self.epoch_totals.start_clock()
        return self.epoch_totals

    def remaining_batches(self, train: TrainingSource) -> Iterator[NDArray[np.intp]]:
        """The indices of the current epoch's batches, without those that have been trained on."""
        return islice(self.batches(train), self.epoch_totals.steps if self.epoch_totals else 0, None)

    def work(self, train: TrainingSource) -> int:
        """The work of one step's forward pass, in multiply-adds and values: see `Sequential.work`."""
        return min(self.batch_size, len(train)) * self.model.work()

    def train_step(self, x: Array, labels: Labels | Array) -> Array:
        """One forward pass, backward pass and update on a batch x (N, *sample_shape).

        labels: (N,), or soft targets (N, K) where the loss takes them. Returns the scores (N, outputs) of that pass.
        """
        self.begin_step(x, labels)
        scores = self.model.forward(x, train=True, rng=self.streams.draw)
        self.model.backward(self.loss_gradient(scores))
        self.model.release()  # so that the next step can use the memory again
        self.end_step(scores)
        return scores

    def begin_step(self, x: Array, labels: Labels | Array) -> None:
        """Before the forward pass: keep the batch, and set the learning rate and the momentum of this step."""
        self.batch = x, labels
        self._rates.apply(self.optimizer, self.step)

    def loss_gradient(self, scores: Array) -> Array:
        """After the forward pass: compute the batch's loss, notify the callbacks, and return dloss/dscores."""
        self.batch_loss = self.loss.forward(scores, self.batch[1])
        self.notify("on_loss")
        return self.loss.backward()

    def end_step(self, scores: Array) -> None:
        """After the backward pass: update the parameters, and count the batch, whose scores those were."""
        self.gradient_norm = update(self.model, self.optimizer, self.penalty, self.clip_norm, self.clip_value)
        self.step += 1
        if self.epoch_totals is not None:
            self.epoch_totals.add(self.loss.predict(scores), self.batch[1], self.batch_loss, self.gradient_norm)
        self.notify("on_step_end")

    def end_epoch(self, evaluations: Mapping[str, Evaluation], seconds: float) -> None:
        """After the last batch: write the epoch's record. evaluations: by split. seconds: that the epoch took."""
        totals, self.epoch_totals = self.epoch_totals, None
        assert totals is not None, "end_epoch without begin_epoch"
        self.epoch += 1
        self.remarks = [text for split, evaluation in evaluations.items() if (text := evaluation.remark(split))]
        figures = {"train": totals.figures()} | {split: e.figures() for split, e in evaluations.items()}
        self._rates.observe(figures.get("validation", figures["train"])["loss"])
        optimizer = self.optimizer
        record: Record = {"epoch": self.epoch, "step": self.step, "lr": optimizer.lr, "momentum": optimizer.momentum}
        record |= {"gradient_norm": totals.norms / totals.steps, "penalty": self.penalty.forward(self.model)}
        record |= {f"{split}_{name}": value for split, values in figures.items() for name, value in values.items()}
        self.history.append(record | {"seconds": seconds, "elapsed": self.elapsed + seconds})
        self.notify("on_epoch_end")

    @property
    def elapsed(self) -> float:
        """Seconds of training in the epochs that are done, including those before a resume."""
        return self.history[-1]["elapsed"] if self.history else 0.0

    def notify(self, hook: str) -> None:
        """Call the hook of this name of every callback, in order."""
        for callback in self.callbacks:
            getattr(callback, hook)(self)

    @property
    def _rates(self) -> Rates:
        return Rates(self.schedule, self.momentum_schedule)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and facts, saved after any step or epoch, from which `load` resumes to the same bits."""
        arrays = {f"model.{name}": value for name, value in self.model.arrays().items()}
        arrays |= {f"optimizer.{name}": value for name, value in self.optimizer.buffers.items()}
        facts: dict[str, Any] = {"epoch": self.epoch, "step": self.step, "stopped": self.stopped}
        facts |= {"history": self.history, "optimizer": self.optimizer.state(), "rng": self.streams.states()}
        facts["running"] = None if self.epoch_totals is None else self.epoch_totals.state()
        facts |= {"saving_seconds": self.saving_seconds, "schedules": self._rates.states()}
        callback_arrays, facts["callbacks"] = collect_states(self.callbacks)
        return arrays | callback_arrays, facts

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`. Raises CheckpointError when it is of another model or optimiser."""
        self.model.load(without_prefix("model", arrays))
        self.optimizer.load(without_prefix("optimizer", arrays), facts["optimizer"])
        self.epoch, self.step, self.stopped = facts["epoch"], facts["step"], facts["stopped"]
        self.history = History(jsontext.numbers(record) for record in facts["history"])
        self.streams.restore(facts["rng"])
        totals = facts.get("running")  # earlier versions saved between epochs only
        self.epoch_totals = None if totals is None else EpochTotals(**jsontext.numbers(totals))
        self.saving_seconds = facts.get("saving_seconds", 0.0)
        self._rates.load(facts["schedules"])
        if self.epoch_totals is not None:  # the epoch's record holds the rates of its last step, which may be this one
            self._rates.apply(self.optimizer, self.step - 1)
        restore_states(self.callbacks, arrays, facts["callbacks"])
