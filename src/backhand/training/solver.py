"""The solver: the loop over epochs and batches that trains a model."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand import backend
from backhand.arrays import Array
from backhand.data.batches import batches, steps_per_epoch
from backhand.data.feed import Batch, BatchSource, TrainingSource
from backhand.data.sources import sources_of
from backhand.errors import ModelError
from backhand.model.sequential import Sequential
from backhand.training import solver_state
from backhand.training.averages import WeightAverage
from backhand.training.callback import Callback
from backhand.training.epoch import EpochTotals
from backhand.training.evaluate import Evaluation, evaluate
from backhand.training.history import History, Record
from backhand.training.optimizers import Optimizer
from backhand.training.rates import Rates
from backhand.training.score_metrics import Metrics, by_name
from backhand.training.stateful import stateful_by_key
from backhand.training.stepper import Stepper
from backhand.training.unfreezing import ByEpoch, freeze_until

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Solver(Stepper):
    """Minimises loss + penalty over mini-batches.

    `history` has one record per epoch; a callback that sets `stopped` to a reason ends the fit after the current step.
    A `fit` to more epochs than the one before goes on from there; a training resumed from such a state stays ended.

    model, loss, optimizer, penalty: what is trained, what is minimised, and how.
    batch_size: samples per step.
    schedule, momentum_schedule: step -> value, of the learning rate and of the momentum; None keeps the optimiser's.
    clip_norm: the largest Euclidean norm of all gradients together, to which a larger one is scaled down.
    clip_value: the largest absolute value of each gradient, to which larger ones are cut, before `clip_norm`.
    evaluate_train: evaluate the training split after each epoch; else its figures are means over the batches trained.
    accumulate: micro-batches of which a batch consists, to save memory; only batch normalisation tells the difference.
    precision: of products in training, "float32" or "bfloat16"; evaluations are in float32.
    layer_rates: multiples of the learning rate by the name of a layer, or a range of layers, as `freeze` takes them.
    unfreeze: layers by the epoch, counted from 1, at which they begin to train; they are frozen before it.
    average: of the weights, which is evaluated and kept in place of the trained weights.
    metrics: further figures of every evaluation: names, such as "macro_f1", or functions of an `Evaluation` by name.
    seed: of all that is drawn in the training, such as dropout masks.
    data_seed: of the order of the samples and of their augmentation; None: as `seed`.
    shuffle: whether the samples are in a new order in each epoch.   callbacks: their hooks are called in this order.
    Raises ValueError for a batch size below 1, and BackhandError for an unknown precision, and for metrics that are
    unknown, taken, or for classes.
    """

    _: KW_ONLY
    evaluate_train: bool = False
    shuffle: bool = True
    unfreeze: ByEpoch = field(default_factory=dict)
    average: WeightAverage | None = None
    metrics: Metrics = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.history = History()
        self.epoch = self.epochs = self.steps_per_epoch = 0
        self.stopped = ""
        self.remarks: list[str] = []  # sentences that qualify the latest epoch's figures
        self.saving_seconds = 0.0  # including before a resume
        self.epoch_totals: EpochTotals | None = None  # None between epochs
        self._averaged: Sequential | None = None  # with the averaged weights, where there is an average
        self._metrics = by_name(self.metrics, self.loss)

    def fit(self, samples: Any, labels_or_validation: Any = None, *, epochs: int, validation: Any = None) -> History:
        """Train until `epochs` epochs are done in all, or a callback stops it; returns the history.

        samples: a `Feed` or another `TrainingSource`; arrays (N, ...) as the model takes them, also on disk, with their
        labels as the second argument; a pair (x, y); or a data set of PyTorch or Hugging Face.
        validation: the same for validation, or None; with a feed it may be the second argument.
        Raises DataError for samples without labels, ModelError where the batches are too small for the model, and
        whatever a callback raises.
        """
        train, held_out = sources_of(samples, labels_or_validation, validation)
        # NumPy's warnings would only repeat what the divergence guard says better.
        with np.errstate(over="ignore", invalid="ignore"), self.guarded():
            self.begin_fit(train, epochs)
            while self.unfinished:
                self.train_epoch(train, held_out)
            if self.average is not None:
                self.model.load(self.average.model(self.model, train, self.batch_size).arrays())
            self.notify("on_fit_end")
        log.info("%d steps in %.2f s; %s", self.step, self.elapsed, self.stopped or "all epochs are done")
        backend.trim()
        return self.history

    def train_epoch(self, train: TrainingSource, validation: BatchSource | None) -> None:
        """Train one epoch, or the rest of an epoch that was interrupted, and evaluate the model."""
        totals = self.begin_epoch()
        for index in self.remaining_batches(train):
            if self.stopped:
                break
            self.train_step(*self.draw(train, index))
        self._average(train)
        model = self._averaged or self.model
        feeds = {"train": train if self.evaluate_train else None, "validation": validation}
        evaluations = {name: self.evaluate(model, feed) for name, feed in feeds.items() if feed is not None}
        self.end_epoch(evaluations, totals.elapsed)

    def draw(self, train: TrainingSource, index: NDArray[np.intp]) -> Batch:
        """The next batch, of the samples at these indices."""
        return train.draw(index, self.streams.augment)

    def evaluate(self, model: Sequential, feed: BatchSource) -> Evaluation:
        """How well a model does on a split after an epoch."""
        return evaluate(model, self.loss, feed)

    def _average(self, train: TrainingSource) -> None:
        """Take the epoch into the average of the weights, where there is one."""
        if self.average is not None:
            self.average.on_epoch(self.model, self.epoch + 1)
            self._averaged = self.average.model(self.model, train, self.batch_size)

    def weights(self) -> dict[str, Array]:
        """Copies of the parameters and states, by name, that the latest evaluation was of."""
        return (self._averaged or self.model).snapshot()

    def begin_fit(self, train: TrainingSource, epochs: int) -> None:
        """Prepare for the first epoch. Before the first step of all, optimiser, schedules and callbacks are reset.

        Between epochs, the averaged weights are made again from the average, which a saved state may have brought.
        Raises ModelError for a model that is not built, or where the batches are too small for it, and ValueError for
        callbacks whose states would be saved under one key.
        """
        if not self.model.output_shape:
            raise ModelError(
                "the model must be built before it is trained; call model.build with the shape of a sample"
            )
        self.model.check_batch(min(self.batch_size, len(train)))
        stateful_by_key(self.callbacks)
        if not self.step:
            resettable: list[Optimizer | Rates | Callback] = [self.optimizer, self.rates, *self.callbacks]
            for item in resettable:
                item.reset()
            if self.average is not None:
                self.average.reset()
            freeze_until(self.model, self.unfreeze, 1)
        elif self.average is not None and self.epoch_totals is None:
            self._averaged = self.average.model(self.model, train, self.batch_size)
        if 0 < self.epochs < epochs:  # more is wanted than of the fit that was stopped
            self.stopped = ""
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch(len(train), self.batch_size, self.model.min_batch_size)
        samples, size = len(train), self.batch_size
        log.info("epochs %d to %d on %d samples, in batches of %d", self.epoch + 1, epochs, samples, size)
        self.notify("on_fit_begin")

    def batches(self, train: TrainingSource) -> Iterator[NDArray[np.intp]]:
        """The indices of each batch of an epoch, in a new order; a last batch too small for the model is left out."""
        rng = self.streams.shuffle if self.shuffle else None
        return batches(len(train), self.batch_size, rng, self.model.min_batch_size)

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
            self.epoch_totals = EpochTotals(self.streams.shuffle.bit_generator.state, self.loss.measures())
            if self.epoch and self.epoch + 1 in self.unfreeze:
                freeze_until(self.model, self.unfreeze, self.epoch + 1)
                self.optimizer.reset()
        self.streams.shuffle.bit_generator.state = self.epoch_totals.order
        self.epoch_totals.start_clock()
        return self.epoch_totals

    def remaining_batches(self, train: TrainingSource) -> Iterator[NDArray[np.intp]]:
        """The indices of the current epoch's batches, without those that have been trained on."""
        return islice(self.batches(train), self.epoch_totals.steps if self.epoch_totals else 0, None)

    def count(self, scores: Array) -> None:
        """Add a batch to the totals of the epoch, and its parameters to the average."""
        if self.average is not None:
            self.average.on_step(self.model)
        if self.epoch_totals is not None:
            predictions = self.loss.predict(scores)
            self.epoch_totals.add(predictions, self.batch[1], self.batch_loss, self.gradient_norm)

    def end_epoch(self, evaluations: Mapping[str, Evaluation], seconds: float) -> None:
        """After the last batch: write the epoch's record. evaluations: by split. seconds: that the epoch took."""
        totals, self.epoch_totals = self.epoch_totals, None
        assert totals is not None, "end_epoch without begin_epoch"
        self.epoch += 1
        self.remarks = [text for split, evaluation in evaluations.items() if (text := evaluation.remark(split))]
        figures = {"train": totals.figures()} | {split: self._figures(e) for split, e in evaluations.items()}
        self.rates.observe(figures.get("validation", figures["train"])["loss"])
        optimizer = self.optimizer
        record: Record = {"epoch": self.epoch, "step": self.step, "lr": optimizer.lr, "momentum": optimizer.momentum}
        record |= {"gradient_norm": totals.norms / totals.steps, "penalty": self.penalty.forward(self.model)}
        record |= {f"{split}_{name}": value for split, values in figures.items() for name, value in values.items()}
        self.history.append(record | {"seconds": seconds, "elapsed": self.elapsed + seconds})
        log.debug("epoch %d in %.2f s: training loss %.4g", self.epoch, seconds, figures["train"]["loss"])
        self.notify("on_epoch_end")

    def _figures(self, evaluation: Evaluation) -> dict[str, float]:
        return evaluation.figures() | {name: metric(evaluation) for name, metric in self._metrics.items()}

    @property
    def elapsed(self) -> float:
        """Seconds of training in the epochs that are done, including those before a resume."""
        return self.history[-1]["elapsed"] if self.history else 0.0

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Arrays and facts, saved after any step or epoch, from which `load` resumes to the same bits."""
        return solver_state.save(self)

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`. Raises CheckpointError when it is of another model or optimiser."""
        solver_state.load(self, arrays, facts)
        self.epochs, self._averaged = 0, None  # of an earlier fit
