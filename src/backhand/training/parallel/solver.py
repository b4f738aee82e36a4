"""The solver of a process that trains together with others."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.data.feed import Batch, BatchSource, TrainingSource
from backhand.errors import BackhandWarning, DivergenceError, ModelError
from backhand.layers import BatchNorm
from backhand.model.sequential import Sequential
from backhand.training import micro_batches
from backhand.training.evaluate import Evaluation
from backhand.training.history import History
from backhand.training.micro_batches import Part, mean_loss
from backhand.training.parallel.ranks import Ranks
from backhand.training.parallel.share import Share, draw_share, evaluate_together
from backhand.training.parallel.sums import GradientSum, Report, StateMean
from backhand.training.solver import Solver
from backhand.training.streams import ShareGenerator


@dataclass(eq=False)
class ParallelSolver(Solver):
    """A solver on each of several processes, which take every step together, each on its share of the batch.

    All must be made alike, with the same data; `fit` gives each of them the weights, the state and the history of rank
    0. Callbacks are called on every process, after the sums: those that write or print belong on rank 0 alone, and one
    that ends the training must do so on all of them at the same step.

    ranks: the processes.   sync_batchnorm: normalise by the statistics of the whole batch, not of each share.
    interrupted: set at any moment, on any process, it has all of them call `on_interrupt` after the same step.
    accumulate: with as many micro-batches as there are ranks, or more, and as many threads on each rank, the result is
    nearly always the same to the bit for any number of ranks.
    `batch` and `batch_weights` are those of the share; `batch_loss` and `gradient_norm` of the whole batch.
    """

    _: KW_ONLY
    ranks: Ranks
    sync_batchnorm: bool = False
    on_interrupt: Callable[[], None] | None = None
    interrupted: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sync_batchnorm and self.accumulate > 1:
            raise ValueError(
                "sync_batchnorm needs whole batches, and accumulate divides them; leave out one of the two"
            )

    def fit(self, samples: Any, labels_or_validation: Any = None, *, epochs: int, validation: Any = None) -> History:
        """As `Solver.fit`, on every process. Raises ModelError for fewer samples in a batch than the ranks need."""
        norms = [layer for _, layer in self.model.walk() if isinstance(layer, BatchNorm)] if self.sync_batchnorm else []
        for layer in norms:
            layer.across = self._across
        self._ending = False
        try:
            with self._together():
                return super().fit(samples, labels_or_validation, epochs=epochs, validation=validation)
        finally:
            for layer in norms:
                layer.across = None

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Mark the ranks as busy until all of them leave the context: in the same step, where an exception ends it."""
        try:
            yield
        except DivergenceError:
            self.ranks.busy = False
            raise
        except KeyboardInterrupt:
            self.ranks.busy = self.ranks.busy and not self._ending
            raise
        self.ranks.busy = False

    def begin_fit(self, train: TrainingSource, epochs: int) -> None:
        """Prepare as `Solver.begin_fit` does, from the state of rank 0."""
        self.check_share(len(train))
        self.ranks.busy = True
        arrays, facts = self.ranks.broadcast(self.state() if self.ranks.leads else ({}, {}))
        if not self.ranks.leads:
            self.load(arrays, facts)
        super().begin_fit(train, epochs)
        self._gradients = GradientSum(self.ranks, self.model)
        self._states = StateMean(self.ranks, self.model)

    def check_share(self, samples: int) -> None:
        """Raise ModelError where the batches of so many training samples are too small for so many ranks."""
        batch, size, fewest = min(self.batch_size, samples), self.ranks.size, self._fewest
        if batch < fewest * size:
            each = f"{fewest} samples" if fewest > 1 else "a sample"
            raise ModelError(
                f"{size} ranks need batches of {fewest * size} samples or more, {each} for each, and these have "
                f"{batch}; start fewer ranks, or raise train.batch_size"
            )

    def draw(self, train: TrainingSource, index: NDArray[np.intp]) -> Batch:
        """The share of this process of the batch of the samples at these indices."""
        self._share = Share.of(len(index), self.ranks.rank, self.ranks.size, self.accumulate, self._fewest)
        return draw_share(train, index, self.streams.augment, self._share.samples)

    def evaluate(self, model: Sequential, feed: BatchSource) -> Evaluation:
        """The evaluation of a whole split, of which each process scores a part."""
        return evaluate_together(self.ranks, model, self.loss, feed)

    def propagate(self) -> Array:
        """Pass the share forward and backward, and add up gradients, loss and measures over all processes."""
        scores = self._pass_whole() if self.accumulate == 1 else self._pass_parts()
        reports = self._report.of_all(self._numbers(), [self.loss.measures() for _ in range(self.ranks.size)])
        self.batch_loss = mean_loss([part for report in reports for part in report.parts])
        self._measures = [report.measures for report in reports if report.parts]
        if self.epoch_totals is not None:
            self.epoch_totals.agree(reports[0].elapsed)
        if self.on_interrupt is not None and any(report.interrupted for report in reports):
            self._ending = True
            self.on_interrupt()
        self.notify("on_loss")
        return scores

    def _pass_whole(self) -> Array:
        """Pass the share through the model, and sum while it goes backward; returns the scores."""
        if self._gradients.parameters is not self.model.parameters:  # layers have begun to train
            self._gradients, self._states = GradientSum(self.ranks, self.model), StateMean(self.ranks, self.model)
        (x, labels), share = self.batch, self._share
        self._gradients.idle = not share.parts
        scores = self.model.forward(x, train=True, rng=ShareGenerator(self.streams.draw, share.samples.start))
        loss = self.loss.forward(scores, labels, self.batch_weights)
        self._tell([Part(len(x), loss)] if share.parts else [], scores)
        self._states.start(share.weight)
        gradient = self.loss.backward()
        gradient *= gradient.dtype.type(share.weight)
        self.model.backward(gradient, after=self._gradients.after)
        self.model.release()
        self._gradients.finish()
        self._states.finish()
        return scores

    def _pass_parts(self) -> Array:
        """Pass the share through the model in micro-batches, and sum then; returns the scores."""
        share = self._share
        scores, losses, sums = micro_batches.run(self, share.parts, share.samples.start, share.total)
        self._tell(losses, scores)
        request = self.ranks.start_sum(sums.states)
        self.ranks.sum(sums.gradients)
        request.Wait()
        sums.write(share.total)
        return scores

    def _tell(self, parts: list[Part], scores: Array) -> None:
        """Begin to tell all processes the losses of the share, and what is measured on its scores."""
        measures = self.loss.measures()
        measures.add(self.loss.predict(scores), self.batch[1])
        elapsed = 0.0 if self.epoch_totals is None else self.epoch_totals.running
        self._report = Report(parts, measures, self._share.rows, elapsed, self.interrupted)
        self._numbers = self.ranks.start_gather(self._report.numbers())

    def count(self, scores: Array) -> None:
        """Add the whole batch to the totals of the epoch, and the parameters to the average."""
        if self.average is not None:
            self.average.on_step(self.model)
        if self.epoch_totals is not None:
            self.epoch_totals.merge(self._measures, self._share.total, self.batch_loss, self.gradient_norm)

    def end_epoch(self, evaluations: Mapping[str, Evaluation], seconds: float) -> None:
        """After the last batch: see that all processes have the same weights, and write the record of the epoch."""
        self._equalise()
        super().end_epoch(evaluations, self.ranks.broadcast(seconds))

    @property
    def _fewest(self) -> int:
        """The number of samples that a share needs at least."""
        return 1 if self.sync_batchnorm else self.model.min_batch_size

    def _across(self, sums: Array) -> Array:
        """Add up what batch normalisation sums over a batch; a process without samples adds nothing."""
        if not self._share.parts:
            sums[...] = 0
        return self.ranks.sum(sums)

    def _equalise(self) -> None:
        """Give all processes the weights of rank 0 where they differ: unlike processors may round differently."""
        buffers = self.optimizer.buffers
        arrays = self.model.arrays() | {f"optimizer.{name}": buffer for name, buffer in buffers.items()}
        digest = 0
        for array in arrays.values():
            digest = crc32(np.ascontiguousarray(array).data, digest)
        if len({*self.ranks.gather(digest)}) == 1:
            return
        for name, array in self.ranks.broadcast(arrays if self.ranks.leads else {}).items():
            arrays[name][...] = array
        if self.ranks.leads:
            warnings.warn(
                f"the weights of the ranks differed in their last digits in epoch {self.epoch + 1}, as on hosts with "
                f"different processors; all go on from those of rank 0",
                BackhandWarning,
                stacklevel=2,
            )
