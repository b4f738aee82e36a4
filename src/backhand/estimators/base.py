"""What the classifier and the regressor have in common: parameters, fitting, and the network inside."""

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from backhand import backend
from backhand.arrays import Array
from backhand.data.batches import steps_per_epoch
from backhand.data.dataset import Dataset, Labels, Samples
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import BackhandError
from backhand.estimators import settings
from backhand.estimators.augmenting import augment_of
from backhand.estimators.fitted import Fitted
from backhand.estimators.inputs import Inputs
from backhand.estimators.ranges import check_parameters
from backhand.estimators.refusals import value_errors
from backhand.estimators.weights import read_weights
from backhand.predictors import Predictor
from backhand.training.losses import Loss
from backhand.training.penalty import L2
from backhand.training.solver import Solver

Index = NDArray[np.intp]
Feeds = tuple[Feed, Feed | None]  # of training, and of validation where samples are held out


class BackhandEstimator(Fitted):
    """The base of both estimators; `BackhandClassifier` and `BackhandRegressor` say what the parameters are."""

    _monitored: ClassVar[str]  # the figure of the validation split that early stopping watches

    # -- what a subclass says ------------------------------------------------------------------------------------------

    @abstractmethod
    def _read_targets(self, y: Any, *, reset: bool) -> Labels:
        """y as labels (N,) or targets (N, T); reset: whether the classes, or how many targets, are learnt from it."""

    @abstractmethod
    def _make_loss(self, y: Labels, weights: Array | None) -> Loss:
        """The loss of the training on these labels or targets; weights: (N,), of the samples, or None."""

    @abstractmethod
    def _outputs(self) -> int:
        """The number of classes or targets."""

    @abstractmethod
    def _split(self, y: Labels, seed: int) -> tuple[Index, Index]:
        """The indices of the training samples and of those held out for early stopping."""

    @abstractmethod
    def _make_predictor(self, shared: dict[str, Any]) -> Predictor:
        """The network with all that its answers need."""

    # -- fitting -------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the network on samples X with labels or targets y; returns the estimator.

        X: rows (N, F), images (N, H, W) or (N, H, W, C), or a table of pandas or polars, whose columns of text become
        columns of 0 and 1. sample_weight: (N,), how often each sample counts: one of 0 leaves the sample out.
        Raises ValueError for parameters, samples and labels that do not fit, which leaves an earlier fit as it was, and
        DivergenceError where the loss grows beyond all bounds.
        """
        with self._preparing():
            if self.warm_start and hasattr(self, "solver_"):
                feeds = self._next_feeds(X, y, sample_weight)
                self._start_rate(len(feeds[0]))
            else:
                feeds = self._first_feeds(X, y, sample_weight)
        return self._train(*feeds, epochs=self.max_iter)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, *, known: bool = False) -> Self:
        """Train one epoch on these samples; the first call prepares the network for them.

        known: whether the classes are known already.
        """
        with self._preparing():
            if self.early_stopping:
                raise ValueError("partial_fit does not support early_stopping=True, for which a fit holds samples out")
            if hasattr(self, "solver_"):
                feeds = self._next_feeds(X, y, sample_weight)
            else:
                feeds = self._first_feeds(X, y, sample_weight, known=known)
        return self._train(*feeds, epochs=1)

    @contextmanager
    def _preparing(self) -> Iterator[None]:
        """Check the parameters, and leave the estimator as it was where an exception breaks off the block."""
        before = dict(vars(self))
        try:
            with value_errors():
                check_parameters(self)
                yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _first_feeds(self, X: Any, y: Any, sample_weight: Any, *, known: bool = False) -> Feeds:
        """The feeds of a first fit, for whose samples the network is made."""
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.inputs_, x = Inputs.of(self, X)
        train, held = self._split_data(self._dataset(x, y, sample_weight, reset=not known))
        mode = self.standardize
        if mode == "auto":
            mode = "channel" if x.ndim > 2 else "feature"
        feeds = self._feeds(train, held, Standardizer.fit(train.x, mode, train.weights))
        self._prepare(feeds[0])
        return feeds

    def _next_feeds(self, X: Any, y: Any, sample_weight: Any) -> Feeds:
        """The feeds with which the training goes on from the weights that there are, on the scale of the first."""
        data = self._dataset(self.inputs_.samples(self, X), y, sample_weight, reset=False)
        feeds = self._feeds(*self._split_data(data), self.predictor_.standardizer)
        self.solver_.penalty = self._penalty(min(self.solver_.batch_size, len(feeds[0])))
        return feeds

    def _dataset(self, x: Samples, y: Any, sample_weight: Any, *, reset: bool) -> Dataset:
        """The samples of a weight above 0 with their labels, and with weights of mean 1, unless all are equal."""
        labels = self._read_targets(y, reset=reset)
        if len(x) != len(labels):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(x), len(labels)]}")
        weights = self._weights(labels, read_weights(sample_weight, len(x)))
        self._mean_weight = 1.0
        if weights is None:
            return Dataset(x, labels)
        kept = np.flatnonzero(weights)  # neither the scaling nor a batch is to have anything of the others
        data = Dataset(x[kept], labels[kept], weights[kept]).weighed("all samples")
        self._mean_weight = float(weights[kept].mean())
        return data if np.ptp(weights[kept]) else replace(data, weights=None)

    def _weights(self, labels: Labels, weights: Array | None) -> Array | None:
        """The weights of the samples, from those that the caller gave."""
        return weights

    def _split_data(self, data: Dataset) -> tuple[Dataset, Dataset | None]:
        """The samples to train on, and those held out for early stopping."""
        if not self.early_stopping:
            return data, None
        rest, held = self._split(data.y, self._seed)
        return data.take(rest), data.take(held)

    def _feeds(self, train: Dataset, held: Dataset | None, standardizer: Standardizer) -> Feeds:
        augment = augment_of(self.augment, train.x.shape[1:], standardizer, self._outputs())
        validation = None if held is None else Feed(held, standardizer, dtype=self.dtype)
        return Feed(train, standardizer, augment, self.dtype), validation

    def _prepare(self, train: Feed) -> None:
        """Make the network, its solver and the predictor for samples like these."""
        data, count = train.data, self._outputs()
        loss = self._make_loss(data.y, data.weights)
        outputs, shape = loss.outputs(count), data.x.shape[1:]
        model = settings.make_model(self, outputs, shape)
        try:
            model.build(shape, seed=self._seed, dtype=self.dtype)
        except BackhandError as error:
            raise ValueError(f"model: {error}") from None
        if model.output_shape != (outputs,):
            raise ValueError(f"the model ends with the shape {model.output_shape}; these targets need ({outputs},)")
        batch = min(200 if self.batch_size == "auto" else int(self.batch_size), len(train))
        self.solver_ = Solver(
            *(model, loss, settings.make_optimizer(self), max(batch, model.min_batch_size)),
            penalty=self._penalty(batch),
            clip_norm=self.clip_norm,
            shuffle=self.shuffle,
            seed=self._seed,
        )
        self._start_rate(len(train))
        shared = {"model": model, "loss": loss, "standardizer": train.standardizer, "encoding": self.inputs_.encoding}
        self.predictor_ = self._make_predictor(shared | {"value_range": ValueRange.fit(data.x)})

    def _penalty(self, batch: int) -> L2:
        """The penalty, which is shared among the samples of a batch, each as often as its weight says."""
        return L2(self.alpha / (batch * self._mean_weight))

    def _start_rate(self, samples: int) -> None:
        """Let the learning rate run its course from here on, in epochs of so many samples."""
        solver = self.solver_
        steps = steps_per_epoch(samples, solver.batch_size, solver.model.min_batch_size)
        solver.schedule = settings.make_schedule(self, samples, steps, solver.step)
        solver.optimizer.lr = self.learning_rate_init

    def _train(self, train: Feed, validation: Feed | None, *, epochs: int) -> Self:
        """Train for so many more epochs at most, and take over what the solver has recorded."""
        solver = self.solver_
        self.stopping_, solver.callbacks = settings.make_callbacks(self, self._monitored, validation is not None)
        solver.stopped, target = "", solver.epoch + epochs  # also where an earlier fit was to have more epochs
        try:
            with value_errors(), self._threads():
                solver.fit(train, validation, epochs=target)
        finally:
            solver.callbacks, solver.epoch_totals = (), None  # the next call may have other samples
            self._record()
        if not solver.stopped and target >= self.max_iter > 1 and self.tol > 0 and self.schedule is None:
            warnings.warn(
                f"the loss still fell in the last of {self.max_iter} epochs; raise max_iter, or set tol=0 if that is "
                f"what you want",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    def _threads(self) -> AbstractContextManager[None]:
        if self.n_jobs is None or self.n_jobs < 0:
            return nullcontext()
        return backend.using(backend.chosen(), threads=self.n_jobs)

    def _record(self) -> None:
        history = self.solver_.history
        self.loss_curve_ = [record["train_loss"] for record in history]
        self.loss_, self.best_loss_ = (self.loss_curve_ or [np.inf])[-1], min(self.loss_curve_, default=np.inf)
        self.n_iter_, self.t_ = len(history), self.solver_.step * self.solver_.batch_size
        self.validation_scores_ = self.best_validation_score_ = None
        if self.early_stopping and history and f"validation_{self._monitored}" in history[-1]:
            self.validation_scores_ = [record.get(f"validation_{self._monitored}") for record in history]
            self.best_validation_score_ = self.stopping_.best
