"""What an augmentation is: numbers that are drawn, and what they do to images."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BatchShape = tuple[int, ...]  # the shape of a batch, (N, H, W, C)


class Augmentation(ABC):
    """Changes a batch of images at random. Pixels are float32 in 0 .. 255, channels last; each image draws for itself.

    kernel_name: what the kernel `batch` calls `apply`, if it knows it; with another `apply`, it has to be "".
    """

    kernel_name: ClassVar[str] = ""

    @abstractmethod
    def draw(self, shape: BatchShape, rng: np.random.Generator) -> Floats:
        """All that is random: a few numbers for each image, (N, k)."""

    @abstractmethod
    def apply(self, x: Floats, numbers: Floats) -> Floats:
        """x (N, H, W, C) -> a new array of the same shape."""

    def __call__(self, x: Floats, rng: np.random.Generator) -> Floats:
        """x (N, H, W, C) -> a new array of the same shape."""
        return self.apply(x, self.draw(x.shape, rng))
