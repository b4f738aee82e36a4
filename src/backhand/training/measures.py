"""What is measured besides the loss: sums over batches, from which the figures follow."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan, sqrt
from statistics import fmean
from typing import Any, ClassVar, Self

import numpy as np

from backhand.arrays import Array, Labels


class Measures(ABC):
    """Sums over the samples that were added so far.   names: of the figures."""

    names: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def add(self, predictions: Array, labels: Labels | Array) -> None:
        """Count a batch. predictions: as `Loss.predict` gives them; labels: as the loss takes them."""

    @abstractmethod
    def merge(self, other: Self) -> None:
        """Count the samples of other sums as well."""

    @abstractmethod
    def figures(self) -> dict[str, float]:
        """The figures of all samples by name; the names are those of `training.metrics`."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """The sums as JSON can hold them."""

    @abstractmethod
    def load(self, state: Mapping[str, Any]) -> None:
        """Take over the sums of a `state()`."""


@dataclass
class Hits(Measures):
    """The number of samples, and of those classified correctly."""

    names = ("accuracy", "error")

    samples: int = 0
    right: int = 0

    def add(self, predictions: Array, labels: Labels | Array) -> None:
        """Count a batch. The right class of a mixed image is the one with the largest share."""
        classes = labels if labels.ndim == 1 else labels.argmax(1)
        self.samples += len(labels)
        self.right += int((predictions == classes).sum())

    def merge(self, other: Self) -> None:
        """Add the samples of other sums, and those among them that were classified correctly."""
        self.samples += other.samples
        self.right += other.right

    def figures(self) -> dict[str, float]:
        """The accuracy, and the error, which is 1 - accuracy."""
        accuracy = self.right / self.samples
        return {"accuracy": accuracy, "error": 1 - accuracy}

    def state(self) -> dict[str, Any]:
        """Both numbers."""
        return {"samples": self.samples, "right": self.right}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on counting from the numbers of an interrupted evaluation, as `state` gave them."""
        self.samples, self.right = state["samples"], state["right"]


@dataclass
class Residuals(Measures):
    """What the errors e = prediction - target of a regression sum up to, for each of T targets.

    absolute, squared: Σ |e| and Σ e². mean, spread: the mean of the targets, and Σ (t - mean)², which each batch brings
    up to date by the deviations d from the mean so far: without the cancellation of Σ t² - N mean².

        mean' = mean + Σ d / N        spread' = spread + Σ d² - (Σ d)² / N        N: the samples so far

    Source: Chan, Golub and LeVeque 1983, The American Statistician 37(3).
    """

    names = ("rmse", "mae", "r2")

    samples: int = 0
    absolute: Array = field(default_factory=lambda: np.zeros(1))
    squared: Array = field(default_factory=lambda: np.zeros(1))
    mean: Array = field(default_factory=lambda: np.zeros(1))
    spread: Array = field(default_factory=lambda: np.zeros(1))

    def add(self, predictions: Array, labels: Labels | Array) -> None:
        """Count a batch: predictions and targets (N, T), or targets (N,)."""
        targets = np.asarray(labels.reshape(len(labels), -1), np.float64)
        e = predictions - targets
        self.absolute = self.absolute + np.add.reduce(np.abs(e))
        self.squared = self.squared + np.vecdot(e.T, e.T)
        if not self.samples:
            self.mean = targets[0]
        self.samples += len(targets)
        d = targets - self.mean
        shift = np.add.reduce(d) / self.samples
        self.mean = self.mean + shift
        self.spread = self.spread + np.vecdot(d.T, d.T) - self.samples * shift * shift

    def merge(self, other: Self) -> None:
        """Add the sums, with the distance between both means in the spread."""
        if not other.samples:
            return
        N, d = self.samples + other.samples, other.mean - self.mean
        self.absolute, self.squared = self.absolute + other.absolute, self.squared + other.squared
        self.spread = self.spread + other.spread + self.samples * other.samples / N * d * d
        self.mean = self.mean + other.samples / N * d
        self.samples = N

    def figures(self) -> dict[str, float]:
        """RMSE and MAE in the units of the targets, and R²; each is the mean over the targets.

            rmse = √(Σ e² / N)        mae = Σ |e| / N        r2 = 1 - Σ e² / Σ (t - mean t)²

        R² is NaN where a target is constant.
        """
        N, sums = self.samples, zip(self.squared.tolist(), self.spread.tolist(), strict=True)
        r2 = [1 - squared / spread if spread > 0 else nan for squared, spread in sums]
        rmse = [sqrt(squared / N) for squared in self.squared.tolist()]
        return {"rmse": fmean(rmse), "mae": fmean(self.absolute.tolist()) / N, "r2": fmean(r2)}

    def state(self) -> dict[str, Any]:
        """All sums, as lists of one number per target."""
        sums = {name: getattr(self, name).tolist() for name in ("absolute", "squared", "mean", "spread")}
        return {"samples": self.samples} | sums

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on adding to the sums of an interrupted evaluation, as `state` gave them."""
        self.samples = state["samples"]
        self.absolute, self.squared, self.mean, self.spread = (
            np.asarray(state[name], np.float64) for name in ("absolute", "squared", "mean", "spread")
        )
