"""Galleries of pictures: training samples, augmented versions of them, and mistakes."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from backhand.experiments.run.record import Run
from backhand.experiments.run.report.tables import mistakes_caption
from backhand.page import style
from backhand.page.blocks import Gallery, Image, Picture
from backhand.page.numbers import counted, percent, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAMPLES = 30  # the largest number of training pictures that are shown
SAMPLE_COLUMNS, MISTAKE_COLUMNS = 10, 8
BRIEF = 7  # the most letters of a class name for the true and the predicted class to share a line

Pixels = NDArray[Any]


def samples(run: Run) -> Gallery | None:
    """Training pictures: each row has one of every class, or of evenly chosen classes where there are many."""
    saved = run.evidence.samples
    if saved is None or saved.labels is None or not len(saved.pictures):
        return None
    images, labels = saved.pictures, saved.labels
    order = _class_by_class(labels)
    names = [run.classes[labels[i]] for i in order]
    pictures = tuple(
        Picture(png(images[i]), f"training sample of class {name}", (name,))
        for i, name in zip(order, names, strict=True)
    )
    columns = len(set(names)) if 5 <= len(set(names)) <= SAMPLE_COLUMNS else SAMPLE_COLUMNS
    alt = f"{counted(len(order), 'training picture')} with the class of each"
    return Gallery(pictures, columns, Image("samples", sheet(images[order], pictures, columns), alt, f"{alt}."))


def _class_by_class(labels: NDArray[np.int64]) -> list[int]:
    """Indices of samples: the first of every class, then the second of every class, and so on."""
    present = np.unique(labels)
    chosen = present[np.linspace(0, len(present) - 1, min(len(present), SAMPLES)).round().astype(int)]
    per_class = [np.flatnonzero(labels == k)[: SAMPLES // len(chosen)] for k in chosen]
    longest = max(map(len, per_class))
    return [int(indices[i]) for i in range(longest) for indices in per_class if i < len(indices)]


def augmented(run: Run) -> Gallery | None:
    """In each row, a training picture and augmented versions of it, as training saw them."""
    saved = run.evidence.augmented
    if saved is None or not saved.pictures.size:
        return None
    images, targets = saved.pictures, saved.targets
    rows, columns = images.shape[:2]
    mixed = targets is not None and bool((targets.max(axis=2) < 1).any())
    pictures = []
    for i, j in np.ndindex(rows, columns):
        shares = () if targets is None else _shares(run, targets[i, j])
        classes = " + ".join(shares)
        sample = f"training sample of class {classes}" if classes else "training sample"
        alt = f"version {j} of row {i + 1}{': ' * bool(classes)}{classes}" if j else sample
        pictures.append(Picture(png(images[i, j]), alt, shares if mixed or j == 0 else ()))
    changes = run.metrics.data.augment.items()
    settings = ", ".join(key if value is True else f"{key} {plain(value)}" for key, value in changes)
    caption = (
        f"The first picture of each row is a training sample; the other {columns - 1} are versions of it as "
        f"training sees them (data.augment: {settings})."
    )
    if mixed:
        caption += " The lines under a mixed picture give the shares of its classes."
    alt = f"{counted(rows, 'training picture')}, each with {counted(columns - 1, 'augmented version')} beside it"
    image = Image("augmented", sheet(images.reshape(-1, *images.shape[2:]), pictures, columns), alt, caption)
    return Gallery(tuple(pictures), columns, image)


def _shares(run: Run, target: NDArray[np.float32]) -> tuple[str, ...]:
    """The class of a target; of a mixed target, its two classes with their shares in whole per cent."""
    first, second = np.argsort(-target, kind="stable")[:2]
    if target[second] < 0.005:
        return (run.classes[first],)
    return tuple(f"{target[k]:.0%} {run.classes[k]}" for k in (first, second))


def mistakes(run: Run) -> Gallery | None:
    """The test pictures that were taken for a wrong class with the highest confidence."""
    saved = run.evidence.mistakes
    if saved is None or saved.pictures is None or not len(saved.pictures):
        return None
    images, columns = saved.pictures, (saved.labels, saved.predictions, saved.confidence, saved.index)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    brief = max(map(len, run.classes)) <= BRIEF
    pictures = []
    for i, (true, predicted, confidence, index) in enumerate(rows):
        true_class, predicted_class = run.classes[true], run.classes[predicted]
        alt = f"“{true_class}” taken for “{predicted_class}” with a confidence of {percent(confidence)}"
        names = (f"{true_class} → {predicted_class}",) if brief else (true_class, f"→\u00a0{predicted_class}")
        pictures.append(Picture(png(images[i]), alt, (*names, percent(confidence), f"sample {index}")))
    alt = f"{counted(len(rows), 'misread test picture')}; the first is {pictures[0].alt}"
    image = Image("mistakes", sheet(images, pictures, MISTAKE_COLUMNS), alt, mistakes_caption(run, saved))
    return Gallery(tuple(pictures), MISTAKE_COLUMNS, image)


def sheet(images: Pixels, pictures: Sequence[Picture], columns: int) -> bytes:
    """One image of all pictures, each with its lines of text underneath."""
    return style.png(figure(images, [picture.lines for picture in pictures], columns))


def figure(images: Sequence[Pixels] | Pixels, texts: Sequence[Sequence[str]], columns: int) -> "Figure":
    """Pictures of one size in rows, each with its lines of text underneath."""
    from backhand.notebook.plot import gallery

    return gallery([colours(image) for image in images], texts, columns)


def colours(picture: Pixels) -> Pixels:
    """The picture (H, W, C) in colours (H, W, 3); other than three channels are shown as their mean in grey."""
    if picture.shape[2] == 3:
        return picture
    return picture.mean(axis=2, keepdims=True).astype(picture.dtype).repeat(3, axis=2)


def png(picture: Pixels) -> bytes:
    """A uint8 picture as a PNG file of the same size."""
    buffer = io.BytesIO()
    PILImage.fromarray(colours(picture)).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
