"""Where batches come from: samples as they lie in memory, augmented and standardised batch by batch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from backhand import backend
from backhand.arrays import Array, Labels
from backhand.data.augment import Augment, Cutout
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.augment.pipeline import Targets
from backhand.data.dataset import Dataset
from backhand.data.standardize import Standardizer

Index = NDArray[np.intp] | slice
Indices = NDArray[np.intp]
KERNEL_DTYPES = {np.dtype(kind) for kind in ("u1", "f4", "f8", "i4", "i8")}


class BatchSource(Protocol):
    """What a model is evaluated on: anything with a length and batches. `Feed` is one; one's own needs no more."""

    def __len__(self) -> int:
        """The number of samples."""

    def batch(self, index: Indices, /) -> tuple[Array, Labels]:
        """The samples at these places (n,), as the model takes them: x (n, ...) and labels (n,)."""


class TrainingSource(BatchSource, Protocol):
    """What a model is trained on."""

    def draw(self, index: Indices, rng: np.random.Generator, /) -> tuple[Array, Targets]:
        """The same for training: augmented, if it is; labels (n,), or soft targets (n, K) where the loss takes them."""


@runtime_checkable
class VariantSource(BatchSource, Protocol):
    """Samples that can be seen in several ways."""

    def variants(self, augment: EvaluationAugment, /) -> Iterable[BatchSource]:
        """The same samples in the same order, seen in each of these ways."""


@dataclass(frozen=True)
class Feed:
    """A data set with its standardisation, from which batches are drawn: what solvers train on and `evaluate` takes.

    Samples stay as they are in memory; only a batch is ever in float32.

    data, standardizer: the samples, and the scale on which the model sees them.

    augment: what training does to its batches, in `draw`; `batch` gives the samples as they are.
    """

    data: Dataset
    standardizer: Standardizer
    augment: Augment | None = None

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, index: Index) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The samples at these places: x (n, ...) float32 and labels (n,)."""
        if self._kernel is None:
            return self.standardizer.transform(self.data.x[index]), self.data.y[index]
        rows = self._rows[index]
        return self._kernel.gather(self.data.x, rows, *self._scaling), self.data.y[rows]

    def draw(self, index: Indices, rng: np.random.Generator) -> tuple[NDArray[np.float32], Targets]:
        """The same for training: x augmented anew, and labels (n,), or soft targets (n, K) where images are mixed."""
        if self.augment is None:
            return self.batch(index)
        if self._kernel is not None and all(step.kernel_name for step in self.augment.steps):
            return self._draw(self._kernel, self.augment, self._rows[index], rng)
        x, targets = self.augment(self.data.x[index], self.data.y[index], rng)
        return self.standardizer.transform(x), targets

    def variants(self, augment: EvaluationAugment) -> Iterator["Feed"]:
        """The same samples seen in each of these ways, not augmented. More than one view: images (N, H, W, C)."""
        for x in augment.variants_of(self.data.x):
            yield replace(self, data=Dataset(x, self.data.y), augment=None)

    def _draw(
        self, kernel: ModuleType, augment: Augment, rows: Indices, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], Targets]:
        shape = (len(rows), *self.data.x.shape[1:])
        steps = [
            (step.kernel_name, step.draw(shape, rng), step.fill if isinstance(step, Cutout) else 0)
            for step in augment.steps
        ]
        x, labels = kernel.augment(self.data.x, rows, *self._scaling, steps), self.data.y[rows]
        if augment.mixup is None:
            return x, labels
        # Mixing what is standardised already is the same, since the shares sum to 1.
        partners = augment.mixup.draw(len(rows), rng)
        return kernel.mix(x, *partners), augment.mixup.targets(labels, partners)

    @property
    def _kernel(self) -> ModuleType | None:
        """The kernel for these samples, or None."""
        fits = self.data.x.flags.c_contiguous and self.data.x.dtype in KERNEL_DTYPES
        return backend.fused_pass("batch", np.float32) if fits else None

    @cached_property
    def _rows(self) -> Indices:
        """Every place; an index into these is checked, and turned into places, by NumPy."""
        return np.arange(len(self))

    @cached_property
    def _scaling(self) -> tuple[Array, Array]:
        return self.standardizer.flat_statistics(self.data.x)
