"""Feeds, which make batches: samples stay as they are in memory, and are augmented and standardised batch by batch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from backhand import backend
from backhand.arrays import Array
from backhand.data.augment import Augment, Cutout
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.augment.pipeline import Targets
from backhand.data.dataset import Dataset
from backhand.data.shards import Shards
from backhand.data.standardize import Standardizer
from backhand.errors import DataError

Index = NDArray[np.intp] | slice
Indices = NDArray[np.intp]
# Samples (n, ...) as the model takes them, labels (n,) or targets (n, T), and the weights (n,) of samples that have any
Batch = tuple[Array, Array] | tuple[Array, Array, Array]
WHOLE = slice(None)  # the share of a batch that is all of it
KERNEL_DTYPES = {np.dtype(kind) for kind in ("u1", "f4", "f8", "i4", "i8")}


class BatchSource(Protocol):
    """What a model is evaluated on. `Feed` is one; a class of your own needs these two methods."""

    def __len__(self) -> int:
        """The number of samples in the source."""

    def batch(self, index: Indices, /) -> Batch:
        """The samples at these indices (n,), as `Batch` says."""


class TrainingSource(BatchSource, Protocol):
    """What a model is trained on: a source of batches for training as well."""

    def draw(self, index: Indices, rng: np.random.Generator, /) -> Batch:
        """A batch for training, augmented or not; labels (n,), or soft targets (n, K) where the loss takes them."""


@runtime_checkable
class ShareSource(TrainingSource, Protocol):
    """A source that can make a share of a training batch alone, as it is needed where processes train together."""

    def draw_share(self, index: Indices, rng: np.random.Generator, share: slice, /) -> Batch:
        """The samples of this share of the batch that `draw` would return; as much is drawn from rng as for all."""


@runtime_checkable
class VariantSource(BatchSource, Protocol):
    """A source of batches whose samples have variants, such as mirror images, to average the scores over."""

    def variants(self, augment: EvaluationAugment, /) -> Iterable[BatchSource]:
        """One source for each variant of the samples, in the same order."""


@dataclass(frozen=True)
class Feed:
    """A data set with its standardisation, from which batches are drawn: what solvers train on and `evaluate` takes.

    Samples stay as they are in memory; only a batch is ever in `dtype`.

    data, standardizer: the samples, and the scale on which the model sees them.

    augment: the augmentation of training batches, which `draw` returns; `batch` returns the samples as they are.
    dtype: of the samples in a batch, that of the model.
    """

    data: Dataset
    standardizer: Standardizer
    augment: Augment | None = None
    dtype: DTypeLike = np.float32

    def __post_init__(self) -> None:
        if not isinstance(self.data, Dataset):
            raise DataError(
                "a feed draws from the samples of a split, such as splits.train; where the data set has no validation "
                "split, hold out training samples with bh.stratified_split"
            )
        if self.data.weights is not None and self.mixes_classes:
            raise DataError("mix-up cannot mix samples that have weights; leave out one of the two")

    def __len__(self) -> int:
        return len(self.data)

    @property
    def mixes_classes(self) -> bool:
        """Whether `draw` gives soft targets (n, K), the shares of the classes of mixed images."""
        return self.augment is not None and self.augment.mixup is not None

    def batch(self, index: Index) -> Batch:
        """The samples at these indices: x (n, ...) in `dtype`, and what else a `Batch` has."""
        if self._kernel is None:
            return self._weighted(
                self.standardizer.transform(self.data.x[index], self.dtype), self.data.y[index], index
            )
        rows = self._rows[index]
        return self._weighted(self._kernel.gather(self.data.x, rows, *self._scaling), self.data.y.take(rows, 0), rows)

    def draw(self, index: Indices, rng: np.random.Generator) -> Batch:
        """A batch for training: x augmented anew, and labels (n,), or soft targets (n, K) where images are mixed."""
        return self.draw_share(index, rng, WHOLE)

    def draw_share(self, index: Indices, rng: np.random.Generator, share: slice) -> Batch:
        """The samples of this share of the batch that `draw` returns, by the same random numbers."""
        if self.augment is None:
            return self.batch(index[share])
        if self._kernel is not None and all(step.kernel_name for step in self.augment.steps):
            batch = self._draw(self._kernel, self.augment, self._rows[index], rng, share)
            return self._weighted(*batch, index[share])
        x, targets = self.augment(self.data.x[index], self.data.y[index], rng)
        return self._weighted(self.standardizer.transform(x[share], self.dtype), targets[share], index[share])

    def _weighted(self, x: Array, labels: Array, index: Index) -> Batch:
        weights = self.data.weights
        return (x, labels) if weights is None else (x, labels, weights[index])

    def variants(self, augment: EvaluationAugment) -> Iterator["Feed"]:
        """A feed without augmentation for each variant of the samples. Only images (N, H, W, C) have several."""
        for x in augment.variants_of(self.data.x):
            yield replace(self, data=replace(self.data, x=x), augment=None)

    def _draw(
        self, kernel: ModuleType, augment: Augment, rows: Indices, rng: np.random.Generator, share: slice
    ) -> tuple[NDArray[np.float32], Targets]:
        shape = (len(rows), *self.data.x.shape[1:])
        augmented = share if augment.mixup is None else WHOLE  # which holds the partners of mixed images
        steps = [
            (step.kernel_name, step.draw(shape, rng)[augmented], step.fill if isinstance(step, Cutout) else 0)
            for step in augment.steps
        ]
        rows = rows[augmented]
        x, labels = kernel.augment(self.data.x, rows, *self._scaling, steps), self.data.y[rows]
        if augment.mixup is None:
            return x, labels
        # Mixing standardised images gives the same, since the shares sum to 1.
        partners = augment.mixup.draw(len(rows), rng)
        return kernel.mix(x, *partners)[share], augment.mixup.targets(labels, partners)[share]

    @property
    def _kernel(self) -> ModuleType | None:
        """The kernel that reads and augments these samples; None where there is none for them."""
        if isinstance(self.data.x, Shards):
            return None
        fits = self.data.x.flags.c_contiguous and self.data.x.dtype in KERNEL_DTYPES
        return backend.fused_pass("batch", np.dtype(self.dtype)) if fits else None

    @cached_property
    def _rows(self) -> Indices:
        """All indices. NumPy checks an index into these and turns slices into indices."""
        return np.arange(len(self))

    @cached_property
    def _scaling(self) -> tuple[Array, Array]:
        return self.standardizer.flat_statistics(self.data.x)
