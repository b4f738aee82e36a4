"""Samples of every form as sources of batches: arrays, shards on disk, data sets of PyTorch and of Hugging Face."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backhand.arrays import Array
from backhand.data.dataset import Dataset, Splits, checked_weights
from backhand.data.feed import Batch, BatchSource, Index, Indices, TrainingSource
from backhand.data.formats.pictures import pixels_of
from backhand.data.shards import Shards
from backhand.errors import DataError

IMAGES, LABELS = ("image", "img", "x", "features", "input"), ("label", "labels", "y", "target", "fine_label")


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Samples x (N, ...) and labels (N,) or targets (N, T) as the model takes them: nothing is scaled or augmented.

    x: an array, also one on disk (`np.memmap`, `np.load(..., mmap_mode="r")`), of which only the rows of a batch are
    read. weights: (N,), of the samples in the loss, or None. Raises DataError where the counts differ, and for weights
    that are negative or not finite.
    """

    x: Array
    y: Array
    weights: Array | None = None

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise DataError(f"{len(self.x)} samples but {len(self.y)} labels; every sample needs one label")
        if self.weights is not None:
            object.__setattr__(self, "weights", checked_weights(self.weights, len(self.y)))

    def __len__(self) -> int:
        return len(self.y)

    def batch(self, index: Index) -> Batch:
        """The samples at these indices."""
        x, y = np.asarray(self.x[index]), np.asarray(self.y[index])
        return (x, y) if self.weights is None else (x, y, np.asarray(self.weights[index]))

    def draw(self, index: Indices, rng: np.random.Generator) -> Batch:
        """The same samples: nothing is drawn."""
        return self.batch(index)


@dataclass(frozen=True, eq=False)
class ItemSource:
    """Samples that come one by one from a data set with `__len__` and `__getitem__`, as those of PyTorch do.

    An item is a pair (sample, label), or a dictionary, as those of Hugging Face are. Pictures of Pillow become arrays
    (H, W, C) with values from 0 to 1, grey or in colours as files of them do, and tensors arrays.

    items: the data set. x, y: the keys of the sample and the label in a dictionary; "" for the first known one.
    """

    items: Any
    x: str = ""
    y: str = ""

    def __len__(self) -> int:
        return len(self.items)

    def batch(self, index: Index) -> Batch:
        """The samples at these indices, each as an array."""
        rows = np.arange(len(self))[index].tolist()
        pairs = [self._pair(self.items[row]) for row in rows]
        try:
            samples = np.stack([_array(sample) for sample, _ in pairs])
        except ValueError as error:
            raise DataError(
                f"the samples of the data set cannot be stacked ({error}); bring them to one size"
            ) from None
        return samples, np.asarray([_array(label) for _, label in pairs])

    def draw(self, index: Indices, rng: np.random.Generator) -> Batch:
        """The same samples: a data set of this form augments them itself."""
        return self.batch(index)

    def _pair(self, item: Any) -> Sequence[Any]:
        if isinstance(item, Mapping):
            return item[self._keys[0]], item[self._keys[1]]
        if isinstance(item, Sequence) and len(item) == 2:
            return item
        raise DataError(f"an item of the data set must be a pair (sample, label) or a dictionary, not {type(item)}")

    @cached_property
    def _keys(self) -> tuple[str, str]:
        names = list(self.items[0])
        found = []
        for key, known, what in ((self.x, IMAGES, "sample"), (self.y, LABELS, "label")):
            name = key or next((name for name in known if name in names), "")
            if name not in names:
                raise DataError(
                    f"the items of the data set have no {what} that is known; name one of {', '.join(names)}"
                )
            found.append(name)
        return found[0], found[1]


def source_of(samples: Any, labels: Any = None) -> TrainingSource:
    """A source of batches from samples and labels, or from what holds both.

    samples: a source already, arrays (N, ...) with labels, a pair (x, y) or triple (x, y, weights), or a data set of
    PyTorch or Hugging Face. Raises DataError for anything else.
    """
    if isinstance(samples, Dataset | Splits):
        raise DataError(
            f"a {type(samples).__name__} has no scale; give a feed, Feed(data, Standardizer.fit(data.x)), or arrays, "
            f"data.x and data.y"
        )
    if labels is not None:
        if hasattr(samples, "batch"):
            raise DataError(f"a {type(samples).__name__} has its labels; leave out those of the second argument")
        return ArraySource(_lazy(samples), _as_array(labels, "the labels"))
    if hasattr(samples, "batch") and hasattr(samples, "draw"):
        source: TrainingSource = samples
        return source
    if isinstance(samples, tuple) and len(samples) in (2, 3):
        names = ("the labels", "the weights of the samples")
        return ArraySource(_lazy(samples[0]), *map(_as_array, samples[1:], names))
    has_items = hasattr(samples, "__getitem__") and hasattr(samples, "__len__")
    if has_items and not isinstance(samples, np.ndarray | Mapping | Shards):
        return ItemSource(samples)
    raise DataError(f"a {type(samples).__name__} alone has no labels; give samples and labels, a Feed, or a data set")


def sources_of(train: Any, second: Any, validation: Any) -> tuple[TrainingSource, BatchSource | None]:
    """The sources of training and validation from the arguments of a fit: `fit(X, y)`, or `fit(feed, validation)`."""
    is_labels = isinstance(second, list) or hasattr(second, "__array__") or _is_row(second)
    if second is not None and not is_labels and validation is not None:
        raise DataError("the second argument and validation are both for validation; leave out one of them")
    held = validation if is_labels or second is None else second
    checked: BatchSource | None = held if held is None or hasattr(held, "batch") else source_of(held)
    return source_of(train, second if is_labels else None), checked


def _is_row(values: Any) -> bool:
    """Whether these are labels in a tuple, rather than a pair (x, y)."""
    return isinstance(values, tuple) and not any(hasattr(value, "__len__") for value in values)


def _lazy(x: Any) -> Any:
    """x as it is where it can be indexed by an array, else as an array; an array on disk stays there."""
    return x if isinstance(x, np.ndarray | Shards) else _as_array(x, "the samples")


def _as_array(values: Any, what: str) -> Array:
    """The values as an array in memory. Raises DataError for what is none, such as a dictionary or unequal rows."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"{what} are rows of unlike shapes; make them alike") from None
    if not array.ndim or array.dtype.kind not in "biuf":
        kind = f"are a {type(values).__name__} of {array.dtype}" if array.ndim else f"are a {type(values).__name__}"
        raise DataError(f"{what} {kind}; give an array of numbers with one row for each sample")
    return array


def _array(value: Any) -> Array:
    """A sample or a label as an array: of a picture its values from 0 to 1 with channels last, of a tensor its own."""
    if hasattr(value, "getbands"):  # of Pillow
        return pixels_of(value, "a picture of the data set").astype(np.float32) / 255
    if hasattr(value, "detach"):  # of PyTorch
        value = value.detach().cpu().numpy()
    return np.asarray(value)
