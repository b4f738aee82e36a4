"""How a notebook shows data: the samples of each class in numbers and, of images, a few of them."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.notebook import html

if TYPE_CHECKING:
    from backhand.data.dataset import Dataset, Samples, Splits

CLASSES, PICTURES = 20, 8  # the most classes that are shown, and pictures of each
FEATURES = 8  # the most columns of a table that are shown
GREY = 128  # between pictures: visible on white and on black
HEIGHT = 40  # pixels of a picture, or what comes nearest in whole pixels of it


def splits_view(splits: "Splits") -> str:
    """A row per class with its samples in every split and pictures of it, or a row per column of a table."""
    counts = splits.counts()
    sizes = ", ".join(f"{values.sum():,} {name}" for name, values in counts.items())
    answers = f"target {', '.join(splits.targets)}" if splits.is_regression else f"{len(splits.classes)} classes"
    facts = f"{sizes} · {answers} · one sample has {_shape(splits.train.x)} values"
    named = dict(enumerate(splits.classes))
    parts = _parts(splits.train, named, counts) if named else []
    columns = [_columns(splits.train.y, splits.targets)] if splits.is_regression else []
    columns += [_columns(splits.train.x, splits.features)] if splits.train.x.ndim == 2 and len(splits.train) else []
    return html.view(html.heading(splits.title, facts), *parts, *columns)


def dataset_view(data: "Dataset") -> str:
    """The same for samples without names of classes."""
    has_classes = data.y.ndim == 1 and data.y.dtype.kind in "iu"
    labels, counts = np.unique(data.y, return_counts=True) if has_classes else (np.zeros(0, np.int64),) * 2
    count = len(labels) if has_classes else 1 if data.y.ndim == 1 else data.y.shape[1]
    answers = f"{count} class{'es' * (count != 1)}" if has_classes else f"{count} target{'s' * (count != 1)}"
    facts = f"{len(data):,} samples · {answers} · one sample has {_shape(data.x)} values"
    named = {int(label): str(label) for label in labels}
    parts = _parts(data, named, {"samples": counts})
    columns = [_columns(data.x)] if data.x.ndim == 2 and len(data) else []
    return html.view(html.heading("Dataset", facts), *parts, *columns)


def _parts(data: "Dataset", classes: Mapping[int, str], counts: Mapping[str, NDArray[np.int64]]) -> list[str]:
    """A row for each of the classes, which are the names of the labels.   counts: in their order."""
    shown = list(classes.items())[:CLASSES]
    pictured = data.is_image and data.x.dtype == np.uint8 and data.x.shape[-1] in (1, 3)
    rows = [
        (name, *(f"{values[k]:,}" for values in counts.values()), *([_pictures(data, label, name)] if pictured else []))
        for k, (label, name) in enumerate(shown)
    ]
    head = ("class", *counts, *([""] if pictured else []))
    parts: list[str] = [html.table(head, rows, "l" + "r" * len(counts) + "l" * pictured)] if rows else []
    if len(shown) < len(classes):
        parts.append(html.paragraph(f"and {len(classes) - len(shown)} more classes"))
    return parts


def _pictures(data: "Dataset", label: int, name: str) -> html.Html:
    """The first pictures of this label side by side, enlarged by whole pixels."""
    chosen = np.flatnonzero(data.y == label)[:PICTURES]
    if not len(chosen):
        return html.Html("")
    images = data.x[chosen]
    strip = np.full((images.shape[1], len(chosen) * (images.shape[2] + 1) - 1, images.shape[3]), GREY, np.uint8)
    for i, image in enumerate(images):
        strip[:, i * (image.shape[1] + 1) : (i + 1) * (image.shape[1] + 1) - 1] = image
    times = max(HEIGHT // images.shape[1], 1) if images.shape[1] < HEIGHT else HEIGHT * 1.5 / images.shape[1]
    words = f"{len(chosen)} pictures of class {name}"
    return html.picture(png(strip), words, round(strip.shape[1] * times), pixels=times >= 1)


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture (H, W, 1 or 3) as a PNG file of the same size."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(buffer, format="PNG")
    return buffer.getvalue()


def _columns(x: NDArray[Any], names: Sequence[str] = ()) -> html.Html:
    """Mean, deviation and range of the first columns of a table.   names: of all columns; empty: they are numbered."""
    shown = np.asarray(x[:, :FEATURES], np.float64)
    figures = (shown.mean(0), shown.std(0), shown.min(0), shown.max(0))
    names = names or [f"column {f}" for f in range(shown.shape[1])]
    rows = [(names[f], *(f"{values[f]:.4g}" for values in figures)) for f in range(shown.shape[1])]
    if x.shape[1] > FEATURES:
        rows.append((f"and {x.shape[1] - FEATURES} more", "", "", "", ""))
    return html.table(("", "mean", "deviation", "lowest", "highest"), rows, "lrrrr")


def _shape(x: "Samples") -> str:
    return " x ".join(map(str, x.shape[1:])) or "1"
