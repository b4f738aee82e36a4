"""A batch as training draws it: augmented pictures with their labels, or rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Array
from backhand.data.dataset import Dataset, Splits
from backhand.data.feed import Feed, TrainingSource
from backhand.errors import DataError
from backhand.extras import REPORT
from backhand.notebook import html

if TYPE_CHECKING:
    from backhand.notebook.plot import Plot

COLUMNS, FEATURES = 8, 12  # the most pictures in a row, and columns of a table
LEAST_SHARE = 0.005  # of a class in a mixed label that is written


@dataclass(frozen=True)
class Rows:
    """Some rows of a table with their labels, which a notebook shows as a table.

    x: (n, F), standardised where the data are.   labels: in words.   remark: what was done to the values.
    features: the names of the F columns; empty: they are numbered.   answer: what the labels are.
    """

    x: Array
    labels: tuple[str, ...]
    remark: str
    features: tuple[str, ...] = ()
    answer: str = "label"

    def _repr_html_(self) -> str:
        head, rows = self._table()
        table = html.table(head, rows, "l" + "r" * (len(head) - 1))
        return html.view(html.heading(f"{len(self.labels)} samples", self.remark), table)

    def __str__(self) -> str:
        """The rows as text, for a terminal."""
        head, rows = self._table()
        lines = [head, *rows]
        width = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = ("  ".join(cell.rjust(wide) for cell, wide in zip(line, width, strict=True)) for line in lines)
        return "\n".join([f"{len(self.labels)} samples, {self.remark}", *text])

    def _table(self) -> tuple[list[str], list[list[str]]]:
        shown = min(self.x.shape[1], FEATURES)
        more = [f"and {self.x.shape[1] - shown} more"] if shown < self.x.shape[1] else []
        features = self.features or [f"column {f + 1}" for f in range(shown)]
        head = [self.answer, *features[:shown], *more]
        rows = zip(self.labels, self.x, strict=True)
        return head, [[label, *(f"{value:.3g}" for value in row[:shown]), *([""] * len(more))] for label, row in rows]


def show_batch(
    data: TrainingSource | Dataset | Splits,
    n: int = 16,
    *,
    classes: Sequence[str] = (),
    features: Sequence[str] = (),
    seed: int = 0,
) -> "Plot | Rows":
    """A batch of n samples, drawn at random as training draws it: a figure of pictures, or rows of a table.

    Pictures are augmented as the feed augments them; their standardisation is undone for the eye, and the title says
    between which values the network sees them. A mixed picture has the share of each of its classes.

    data: a feed, or any other source to train on; a data set, or the training split of several, as it is.
    n: the number of samples, 1 or more; at most as many as there are.
    classes: the names of the classes; empty: those of the splits, or else their numbers. Of a source that is no feed,
    targets (n, K) are the shares of classes where K names are given, and else numbers.
    features: the names of the columns of a table, such as `splits.features`; empty: those of the splits, or numbers.
    seed: of the choice and of the augmentation.
    Raises DataError for no samples and for another number of names than of columns, and MissingExtraError for pictures
    without Matplotlib.
    """
    names, columns, answer = tuple(classes), tuple(features), "label"
    if isinstance(data, Splits):
        names, columns = names or data.classes, columns or data.features
        answer = ", ".join(data.targets) or answer
    source = data.train if isinstance(data, Splits) else data
    rng, count = np.random.default_rng(seed), min(n, len(source))
    if count < 1:
        raise DataError(f"a batch to be shown needs 1 sample or more, not {count}")
    index = rng.permutation(len(source))[:count]
    if isinstance(source, Dataset):
        x, targets = source.x[index], source.y[index]
        return _shown(x, x, _Captions(_words(targets, names), "as they are", columns, answer))
    z, targets = (np.array(each) for each in source.draw(index, rng)[:2])
    is_mixed = source.mixes_classes if isinstance(source, Feed) else targets.shape[1:] == (len(names),) != (1,)
    x = source.standardizer.inverse(z) if isinstance(source, Feed) and z.ndim == 4 else z
    return _shown(x, z, _Captions(_words(targets, names, is_mixed=is_mixed), _steps(source), columns, answer))


@dataclass(frozen=True)
class _Captions:
    """The words of a batch: of each sample, what was done to all, and the names of columns and of the labels."""

    words: list[tuple[str, ...]]
    done: str
    features: tuple[str, ...]
    answer: str


def _shown(x: Array, z: Array, captions: _Captions) -> "Plot | Rows":
    """x: for the eye.   z: as the network sees it."""
    words, done, features = captions.words, captions.done, captions.features
    if x.ndim == 2:
        if features and len(features) != x.shape[1]:
            raise DataError(f"{len(features)} names do not fit {x.shape[1]} columns; give one for each")
        return Rows(z, tuple(", ".join(lines) for lines in words), done, features, captions.answer)
    REPORT.require("a picture of a batch")
    from backhand.notebook.plot import gallery

    low, high = (f"{value:.3g}".replace("-", "−") for value in (z.min(), z.max()))
    title = f"{len(x)} samples, {done}; values from {low} to {high}"
    return gallery([_coloured(image) for image in _as_bytes(x)], words, COLUMNS, title)


def _steps(source: TrainingSource) -> str:
    """What is done to the samples of a feed, in words."""
    if not isinstance(source, Feed) or source.augment is None:
        return "standardised" if isinstance(source, Feed) else "as they are drawn"
    steps = [type(step).__name__.lower() for step in source.augment.steps] + ["mix-up"] * bool(source.augment.mixup)
    return f"augmented ({', '.join(steps)}) and standardised"


def _words(targets: NDArray[Any], names: Sequence[str], *, is_mixed: bool = False) -> list[tuple[str, ...]]:
    """The label of each sample; of mixed ones the classes with their shares; of a regression its targets."""

    def name(k: int) -> str:
        return names[k] if names else str(k)

    if targets.ndim == 1 and targets.dtype.kind in "iu":
        return [(name(int(k)),) for k in targets]
    if not is_mixed:
        return [(", ".join(f"{value:.4g}" for value in np.atleast_1d(row)),) for row in targets]
    mixed = [(np.argsort(-row, kind="stable")[:2], row) for row in targets]
    return [
        (name(top[0]),) if row[top[1]] < LEAST_SHARE else tuple(f"{row[k]:.0%} {name(k)}" for k in top)
        for top, row in mixed
    ]


def _as_bytes(x: Array) -> NDArray[np.uint8]:
    """Pictures of 0 to 255 as they are; others from their lowest to their highest value."""
    if x.dtype == np.uint8:
        return x
    if x.min() < -1 or x.max() > 256 or x.max() <= 2:
        low, high = x.min(), x.max()
        x = 255 * (x - low) / (high - low if high > low else 1)
    return np.rint(np.clip(x, 0, 255)).astype(np.uint8)


def _coloured(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (H, W, C) in colours; other than three channels are shown as their mean in grey."""
    if image.shape[2] == 3:
        return image
    return image.mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
