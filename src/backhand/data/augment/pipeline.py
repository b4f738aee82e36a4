"""One batch through all augmentations, and mix-up, which changes the labels as well."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Samples

Floats = NDArray[np.float32]
Targets = NDArray[np.int64] | Floats  # labels (N,), or a share of every class (N, K)
Augmentation = Callable[[Floats, np.random.Generator], Floats]


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

    def __call__(self, x: Floats, labels: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
        """x (N, H, W, C), labels (N,) -> x of the same shape, targets (N, K) whose rows sum to 1."""
        share = rng.beta(self.alpha, self.alpha, (len(x), 1)).astype(np.float32)
        other = rng.permutation(len(x))
        flat, hot = x.reshape(len(x), -1), np.eye(self.classes, dtype=np.float32)[labels]
        mixed, targets = (share * a + (1 - share) * a[other] for a in (flat, hot))
        return mixed.reshape(x.shape), targets


@dataclass(frozen=True)
class Augment:
    """Augmentations one after the other, then mix-up."""

    steps: tuple[Augmentation, ...] = ()
    mixup: MixUp | None = None

    def __call__(self, x: Samples, labels: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Targets]:
        """Images (N, H, W, C) of values 0 .. 255 -> float32 of the same shape and range; labels, or soft targets."""
        y = x.astype(np.float32)
        for step in self.steps:
            y = step(y, rng)
        return (y, labels) if self.mixup is None else self.mixup(y, labels, rng)
