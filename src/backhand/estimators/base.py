"""What the classifier and the regressor have in common: parameters, fitting, and the network inside."""

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from backhand import backend
from backhand.arrays import Array
from backhand.data.dataset import Dataset, Labels, Samples
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import BackhandError, DivergenceError
from backhand.estimators import settings
from backhand.estimators.augmenting import augment_of
from backhand.estimators.inputs import Inputs
from backhand.estimators.parameters import Parameters
from backhand.files.paths import PathLike
from backhand.predictors import Predictor
from backhand.training.losses import Loss
from backhand.training.penalty import L2
from backhand.training.solver import Solver

Index = NDArray[np.intp]


class BackhandEstimator(Parameters):
    """The base of both estimators; `BackhandClassifier` and `BackhandRegressor` say what the parameters are."""

    _monitored: ClassVar[str]  # the figure of the validation split that early stopping watches

    # -- what a subclass says ------------------------------------------------------------------------------------------

    @abstractmethod
    def _read_targets(self, y: Any, *, reset: bool) -> Labels:
        """y as labels (N,) or targets (N, T); reset: whether the classes, or how many targets, are learnt from it."""

    @abstractmethod
    def _make_loss(self, y: Labels) -> Loss:
        """The loss of the training on these labels or targets."""

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
        columns of 0 and 1. sample_weight: (N,), of the samples in the loss; one of 0 leaves the sample out.
        Raises ValueError for parameters, samples and labels that do not fit, and DivergenceError where the loss grows
        beyond all bounds.
        """
        if self.warm_start and hasattr(self, "solver_"):
            return self._go_on(X, y, sample_weight, epochs=self.max_iter)
        self.inputs_, x = Inputs.of(self, X)
        data = self._dataset(x, y, sample_weight, reset=True)
        train, validation = self._feeds(data)
        self._prepare(train)
        return self._train(train, validation, epochs=self.max_iter)

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, *, known: bool = False) -> Self:
        """Train one epoch on these samples; the first call prepares the network for them.

        known: whether the classes are known already.
        """
        if hasattr(self, "solver_"):
            return self._go_on(X, y, sample_weight, epochs=1)
        self.inputs_, x = Inputs.of(self, X)
        train, _ = self._feeds(self._dataset(x, y, sample_weight, reset=not known))
        self._prepare(train)
        return self._train(train, None, epochs=1)

    def _go_on(self, X: Any, y: Any, sample_weight: Any, *, epochs: int) -> Self:
        """Train on from the weights that there are, on the scale of the first samples."""
        x = self.inputs_.samples(self, X)
        data = self._dataset(x, y, sample_weight, reset=False)
        return self._train(*self._feeds(data, self.predictor_.standardizer), epochs=epochs)

    def _dataset(self, x: Samples, y: Any, sample_weight: Any, *, reset: bool) -> Dataset:
        labels = self._read_targets(y, reset=reset)
        if len(x) != len(labels):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(x), len(labels)]}")
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, x, ensure_non_negative=True)
        weights = self._weights(labels, weights)
        if weights is None:
            return Dataset(x, labels)
        kept = np.flatnonzero(weights)  # neither the scaling nor a batch is to have anything of the others
        try:
            return Dataset(x[kept], labels[kept], weights[kept]).weighed("all samples")
        except BackhandError as error:
            raise ValueError(str(error)) from None

    def _weights(self, labels: Labels, weights: Array | None) -> Array | None:
        """The weights of the samples in the loss, in proportion, from those that the caller gave."""
        return weights

    def _feeds(self, data: Dataset, standardizer: Standardizer | None = None) -> tuple[Feed, Feed | None]:
        """The feeds of training and, for early stopping, of validation; standardizer: that of an earlier fit."""
        if standardizer is None:
            self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        held: Dataset | None = None
        if self.early_stopping:
            rest, drawn = self._split(data.y, self._seed)
            data, held = data.take(rest), data.take(drawn)
        standardizer = standardizer or self._standardizer(data.x)
        augment = augment_of(self.augment, data.x.shape[1:], standardizer, self._outputs())
        return Feed(data, standardizer, augment), None if held is None else Feed(held, standardizer)

    def _standardizer(self, x: Samples) -> Standardizer:
        mode = self.standardize
        if mode == "auto":
            mode = "channel" if x.ndim > 2 else "feature"
        try:
            return Standardizer.fit(x, mode)
        except BackhandError as error:
            raise ValueError(str(error)) from None

    def _prepare(self, train: Feed) -> None:
        """Make the network, its solver and the predictor for samples like these."""
        loss, shape, count = self._make_loss(train.data.y), train.data.x.shape[1:], self._outputs()
        outputs = loss.outputs(count)
        model = settings.make_model(self, outputs, shape)
        try:
            model.build(shape, seed=self._seed)
        except BackhandError as error:
            raise ValueError(f"model: {error}") from None
        if model.output_shape != (outputs,):
            raise ValueError(f"the model ends with the shape {model.output_shape}; these targets need ({outputs},)")
        batch = min(200, len(train)) if self.batch_size == "auto" else min(int(self.batch_size), len(train))
        self.solver_ = Solver(
            *(model, loss, settings.make_optimizer(self), max(batch, model.min_batch_size)),
            penalty=L2(self.alpha / max(batch, 1)),
            clip_norm=self.clip_norm,
            shuffle=self.shuffle,
            seed=self._seed,
        )
        per_epoch = -(-len(train) // self.solver_.batch_size)
        self.solver_.schedule = settings.make_schedule(self, per_epoch, len(train))
        shared = {"model": model, "loss": loss, "standardizer": train.standardizer, "encoding": self.inputs_.encoding}
        self.predictor_ = self._make_predictor(shared | {"value_range": ValueRange.fit(train.data.x)})

    def _train(self, train: Feed, validation: Feed | None, *, epochs: int) -> Self:
        """Train for so many more epochs at most, and take over what the solver has recorded."""
        solver = self.solver_
        self.stopping_, solver.callbacks = settings.make_callbacks(self, self._monitored, validation is not None)
        solver.stopped, target = "", solver.epoch + epochs  # also where an earlier fit was to have more epochs
        try:
            with self._threads():
                solver.fit(train, validation, epochs=target)
        except DivergenceError as error:
            raise DivergenceError(settings.in_parameters(str(error))) from None
        solver.callbacks = ()
        self._record(target)
        return self

    def _threads(self) -> AbstractContextManager[None]:
        if self.n_jobs is None or self.n_jobs < 0:
            return nullcontext()
        return backend.using(backend.chosen(), threads=self.n_jobs)

    def _record(self, target: int) -> None:
        history = self.solver_.history
        self.loss_curve_ = [record["train_loss"] for record in history]
        self.loss_, self.best_loss_ = self.loss_curve_[-1], min(self.loss_curve_)
        self.n_iter_, self.t_ = len(history), self.solver_.step * self.solver_.batch_size
        self.validation_scores_ = self.best_validation_score_ = None
        if self.early_stopping and f"validation_{self._monitored}" in history[-1]:
            self.validation_scores_ = [record.get(f"validation_{self._monitored}") for record in history]
            self.best_validation_score_ = self.stopping_.best
        if not self.solver_.stopped and target >= self.max_iter > 1 and self.tol > 0 and self.schedule is None:
            warnings.warn(
                f"the loss still fell in the last of {self.max_iter} epochs; raise max_iter, or set tol=0 if that is "
                f"what you want",
                ConvergenceWarning,
                stacklevel=4,
            )

    # -- the network inside --------------------------------------------------------------------------------------------

    def _scores(self, X: Any) -> Array:
        check_is_fitted(self)
        return self.predictor_.scores(self.inputs_.samples(self, X))

    @property
    def coefs_(self) -> list[Array]:
        """The weights (I, O) of the linear layers and the kernels of convolutions, from the first layer on."""
        return [p.value for p in self.solver_.model.parameters if p.name.endswith(".weight")]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of the same layers."""
        return [p.value for p in self.solver_.model.parameters if p.name.endswith(".bias")]

    @property
    def history_(self) -> Sequence[dict[str, float]]:
        """One record per epoch: see `Solver.history`."""
        return self.solver_.history

    def save(self, path: PathLike) -> None:
        """Write the fitted network to one file, from which `backhand.load_model` gives a predictor of the same answers.

        Raises NotFittedError before `fit`, and errors as `Predictor.save` does.
        """
        check_is_fitted(self)
        self.predictor_.save(path)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "solver_")
