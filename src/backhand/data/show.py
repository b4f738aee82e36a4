"""Draws the samples of a data set: a contact sheet of images, or a scatter plot of features."""

from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import Samples, Splits
from backhand.data.split import random_subset, stratified_subset
from backhand.data.standardize import Standardizer
from backhand.errors import DataError
from backhand.extras import REPORT
from backhand.files.atomic import write_output
from backhand.files.paths import PathLike, as_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PER_CLASS, MAX_CLASSES, MAX_POINTS = 12, 20, 2000
RANGES = 5  # of a target, each of which is a row of images
CELL = 0.62  # the side of an image on the sheet, in inches
INK, FAINT = "#222222", "#777777"
# Okabe and Ito's colours for the colour-blind; with the markers below, 56 classes look different, in grey print too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^Dv<>P"


def draw_samples(splits: Splits, path: PathLike, *, seed: int = 0) -> Path:
    """Draw the training split to a PNG, as a contact sheet of images or a scatter plot of features; return its path.

    The samples of a regression are drawn by their first target: images in rows of rising values, points in colours.
    Raises MissingExtraError without Matplotlib.
    """
    REPORT.require("a picture of samples")
    if splits.is_regression:
        return _draw_targets(splits, path, seed)
    draw = draw_contact_sheet if splits.train.is_image else draw_scatter
    return draw(splits.train.x, splits.train.y, splits.classes, path, title=splits.title, seed=seed)


def draw_contact_sheet(
    images: Samples, labels: NDArray[np.int64], classes: tuple[str, ...], path: PathLike, *, title: str, seed: int = 0
) -> Path:
    """Draw a PNG with a row of images for each of the first 20 classes, chosen with `seed`, and return its path.

    images: (N, H, W, C) uint8 with 1 or 3 channels. Raises DataError for other arrays.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise DataError(f"cannot draw {images.dtype} of shape {images.shape}; pictures are (N, H, W, 1 or 3) of uint8")
    from matplotlib.figure import Figure

    drawn_classes = classes[:MAX_CLASSES]
    sheet = _sheet(images, labels, len(drawn_classes), np.random.default_rng(seed))
    height, width = images.shape[1:3]
    cell = CELL * min(1, width / height), CELL * min(1, height / width)
    figure = Figure(figsize=(PER_CLASS * cell[0], len(drawn_classes) * cell[1]))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(sheet, interpolation="nearest", aspect="auto")
    step = sheet.shape[0] / len(drawn_classes)
    axes.set_yticks(
        (np.arange(len(drawn_classes)) + 0.5) * step - 0.5,
        [_shorten(name) for name in drawn_classes],
        fontsize=11,
        color=INK,
    )
    axes.set_xticks([])
    axes.tick_params(length=0, pad=8)
    axes.spines[:].set_visible(False)
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    rest = f" · {len(drawn_classes)} of {len(classes)} classes" if len(drawn_classes) < len(classes) else ""
    _title(figure, title, f"{len(images):,} training images, {height} × {width} pixels · drawn with seed {seed}{rest}")
    return _save(figure, path)


def _sheet(images: Samples, labels: NDArray[np.int64], rows: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The images of the first `rows` classes, side by side on white."""
    height, width, _ = images.shape[1:]
    gap = max(1, width // 16)
    sheet = np.full((rows, height + gap, PER_CLASS, width + gap, 3), 255, np.uint8)
    for k in range(rows):
        drawn = rng.permutation(np.flatnonzero(labels == k))[:PER_CLASS]
        for column, index in enumerate(drawn):
            sheet[k, :height, column, :width] = images[index]
    return sheet.reshape(rows * (height + gap), PER_CLASS * (width + gap), 3)


def draw_scatter(
    features: Samples, labels: NDArray[np.int64], classes: tuple[str, ...], path: PathLike, *, title: str, seed: int = 0
) -> Path:
    """Draw a PNG of at most 2,000 samples as points in the plane, and return its path.

    features: (N, F), F >= 2. Two features are drawn as they are; of more, the first two principal components of the
    standardised features. Raises DataError for other arrays.
    """
    if features.ndim != 2 or features.shape[1] < 2:
        raise DataError(
            f"cannot draw features of shape {features.shape}; a scatter plot needs (N, F) with F of 2 or more"
        )
    from matplotlib.figure import Figure

    index = stratified_subset(labels, min(MAX_POINTS, len(labels)), seed)
    points, names = _project_to_plane(features)
    points, labels = points[index], labels[index]
    figure = Figure(figsize=(7, 5.2))
    axes = figure.add_axes((0, 0, 1, 1))
    for k in range(len(classes)):
        x, y = points[labels == k].T
        colour, marker = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
        axes.scatter(x, y, s=22, alpha=0.75, linewidths=0, label=str(k), color=colour, marker=marker)
    _finish_axes(axes, names)
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, ncols=1 + len(classes) // 25)
    for text, name in zip(legend.get_texts(), classes, strict=True):
        text.set_parse_math(False)
        text.set_text(_shorten(name))  # set afterwards, since matplotlib leaves out labels that begin with _
    _title(figure, title, f"{len(index):,} of {len(features):,} training samples, {features.shape[1]} features")
    return _save(figure, path)


def _draw_targets(splits: Splits, path: PathLike, seed: int) -> Path:
    """Draw the training split of a regression by the values of its first target."""
    data, name = splits.train, splits.targets[0]
    values, more = data.y[:, 0], len(splits.targets) - 1
    if data.is_image:
        names, rows = _ranges(values)
        return draw_contact_sheet(data.x, rows, names, path, title=f"{splits.title}: {name}", seed=seed)
    from matplotlib.figure import Figure

    index = random_subset(len(data), min(MAX_POINTS, len(data)), seed)
    figure = Figure(figsize=(7, 5.2))
    axes = figure.add_axes((0, 0, 1, 1))
    if data.x.shape[1] == 1:
        axes.scatter(data.x[index, 0], values[index], s=22, alpha=0.75, linewidths=0, color=COLOURS[0])
        _finish_axes(axes, (splits.features[0] if splits.features else "feature 1", name))
    else:
        points, names = _project_to_plane(data.x)
        a, b = points[index].T
        drawn = axes.scatter(a, b, c=values[index], s=22, alpha=0.75, linewidths=0, cmap="viridis")
        _finish_axes(axes, names)
        bar = figure.colorbar(drawn, ax=axes, label=_shorten(name))
        bar.outline.set_visible(False)
        bar.ax.yaxis.label.set_parse_math(False)
    about = f"{len(index):,} of {len(data):,} training samples, {data.x.shape[1]} features, by {name}"
    _title(figure, splits.title, f"{about}, the first of {more + 1} targets" if more else about)
    return _save(figure, path)


def _ranges(values: NDArray[np.float64]) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Ranges of rising values, with a fifth of the samples each, in words; and which range each value is in."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, RANGES + 1)))
    if len(edges) == 1:
        return (f"{edges[0]:.4g}",), np.zeros(len(values), np.intp)
    names = tuple(f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges.tolist()))
    return names, np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(names) - 1)


def _finish_axes(axes: "Axes", names: tuple[str, str]) -> None:
    axes.set_xlabel(names[0], color=INK, parse_math=False)
    axes.set_ylabel(names[1], color=INK, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)


def _project_to_plane(features: Samples) -> tuple[NDArray[np.float64], tuple[str, str]]:
    """The points (N, 2), and the names of the two axes."""
    if features.shape[1] == 2:
        return features.astype(np.float64), ("feature 1", "feature 2")
    z = Standardizer.fit(features, "feature").transform(features, np.float64)
    variances, directions = np.linalg.eigh(z.T @ z)
    variances = np.maximum(variances, 0)
    shares = 100 * variances[::-1][:2] / max(variances.sum(), 1e-12)
    first, second = (f"principal component {i + 1} ({share:.0f}% of the variance)" for i, share in enumerate(shares))
    return z @ directions[:, ::-1][:, :2], (first, second)


def _shorten(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def _title(figure: "Figure", title: str, subtitle: str) -> None:
    """Write the title and the subtitle above the plot, wrapped to its width."""
    import textwrap

    width, height = figure.get_size_inches()
    lines = textwrap.wrap(title, int(width * 8))
    figure.text(0, 1 + 0.18 / height, subtitle, fontsize=10, color=FAINT, va="bottom", parse_math=False)
    figure.text(
        0, 1 + 0.44 / height, "\n".join(lines), fontsize=13, weight="bold", color=INK, va="bottom", parse_math=False
    )


def _save(figure: "Figure", path: PathLike) -> Path:
    path = as_path(path)
    image = BytesIO()
    figure.savefig(image, format="png", dpi=160, bbox_inches="tight", pad_inches=0.25)
    write_output(path, image.getvalue())
    return path
