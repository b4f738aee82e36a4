"""Augmentation changes the images of a batch at random during training, so that no image is seen twice alike."""

from backhand.data.augment.base import Augmentation
from backhand.data.augment.geometry import Affine, Crop, Flip, affine
from backhand.data.augment.pipeline import Augment, MixUp
from backhand.data.augment.pixels import Brightness, Contrast, Cutout

__all__ = ["Affine", "Augment", "Augmentation", "Brightness", "Contrast", "Crop", "Cutout", "Flip", "MixUp", "affine"]
