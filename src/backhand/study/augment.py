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
    """The augmentations and their ranges. Each is off at its default, and each image draws values of its own."""

    flip: bool = False  # left to right, every second image
    crop: NonNegativeInt = 0  # pixels of padding
    rotate: Annotated[float, Field(ge=0, le=180)] = 0.0  # degrees
    shift: BelowOne = 0.0  # of the height and the width
    scale: BelowOne = 0.0  # of the size
    brightness: Fraction = 0.0
    contrast: Fraction = 0.0
    cutout: NonNegativeInt = 0  # pixels a side
    mixup: NonNegativeFloat = 0.0  # α of the Beta distribution

    def make(
        self, sample_shape: tuple[int, ...], mean: NDArray[np.float32], classes: int, name: str = "data.augment"
    ) -> Augment | None:
        """The augmentations in the order of the keys, or None where all are off.

        mean: of the training split, to fill a cutout with. name: of the table, as whoever reads an error knows it.
        Raises StudyError for samples that are not images, or are too small for the crop or the cutout.
        """
        if self == AugmentTable():
            return None
        if len(sample_shape) != 3:
            raise StudyError(
                f"{name} needs images, but the samples are rows of {sample_shape[0]} features; leave it out"
            )
        _fits(f"{name}.crop", self.crop, sample_shape, below=1)
        _fits(f"{name}.cutout", self.cutout, sample_shape)
        moves = {"rotate": self.rotate, "shift": self.shift, "scale": self.scale}
        steps: list[Augmentation] = [Flip()] if self.flip else []
        steps += [Crop(self.crop)] if self.crop else []
        steps += [Affine(**moves)] if any(moves.values()) else []
        steps += [Brightness(self.brightness)] if self.brightness else []
        steps += [Contrast(self.contrast)] if self.contrast else []
        steps += [Cutout(self.cutout, mean)] if self.cutout else []
        return Augment(tuple(steps), MixUp(self.mixup, classes) if self.mixup else None)


def refuse_unfit_evaluation(augment: EvaluationAugment, sample_shape: tuple[int, ...]) -> None:
    """Raise StudyError where samples cannot be flipped or shifted: rows of features, or images that are too small."""
    if augment == NO_AUGMENT:
        return
    if len(sample_shape) != 3:
        key = "test_flips" if augment.flips else "test_shift"
        raise StudyError(
            f"train.{key} needs images, but the samples are rows of {sample_shape[0]} features; leave it out"
        )
    _fits("train.test_shift", augment.shift, sample_shape, below=1)


def _fits(key: str, pixels: int, sample_shape: tuple[int, ...], below: int = 0) -> None:
    H, W, _ = sample_shape
    most = min(H, W) - below
    if pixels > most:
        raise StudyError(f"{key} is {pixels} pixels, but images of {H} x {W} pixels allow at most {most}; reduce it")
