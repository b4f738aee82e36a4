"""Samples with their labels, and the splits of a data set, which every loader returns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import axes
from backhand.data.frames.encoding import Encoding
from backhand.data.shards import Shards
from backhand.errors import DataError, closest

Samples = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.float64]
Labels = NDArray[Any]  # classes (N,) int64, or targets (N, T) float64

CHUNK = 4096  # samples that are looked at together: an array on disk need not fit into memory


@dataclass(frozen=True)
class Dataset:
    """Samples and their labels, or the targets of a regression.

    x: (N, H, W, C) uint8 images, or (N, F) features, in float32 where that is exact and in float64 where it is not; an
    array, or `Shards` of one on disk.
    y: (N,) int64 in 0 .. K-1, or targets (N, T) float64.
    weights: (N,) float32 or float64, of the samples in the loss; None: all are 1.
    Raises DataError where the counts differ, for images whose channels can only be first, for weights that are negative
    or not finite, for masked values, and for what is no NumPy array.
    """

    x: Samples
    y: Labels
    weights: NDArray[np.float32] | NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", plain_array(self.x, "the samples"))
        object.__setattr__(self, "y", plain_array(self.y, "the labels"))
        if len(self.x) != len(self.y):
            raise DataError(f"{len(self.x)} samples but {len(self.y)} labels; every sample needs one label")
        if self.weights is not None:
            object.__setattr__(self, "weights", checked_weights(self.weights, len(self.y)))
        if self.x.dtype == np.uint8 and self.is_image:
            axes.refuse_channels_first(self.x.shape, "the array of images")

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: NDArray[np.intp] | slice) -> "Dataset":
        """The samples at these indices, in this order."""
        x: Any = self.x.take(index) if isinstance(self.x, Shards) else self.x[index]
        return Dataset(x, self.y[index], None if self.weights is None else self.weights[index])

    def weighed(self, where: str) -> "Dataset":
        """The same samples with weights of mean 1, since the unit of the weights would scale the learning rate.

        where: names the samples in messages. Raises DataError where all weights are 0.
        """
        if self.weights is None:
            return self
        if not self.weights.any():
            raise DataError(f"the weights of {where} are zero; at least one must be above 0")
        return replace(self, weights=self.weights / self.weights.mean(dtype=np.float64))

    @property
    def is_image(self) -> bool:
        """Whether the samples are images, (N, H, W, C)."""
        return self.x.ndim == 4

    def _repr_html_(self) -> str:
        """The samples of each label, with pictures or figures of them, as a notebook shows them."""
        from backhand.data.notebook import dataset_view

        return dataset_view(self)


@dataclass(frozen=True)
class Splits:
    """A data set as its authors divide it into training and test split, with a validation split if there is one.

    name, classes: what the data set is called, and the K names of its classes, in the order of the labels.
    targets: the T names of the targets of a regression, which has no classes.
    features: the names of the F features of a table, where they are known. encoding: how its columns became features.
    validation: None where the authors leave it to the user.
    """

    name: str
    classes: tuple[str, ...]
    train: Dataset
    test: Dataset
    validation: Dataset | None = None
    source: str = ""  # a sentence for the report: where the data come from, and what was done to them
    notes: dict[str, str] = field(default_factory=dict)  # further facts, such as {"skipped images": "3"}
    targets: tuple[str, ...] = ()
    features: tuple[str, ...] = ()  # the names of the F features of a table, where they are known
    encoding: Encoding | None = None  # of a table with named columns

    @property
    def title(self) -> str:
        """The name for people: the beginning of `source`, up to its first comma."""
        return self.source.partition(", ")[0] or self.name

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes as lines of text, to be shown before the data are used."""
        return tuple(f"{key}: {note}" for key, note in self.notes.items())

    @property
    def by_name(self) -> dict[str, Dataset]:
        """The splits by name: train, validation where there is one, and test."""
        datasets = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: data for name, data in datasets.items() if data is not None}

    @property
    def is_regression(self) -> bool:
        """Whether the samples have targets instead of classes."""
        return bool(self.targets)

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """Samples per class, (K,), for each split; of a regression the number of samples alone, (1,)."""
        if self.is_regression:
            return {name: np.array([len(data)]) for name, data in self.by_name.items()}
        return {name: np.bincount(data.y, minlength=len(self.classes)) for name, data in self.by_name.items()}

    def select_classes(self, classes: Sequence[str]) -> "Splits":
        """The samples of these classes alone, whose labels follow this order.

        Raises DataError for a name that is no class, for one that is named twice, and for a regression.
        """
        if self.is_regression:
            raise DataError(f"{self.name} has the target {self.targets[0]} and no classes to select from")
        for k, name in enumerate(classes):
            if name not in self.classes:
                raise DataError(f'{self.name} has no class "{name}"{closest(name, self.classes)}')
            if name in classes[:k]:
                raise DataError(f'the class "{name}" is named twice; name each class once')
        new_label = np.full(len(self.classes), -1)
        new_label[[self.classes.index(name) for name in classes]] = np.arange(len(classes))

        def select(data: Dataset) -> Dataset:
            indices = np.flatnonzero(new_label[data.y] >= 0)
            return replace(data.take(indices), y=new_label[data.y[indices]])

        notes = self.notes | {"classes kept": f"{len(classes)} of {len(self.classes)}"}
        return replace(self.map(select), classes=tuple(classes), notes=notes)

    def group_classes(self, groups: Mapping[str, Sequence[str]]) -> "Splits":
        """The classes of each group merged into one class, in the order of the groups; other classes are left out.

        Raises DataError for a name that is no class, and for one that is named twice.
        """
        selected = self.select_classes([name for members in groups.values() for name in members])
        group = np.repeat(np.arange(len(groups)), [len(members) for members in groups.values()])
        merged = selected.map(lambda data: replace(data, y=group[data.y]))
        listing = "; ".join(f"{name}: {', '.join(members)}" for name, members in groups.items())
        return replace(merged, classes=tuple(groups), notes=self.notes | {"classes joined": listing})

    def map(self, change: Callable[[Dataset], Dataset]) -> "Splits":
        """The splits with a function applied to each of them."""
        validation = None if self.validation is None else change(self.validation)
        return replace(self, train=change(self.train), test=change(self.test), validation=validation)

    def _repr_html_(self) -> str:
        """The samples of each class and split, with pictures or figures of them, as a notebook shows them."""
        from backhand.data.notebook import splits_view

        return splits_view(self)


def validate(splits: Splits) -> Splits:
    """The same splits.

    Raises DataError, which names the split, for samples of unequal shapes, a label outside 0 .. K-1, a class without
    samples, targets of another shape, and a value that is not finite.
    """
    classes, shape = len(splits.classes), splits.train.x.shape[1:]
    for name, data in splits.by_name.items():
        where = f"the {name} split of {splits.name}"
        if data.x.shape[1:] != shape:
            raise DataError(
                f"{where} has samples of shape {data.x.shape[1:]}, the train split {shape}; make them equal"
            )
        refuse_not_finite(data.x, where)
        if splits.is_regression:
            _check_targets(data, len(splits.targets), where)
            continue
        outside = np.flatnonzero((data.y < 0) | (data.y >= classes))
        if len(outside):
            raise DataError(
                f"label {data.y[outside[0]]} of sample {outside[0]} in {where} is outside 0 to {classes - 1}"
            )
        empty = np.flatnonzero(np.bincount(data.y, minlength=classes) == 0)
        if len(empty):
            raise DataError(f'class "{splits.classes[empty[0]]}" has no samples in {where}; add some or drop the class')
    return splits


def _check_targets(data: Dataset, count: int, where: str) -> None:
    if data.y.shape != (len(data), count) or data.y.dtype.kind != "f":
        form, shape = data.y.dtype, data.y.shape
        raise DataError(f"{where} has targets of {form} and shape {shape}; give floats of shape ({len(data)}, {count})")
    refuse_not_finite(data.y, f"the targets of {where}")


def checked_weights(weights: NDArray[Any], N: int) -> NDArray[Any]:
    """The weights of N samples in float32, or float64 as they are.

    Raises DataError unless there is one for each, finite and 0 or more.
    """
    weights = plain_array(weights, "the weights of the samples")
    if weights.shape != (N,):
        raise DataError(f"the weights of the samples have the shape {weights.shape}; give one for each of {N} samples")
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        raise DataError(f"the weight of sample {bad[0]} is {weights[bad[0]]}; weights must be finite and 0 or more")
    return weights if weights.dtype == np.float64 else weights.astype(np.float32)


def plain_array(x: object, where: str) -> NDArray[Any]:
    """The array x without its mask. Raises DataError where a value is masked, and for what is no NumPy array."""
    if isinstance(x, Shards):
        return cast("NDArray[Any]", x)  # it is indexed like one
    if not isinstance(x, np.ndarray):
        raise DataError(f"{where} are of type {type(x).__name__} and must be a NumPy array; write np.asarray(x)")
    if np.ma.is_masked(x):
        row, *column = np.argwhere(np.ma.getmaskarray(x))[0].tolist()
        position = f"row {row}, column {', '.join(map(str, column))}" if column else f"row {row}"
        raise DataError(f"{position} of {where}, counted from 0, is masked; fill in a value, or remove the row")
    return np.asarray(x) if isinstance(x, np.ma.MaskedArray) else x


def refuse_not_finite(x: NDArray[Any], where: str) -> None:
    """Raise DataError where a value of x (N, ...) is NaN or infinite, with its row and column."""
    if x.dtype.kind != "f":
        return
    first: tuple[int, ...] = ()
    value, count = 0.0, 0
    for start in range(0, len(x), CHUNK):  # a chunk at a time: x may be on disk
        chunk = x[start : start + CHUNK]
        if np.isfinite(chunk).all():
            continue
        bad = np.argwhere(~np.isfinite(chunk))
        if not count:
            row, *column = bad[0].tolist()
            first, value = (start + row, *column), float(chunk[tuple(bad[0])])
        count += len(bad)
    if count:
        _refuse_value(first, value, count, where)


def _refuse_value(place: tuple[int, ...], value: float, count: int, where: str) -> None:
    row, *column = place
    kind = "NaN" if np.isnan(value) else "infinity" if value > 0 else "-infinity"
    others = f" (and {count - 1:,} more values that are not finite)" if count > 1 else ""
    raise DataError(
        f"row {row}, column {', '.join(map(str, column))} of {where}, counted from 0, is {kind}{others}; "
        f"correct or remove it"
    )
