"""What several tables of a study describe together: its data, its model and its solver.

A single table makes what it describes by itself: `table.make(...)`, see `backhand.study`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from backhand.data.augment.evaluation import NO_AUGMENT
from backhand.data.batches import steps_per_epoch
from backhand.data.dataset import CHUNK, Dataset, Splits
from backhand.data.feed import Feed
from backhand.data.shards import Shards
from backhand.data.standardize import Mode, Standardizer
from backhand.errors import CheckpointError, ModelError, StudyError
from backhand.experiments.cluster.places import local
from backhand.experiments.splits import StudySplits, inherited_scaling, load_study_splits
from backhand.files.paths import PathLike
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.study.augment import refuse_unfit_evaluation
from backhand.training import losses
from backhand.training.losses import Loss, regression_loss
from backhand.training.parallel.ranks import Ranks
from backhand.training.parallel.solver import ParallelSolver
from backhand.training.solver import Solver
from backhand.training.unfreezing import freeze_until
from backhand.weights import Transfer, transfer


@dataclass(frozen=True)
class Feeds:
    """The data of a study: the data set as its authors divided it, and the three splits as the solver reads them."""

    splits: Splits
    train: Feed
    test: Feed
    validation: Feed | None
    watched: dict[str, Feed] = field(default_factory=dict)  # old and new classes apart, where a network was extended

    @property
    def by_split(self) -> dict[str, Feed]:
        """The splits that there are, by name."""
        known = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: feed for name, feed in known.items() if feed is not None}

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """Samples per class, (K,), of each split; of a regression the number of samples alone, (1,)."""
        if self.splits.is_regression:
            return {name: np.array([len(feed)]) for name, feed in self.by_split.items()}
        K = len(self.splits.classes)
        return {name: np.bincount(feed.data.y, minlength=K) for name, feed in self.by_split.items()}

    def fingerprint(self) -> str:
        """sha256 over every sample, label and weight in order: a resumed run must meet the same data."""
        digest = hashlib.sha256()
        for feed in self.by_split.values():
            for start in range(0, len(feed), CHUNK):  # a chunk at a time: samples may be on disk
                digest.update(np.ascontiguousarray(feed.data.x[start : start + CHUNK]).data)
            digest.update(np.ascontiguousarray(feed.data.y).data)
            if feed.data.weights is not None:
                digest.update(np.ascontiguousarray(feed.data.weights).data)
        return digest.hexdigest()


def load_feeds(study: Study, data_dir: PathLike | None = None) -> Feeds:
    """Load, divide and scale. Raises DataError as the loaders do, and StudyError as `make_feeds` does."""
    return make_feeds(study, load_study_splits(study, data_dir))


def make_feeds(study: Study, raw: StudySplits) -> Feeds:
    """Scale the splits. The statistics come from the training split alone, or from the run that is extended.

    The weights of samples have the mean 1 in each split.

    Raises StudyError for augmentation or views that the samples do not allow.
    """
    splits, train = raw.splits, raw.train.weighed("all training samples")
    test = splits.test.weighed("all test samples")
    refuse_unfit_evaluation(study.train.evaluation_augment, train.x.shape[1:])
    if isinstance(splits.test.x, Shards) and study.train.evaluation_augment != NO_AUGMENT:
        raise StudyError("train.test_flips and train.test_shift need samples in memory, and these are on disk")
    standardizer = inherited_scaling(study) or Standardizer.fit(train.x, _mode(study, train), train.weights)
    standardizer.refuse_overflow(train.x, f"the train split of {splits.name}")
    fill = standardizer.mean.astype(np.float32)
    augment = study.data.augment.make(train.x.shape[1:], fill, len(splits.classes))
    held_out = None if raw.validation is None else raw.validation.weighed("all validation samples")
    validation = None if held_out is None else Feed(held_out, standardizer)
    watched = {name: Feed(samples, standardizer) for name, samples in raw.watched.items()}
    return Feeds(splits, Feed(train, standardizer, augment), Feed(test, standardizer), validation, watched)


def _mode(study: Study, train: Dataset) -> Mode:
    """The mode of standardisation. Features have no channels, so "channel" means "feature" for them."""
    mode = study.data.standardize
    return "feature" if mode == "channel" and not train.is_image else mode


def class_weights(study: Study, feeds: Feeds) -> tuple[float, ...]:
    """The weight of each class in the loss, from its training samples; empty where the study asks for none.

    Raises StudyError when there is not one number per class, or a class has no samples to derive its own from.
    """
    weights, classes, counts = study.train.class_weights, feeds.splits.classes, feeds.counts()["train"]
    if weights is None:
        return ()
    if isinstance(weights, tuple):
        if len(weights) != len(classes):
            raise StudyError(
                f"train.class_weights has {len(weights)} numbers for {len(classes)} classes; give one for each"
            )
        return weights
    if not counts.all():
        raise StudyError(
            f'class "{classes[int(counts.argmin())]}" has no training samples, so train.class_weights = "{weights}" '
            f"cannot weigh it; raise data.train_size, or give the weights as a list"
        )
    return losses.class_weights(counts, {"balanced": 1.0, "sqrt": 0.5}[weights])


def build_model(study: Study, sample_shape: tuple[int, ...], count: int) -> Sequential:
    """The model that the study names, with the initial weights of its seed, and frozen where the study says so.

    count: of the classes, or of the targets of a regression.
    Raises ModelError when layers do not fit each other, the samples or the classes, or none is there to be frozen.
    """
    try:
        outputs = study.train.make_loss().outputs(count)
    except ValueError as error:
        raise ModelError(f"train.loss: {error}") from error
    try:
        model = study.model.make(outputs, sample_shape).build(sample_shape, seed=study.seed)
    except ValueError as error:
        raise ModelError(f"model: {error}") from error
    if model.output_shape != (outputs,):
        raise ModelError(
            f"the model ends with layer {len(model.layers) - 1}, {model.layers[-1]}, of output shape "
            f"{model.output_shape}; {count} {'targets' if study.data.is_regression else 'classes'} with the loss "
            f"{study.train.loss} need ({outputs},)"
        )
    try:
        return model.freeze(*study.train.freeze) if study.train.freeze else model
    except ModelError as error:
        raise ModelError(f"train.freeze: {error}") from error


def model_for(study: Study, feeds: Feeds) -> Sequential:
    """`build_model` for the samples and the classes or targets of this data."""
    answers = feeds.splits.targets or feeds.splits.classes
    return build_model(study, feeds.train.data.x.shape[1:], len(answers))


def loss_for(study: Study, feeds: Feeds) -> Loss:
    """The loss of the training: with the weights of the classes, or with the mean and the deviation of the targets.

    Raises StudyError as `class_weights` does.
    """
    if not feeds.splits.is_regression:
        return study.train.make_loss(class_weights(study, feeds))
    loss = regression_loss(study.train.make_loss())
    train = feeds.train.data
    return loss.fitted(train.y, train.weights) if study.data.standardize_target else loss


def init_weights(study: Study, model: Sequential) -> Transfer | None:
    """Give the model the weights that train.init_from names, frozen layers too, or those of the run that it extends.

    None where the study names none. Raises CheckpointError when they cannot be read, or are of another model.
    """
    grow = study.extend is not None and not study.extend.afresh
    path = study.extend.run if study.extend is not None and grow else study.train.init_from
    if path is None:
        return None
    try:
        return replace(transfer(model, local(path), grow=grow), source=str(path))
    except CheckpointError as error:
        raise CheckpointError(f"{'extend.run' if grow else 'train.init_from'}: {error}") from error


def build_solver(study: Study, model: Sequential, feeds: Feeds, ranks: Ranks | None = None) -> Solver:
    """The solver that the study describes for this data; it has no callbacks yet.

    ranks: the processes that train together, this one among them; None where it trains alone.

    Raises StudyError where its batches are too small for the model, for a momentum that rises to 1, for layers that the
    model does not have, and for an epoch of train.unfreeze that never comes.
    """
    table = study.train
    check_batches(study, model, len(feeds.train))
    _check_layers(study, model)
    per_epoch = steps_per_epoch(len(feeds.train), table.batch_size, model.min_batch_size)
    optimizer = table.optimizer.make()
    momentum_table = table.momentum_schedule
    momentum = momentum_table.make(optimizer.momentum, per_epoch, table.epoch_count) if momentum_table else None
    if momentum and (peak := max(map(momentum, range(per_epoch * table.epoch_count)))) >= 1:
        raise StudyError(f"train.momentum_schedule rises to {peak:.3g}; a momentum must stay below 1")
    kind = Solver if ranks is None else partial(ParallelSolver, ranks=ranks, sync_batchnorm=table.sync_batchnorm)
    solver = kind(
        model,
        loss_for(study, feeds),
        optimizer,
        batch_size=table.batch_size,
        penalty=table.make_penalty(),
        schedule=table.schedule.make(optimizer.lr, per_epoch, table.epoch_count),
        momentum_schedule=momentum,
        clip_norm=table.clip_norm,
        clip_value=table.clip_value,
        evaluate_train=table.evaluate_train,
        accumulate=table.accumulate,
        precision=table.precision,
        layer_rates=table.layer_rates,
        unfreeze=table.unfrozen_at,
        average=None if table.average is None else table.average.make(table.epoch_count),
        metrics=table.metrics,
        seed=study.seed,
        data_seed=study.data_seed,
    )
    if isinstance(solver, ParallelSolver):
        solver.check_share(len(feeds.train))
    return solver


def _check_layers(study: Study, model: Sequential) -> None:
    """Raises StudyError, with the key, where train.layer_rates or train.unfreeze fits neither model nor epochs."""
    table = study.train
    with _key_in_errors("train.layer_rates"):
        for name in table.layer_rates:
            model.layers_named(name)
    if table.unfreeze:
        with _key_in_errors("train.unfreeze"):
            freeze_until(model.copy(), table.unfrozen_at, 1)
        last = max(table.unfrozen_at)
        if isinstance(table.epochs, int) and last > table.epochs:
            raise StudyError(
                f"train.unfreeze: epoch {last} never comes, because train.epochs is {table.epochs}; choose an earlier "
                f"one, or keep the layers frozen with train.freeze"
            )


@contextmanager
def _key_in_errors(key: str) -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        raise StudyError(f"{key}: {error}") from error


def check_batches(study: Study, model: Sequential, samples: int) -> None:
    """Raises StudyError where the batches that so many training samples give are too small for the model."""
    size = study.train.batch_size
    try:
        model.check_batch(min(size, samples))
    except ModelError as error:
        few = f"train.batch_size is {size}" if size <= samples else f"there is {samples} training sample"
        raise StudyError(f"{few}: {error}") from error
