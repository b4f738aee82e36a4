"""The pipeline of all augmentations of a batch, and mix-up, which changes the labels as well."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.data.augment.base import Augmentation, Floats
from backhand.data.dataset import Samples

Targets = NDArray[np.int64] | Floats  # labels (N,), or a share of every class (N, K)
Partners = tuple[Floats, NDArray[np.int64]]  # the share λ of each image (N,), and the image that it is mixed with (N,)


@dataclass(frozen=True)
class MixUp:
    """Each image and its one-hot target are mixed with those of another image of the batch.

        x_n <- λ_n x_n + (1 - λ_n) x_π(n)        λ_n ~ Beta(α, α), π one random permutation of the batch

    α -> 0 leaves images as they are, α = 1 draws λ uniformly.   classes: K.   ValueError for α <= 0 or K < 2.
    Source: Zhang et al. 2018, arXiv:1710.09412.
    """

    alpha: float
    classes: int

    def __post_init__(self) -> None:
        if not (self.alpha > 0 and self.classes > 1):
            raise ValueError(f"mix-up needs alpha > 0 and 2 classes or more, not {self.alpha} and {self.classes}")

    def draw(self, N: int, rng: np.random.Generator) -> Partners:
        """Draw λ and π for N images."""
        return rng.beta(self.alpha, self.alpha, N).astype(np.float32), rng.permutation(N)

    def apply(self, x: Floats, partners: Partners) -> Floats:
        """Mix the images or targets x (N, ...) with their partners."""
        share, other = partners[0][:, None], partners[1]
        flat = x.reshape(len(x), -1)
        return (share * flat + (1 - share) * flat[other]).reshape(x.shape)

    def targets(self, labels: NDArray[np.int64], partners: Partners) -> Floats:
        """The soft targets (N, K) of mixed images with these labels (N,); each row sums to 1."""
        return self.apply(np.eye(self.classes, dtype=np.float32)[labels], partners)

    def __call__(self, x: Floats, labels: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Mix the images x (N, H, W, C) with labels (N,) at random; returns images and targets (N, K)."""
        partners = self.draw(len(x), rng)
        return self.apply(x, partners), self.targets(labels, partners)


@dataclass(frozen=True)
class Augment:
    """Augmentations in turn, followed by mix-up where it is given."""

    steps: tuple[Augmentation, ...] = ()
    mixup: MixUp | None = None

    def __call__(self, x: Samples, labels: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Targets]:
        """Augment images (N, H, W, C) of values 0 .. 255; returns float32 images, and labels or soft targets."""
        y = x.astype(np.float32)
        for step in self.steps:
            y = step(y, rng)
        return (y, labels) if self.mixup is None else self.mixup(y, labels, rng)
