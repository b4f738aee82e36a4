"""The base class of augmentations: random numbers are drawn, and then applied to images."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BatchShape = tuple[int, ...]  # the shape of a batch, (N, H, W, C)


class Augmentation(ABC):
    """Changes a batch of images at random, each by numbers of its own. Pixels are float32 in 0 .. 255, channels last.

    kernel_name: the name of the same operation in the kernel `batch`; "" for one that the kernel does not have.
    """

    kernel_name: ClassVar[str] = ""

    @abstractmethod
    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """Draw all random numbers of a batch: a few for each image, (N, k)."""

    @abstractmethod
    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """Apply the numbers that `draw` gave to the images x (N, H, W, C); returns a new array."""

    def __call__(self, x: Floats, rng: np.random.Generator) -> Floats:
        """Change the images x (N, H, W, C) at random; returns a new array."""
        return self.apply(x, self.draw(x.shape, rng))
