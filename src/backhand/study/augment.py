"""The `data.augment` table: what is done at random to the images of a training batch."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, NonNegativeInt

from backhand.data.augment import Affine, Augment, Augmentation, Brightness, Contrast, Crop, Cutout, Flip, MixUp
from backhand.data.augment.evaluation import NO_AUGMENT, EvaluationAugment
from backhand.errors import StudyError
from backhand.study.table import Table

Fraction = Annotated[float, Field(ge=0, le=1)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]


class AugmentTable(Table):
    """Each key is off at its default. Ranges are either way, and every image draws its own values."""

    flip: bool = False  # left to right, every second image
    crop: NonNegativeInt = 0  # pixels of padding
    rotate: Annotated[float, Field(ge=0, le=180)] = 0.0  # degrees
    shift: BelowOne = 0.0  # of the height and the width
    scale: BelowOne = 0.0  # of the size
    brightness: Fraction = 0.0
    contrast: Fraction = 0.0
    cutout: NonNegativeInt = 0  # pixels a side
    mixup: NonNegativeFloat = 0.0  # α of the Beta distribution


def make_augment(
    table: AugmentTable, sample_shape: tuple[int, ...], mean: NDArray[np.float32], classes: int
) -> Augment | None:
    """The augmentations of the table in the order of its keys, or None where all are off.

    mean: of the training part, what a cutout is filled with.
    Raises StudyError for samples that are no images, or too small for the crop or the cutout.
    """
    if table == AugmentTable():
        return None
    if len(sample_shape) != 3:
        raise StudyError(
            f"data.augment changes images, and the samples of this data are rows of {sample_shape[0]} features; "
            f"leave it out"
        )
    _fits("data.augment.crop", table.crop, sample_shape, below=1)
    _fits("data.augment.cutout", table.cutout, sample_shape)
    moves = {"rotate": table.rotate, "shift": table.shift, "scale": table.scale}
    steps: list[Augmentation] = [Flip()] if table.flip else []
    steps += [Crop(table.crop)] if table.crop else []
    steps += [Affine(**moves)] if any(moves.values()) else []
    steps += [Brightness(table.brightness)] if table.brightness else []
    steps += [Contrast(table.contrast)] if table.contrast else []
    steps += [Cutout(table.cutout, mean)] if table.cutout else []
    return Augment(tuple(steps), MixUp(table.mixup, classes) if table.mixup else None)


def refuse_unfit_evaluation(augment: EvaluationAugment, sample_shape: tuple[int, ...]) -> None:
    """Raise StudyError where samples cannot be seen so: rows of features, or images too small for the shift."""
    if augment == NO_AUGMENT:
        return
    if len(sample_shape) != 3:
        key, does = ("test_flips", "mirrors") if augment.flips else ("test_shift", "moves")
        raise StudyError(
            f"train.{key} {does} images, and the samples of this data are rows of {sample_shape[0]} features; "
            f"leave it out"
        )
    _fits("train.test_shift", augment.shift, sample_shape, below=1)


def _fits(key: str, pixels: int, sample_shape: tuple[int, ...], below: int = 0) -> None:
    H, W, _ = sample_shape
    most = min(H, W) - below
    if pixels > most:
        raise StudyError(f"{key} is {pixels} pixels, and images of {H} x {W} allow at most {most}")
