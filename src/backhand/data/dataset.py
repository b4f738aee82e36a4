"""What every loader returns: arrays with labels, and the splits a study trains and tests on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import axes
from backhand.errors import DataError, closest

Samples = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Dataset:
    """Samples and their labels.

    x: (N, H, W, C) uint8 images, or (N, F) features, in float32 where that is exact and in float64 where it is not.
    y: (N,) int64 in 0 .. K-1.
    Raises DataError where the counts differ, for images whose channels can only be first, for
    masked values, and for what is no NumPy array.
    """

    x: Samples
    y: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", plain_array(self.x, "the samples"))
        object.__setattr__(self, "y", plain_array(self.y, "the labels"))
        if len(self.x) != len(self.y):
            raise DataError(f"{len(self.x)} samples but {len(self.y)} labels; every sample needs one label")
        if self.x.dtype == np.uint8 and self.is_image:
            axes.refuse_channels_first(self.x.shape, "the array of images")

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: NDArray[np.intp] | slice) -> "Dataset":
        """The samples at these places, in this order."""
        return Dataset(self.x[index], self.y[index])

    @property
    def is_image(self) -> bool:
        """True for (N, H, W, C) arrays."""
        return self.x.ndim == 4


@dataclass(frozen=True)
class Splits:
    """A data set as its authors divide it into training and test split, with a validation split if there is one.

    name, classes: what the data set is called, and the K names of its classes, in the order of the labels.
    validation: None where the authors leave it to the user.
    """

    name: str
    classes: tuple[str, ...]
    train: Dataset
    test: Dataset
    validation: Dataset | None = None
    source: str = ""  # one sentence for the report: where it comes from and what was done to it
    notes: dict[str, str] = field(default_factory=dict)  # extra facts, e.g. {"skipped images": "3"}

    @property
    def title(self) -> str:
        """The name that a person reads: the beginning of `source`, up to its first comma."""
        return self.source.partition(", ")[0] or self.name

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notes as lines, for whoever is told of the data before it is used."""
        return tuple(f"{key}: {note}" for key, note in self.notes.items())

    @property
    def by_name(self) -> dict[str, Dataset]:
        """The splits there are, by name: train, validation (where given) and test."""
        given = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in given.items() if part is not None}

    def counts(self) -> dict[str, NDArray[np.int64]]:
        """Samples per class, (K,), for each split."""
        return {name: np.bincount(part.y, minlength=len(self.classes)) for name, part in self.by_name.items()}

    def select_classes(self, classes: Sequence[str]) -> "Splits":
        """The samples of these classes alone, numbered in this order. Raises DataError for a name that is none."""
        for k, name in enumerate(classes):
            if name not in self.classes:
                raise DataError(f'{self.name} has no class "{name}"{closest(name, self.classes)}')
            if name in classes[:k]:
                raise DataError(f'the class "{name}" is asked for twice; name each once')
        number = np.full(len(self.classes), -1)
        number[[self.classes.index(name) for name in classes]] = np.arange(len(classes))

        def kept(part: Dataset) -> Dataset:
            places = np.flatnonzero(number[part.y] >= 0)
            return Dataset(part.x[places], number[part.y[places]])

        notes = self.notes | {"classes kept": f"{len(classes)} of {len(self.classes)}"}
        return replace(self.map(kept), classes=tuple(classes), notes=notes)

    def group_classes(self, groups: Mapping[str, Sequence[str]]) -> "Splits":
        """The classes of each group as one class, in the order of the groups; classes of none are left out.

        Raises DataError for a name that is no class, and for one that is named twice.
        """
        kept = self.select_classes([name for members in groups.values() for name in members])
        group = np.repeat(np.arange(len(groups)), [len(members) for members in groups.values()])
        joined = kept.map(lambda part: Dataset(part.x, group[part.y]))
        said = "; ".join(f"{name}: {', '.join(members)}" for name, members in groups.items())
        return replace(joined, classes=tuple(groups), notes=self.notes | {"classes joined": said})

    def map(self, change: Callable[[Dataset], Dataset]) -> "Splits":
        """Every part changed in the same way."""
        validation = None if self.validation is None else change(self.validation)
        return replace(self, train=change(self.train), test=change(self.test), validation=validation)


def validate(splits: Splits) -> Splits:
    """The same splits, or DataError naming the part with a label outside 0 .. K-1, an empty class or a NaN."""
    classes, shape = len(splits.classes), splits.train.x.shape[1:]
    for name, part in splits.by_name.items():
        where = f"the {name} split of {splits.name}"
        if part.x.shape[1:] != shape:
            raise DataError(
                f"{where} has samples of shape {part.x.shape[1:]}, the train split {shape}; make them equal"
            )
        outside = np.flatnonzero((part.y < 0) | (part.y >= classes))
        if len(outside):
            raise DataError(
                f"label {part.y[outside[0]]} of sample {outside[0]} in {where} is outside 0 to {classes - 1}"
            )
        refuse_not_finite(part.x, where)
        empty = np.flatnonzero(np.bincount(part.y, minlength=classes) == 0)
        if len(empty):
            raise DataError(f'class "{splits.classes[empty[0]]}" has no samples in {where}; add some or drop the class')
    return splits


def plain_array(x: object, where: str) -> NDArray[Any]:
    """The array x without a mask. DataError where a value is masked, and for a list, a data frame or the like."""
    if not isinstance(x, np.ndarray):
        raise DataError(f"{where} are of type {type(x).__name__} and must be a NumPy array; write np.asarray(x)")
    if np.ma.is_masked(x):
        row, *column = np.argwhere(np.ma.getmaskarray(x))[0].tolist()
        at = f"row {row}, column {', '.join(map(str, column))}" if column else f"row {row}"
        raise DataError(f"{at} of {where}, counted from 0, is masked; fill in a value, or remove the row")
    return np.asarray(x) if isinstance(x, np.ma.MaskedArray) else x


def refuse_not_finite(x: NDArray[Any], where: str) -> None:
    """Raise DataError, naming row and column of the first value of x that is NaN or infinite. x: (N, ...)."""
    if x.dtype.kind != "f" or np.isfinite(x).all():
        return
    bad = np.argwhere(~np.isfinite(x))
    row, *column = bad[0].tolist()
    value = x[tuple(bad[0])]
    kind = "NaN" if np.isnan(value) else "infinity" if value > 0 else "-infinity"
    others = f" (and {len(bad) - 1:,} more values that are not finite)" if len(bad) > 1 else ""
    raise DataError(
        f"row {row}, column {', '.join(map(str, column))} of {where}, counted from 0, is {kind}{others}; "
        f"mend or remove it"
    )
