"""A trained run as a classifier of image files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backhand.arrays import Array, pixels
from backhand.arrays.copies import Copyable
from backhand.data.augment.evaluation import NO_AUGMENT, EvaluationAugment
from backhand.data.formats.pictures import decode
from backhand.data.formats.resize import Resize
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import BackhandError, CheckpointError, DataError
from backhand.experiments.build import build_model
from backhand.experiments.run.record import finished_metrics
from backhand.experiments.run.saved import Facts, read_best
from backhand.experiments.settings import read_study
from backhand.files.names import BEST
from backhand.files.paths import PathLike, as_path
from backhand.model.sequential import Sequential
from backhand.training.evaluate import listed
from backhand.training.losses import Loss, finite_rows
from backhand.weights.run_status import has_status
from backhand.weights.source import refuse_diverged, without_weights


@dataclass(frozen=True)
class Classifier(Copyable):
    """The best weights of a run, with the scaling of its data and the names of its classes.

    remarks: sentences that a user of its answers must know.   resize: how its images came to their size.
    """

    model: Sequential
    loss: Loss
    standardizer: Standardizer
    classes: tuple[str, ...]
    sample_shape: tuple[int, ...]
    value_range: ValueRange  # of the samples that it was trained on
    evaluation_augment: EvaluationAugment = NO_AUGMENT  # the scores are the mean over these
    remarks: tuple[str, ...] = ()
    resize: Resize | None = None

    def read(self, path: PathLike, *, resize: bool = False) -> Array:
        """Read an image file as (H, W, C) uint8, in the size and colours of the training images; see `read_image`."""
        return read_image(path, self.sample_shape, resize=self.resize or resize)

    def predict_proba(self, images: Array) -> Array:
        """Raw samples (N, *sample_shape) -> (N, K), rows sum to 1; what the figures are: `loss.confidence`.

        Images are uint8, 0 to 255. DataError for samples of another shape, or that cannot be on the scale of those that
        the run was trained on: other numbers than uint8 for images, NaN, masked values, values far beyond those of the
        training, much brighter, or much closer together; and, naming the samples, where scores are not finite.
        """
        self.value_range.refuse_mismatch(images)
        self.standardizer.refuse_overflow(images, "the samples")
        with np.errstate(over="ignore", invalid="ignore"):  # the result is checked for overflow
            scores = [
                self.model.predict(self.standardizer.transform(variant))
                for variant in self.evaluation_augment.variants_of(images)
            ]
            mean = np.mean(scores, axis=0)
        if len(not_finite := np.flatnonzero(~finite_rows(mean))):
            raise DataError(
                f"the scores of {listed(not_finite)} are not finite, which gives no class; check the values"
            )
        return self.loss.predict_proba(mean)


def load_classifier(run: PathLike) -> Classifier:
    """The classifier that a run has saved, finished or not: see its `remarks`.

    run: the folder of the run.
    Raises CheckpointError when the folder is no run, its training diverged, or it has no best weights yet, damaged ones
    or such as are not finite.
    """
    run = as_path(run)
    refuse_diverged(run)
    if not (run / BEST).exists():
        raise CheckpointError(without_weights(run))
    study = read_study(run)
    best = read_best(run)
    facts, shape = best.facts, best.facts.sample_shape
    model = build_model(study, shape, len(facts.classes))
    model.load(best.model)
    for name, value in model.arrays().items():
        if not np.isfinite(value).all():
            raise CheckpointError(f"{run / BEST}: {name} holds NaN or infinity; train the run again")
    return Classifier(
        model,
        study.train.make_loss(),
        Standardizer.from_arrays(best.standardizer),
        facts.classes,
        shape,
        _value_range(facts),
        study.train.evaluation_augment,
        _remarks(run, facts),
        None if facts.resize is None else Resize((shape[0], shape[1]), facts.resize),
    )


def _value_range(facts: Facts) -> ValueRange:
    """The range of the training samples, which is unknown in the files of earlier versions."""
    if facts.span is None:
        return ValueRange.unknown(facts.sample_shape)
    return ValueRange.from_facts(facts.sample_shape, facts.span.model_dump(exclude_none=True))


def _remarks(run: Path, facts: Facts) -> tuple[str, ...]:
    """A sentence where the run is not finished, has failed, or has a test result by which its answers mean little."""
    if has_status(run, "running"):
        return (f"{run} is not finished: these are its best weights so far, of epoch {facts.epoch}",)
    metrics = finished_metrics(run)
    if metrics is None or metrics.test is None:
        return ()
    test = metrics.test
    if failure := metrics.training.failure:
        return (f"the training of {run} failed. {failure}",)
    remarks = [test.remark] if test.remark else []
    largest = max(row.support for row in test.per_class) / test.count
    if test.interval[0] <= largest:
        remarks.append(
            f"{run} has learnt little: on test data it is right in {test.accuracy:.2%}, "
            f"and always naming the largest class would be in {largest:.2%}"
        )
    return tuple(remarks)


def read_image(path: PathLike, shape: tuple[int, ...], *, resize: Resize | bool = False) -> Array:
    """Read an image file as (H, W, C) uint8, in grey or RGB as the model takes it.

    resize: how the image is brought to this size, as in `Classifier.resize`; True stretches it.
    Raises DataError when it is missing, no image, or of another size and `resize` is not set.
    """
    if len(shape) != 3:
        raise BackhandError(f"this run was trained on {shape[0]} features, not on images; it cannot classify {path}")
    path, (H, W, C) = as_path(path), shape
    if C not in (1, 3):
        raise BackhandError(
            f"this run was trained on images of {C} channels, and picture files are read in 1 or 3; it cannot classify "
            f"{path}, but arrays of such images: Classifier.predict_proba"
        )
    scaling = Resize((H, W), "stretch") if resize is True else resize or None
    try:
        image = decode(path.read_bytes(), str(path), "L" if C == 1 else "RGB", scaling)
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder; name the images in it, as {path}/*.jpg") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if image.shape[:2] != (H, W):
        raise DataError(f"{path} is {pixels(image.shape)}, and the model takes {H} x {W}; pass --resize to scale it")
    return image
