"""What the network looks at: saliency and Grad-CAM of test pictures, and the importance of each column of a table."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.evidence_groups import Attributions, Importance
from backhand.experiments.run.record import Run
from backhand.experiments.run.report.pictures import colours
from backhand.page import style
from backhand.page.blocks import Block, Image, Images, Text
from backhand.page.numbers import count, counted, percent, shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, SIDE = 1.12, 0.95  # inches from one picture to the next, and for the names of the rows
HEAT = "inferno"  # its lightness rises evenly, so that it is readable in grey print
BRIGHTEST = 99.5  # the percentile of a picture's saliency that has the brightest colour
SHOWN = 20  # the most columns whose importance is drawn

Pixels = NDArray[Any]


def attributions(run: Run) -> tuple[Block, ...]:
    """Pictures of the mistakes and of right answers; nothing where none is saved."""
    saved = run.evidence.attributions
    if saved is None or not len(saved.images):
        return ()
    wrong = mistaken(saved)
    groups = {"most confident mistakes": ("mistakes", wrong), "right answers": ("right", ~wrong)}
    images = [
        _image(run, f"attributions-{name}", words, select(saved, mask))
        for words, (name, mask) in groups.items()
        if mask.any()
    ]
    return Text(_about(run, saved)), *(Images((image,)) for image in images)


def mistaken(saved: Attributions) -> NDArray[np.bool_]:
    """Which of the pictures were given a wrong class, (T,); none of a regression's."""
    if saved.labels is None or saved.predictions is None:
        return np.zeros(len(saved.images), bool)
    return np.asarray(saved.labels != saved.predictions)


def select(saved: Attributions, index: NDArray[Any]) -> Attributions:
    """Those of the attributions that the index selects."""
    arrays = {field.name: getattr(saved, field.name) for field in fields(saved) if field.name != "layer"}
    return replace(saved, **{name: array[index] for name, array in arrays.items() if array is not None})


def _about(run: Run, saved: Attributions) -> str:
    text = (
        "Saliency is the absolute value of the gradient of the predicted class's score with respect to each pixel, the "
        "largest over the channels: how much a small change of the pixel could change the score. It shows what the "
        "score is sensitive to, not what speaks for the class."
    )
    if saved.grad_cam is None:
        return text
    compared = " The two maps of a mistake are on one scale and can be compared." if mistaken(saved).any() else ""
    return (
        f"{text} Grad-CAM shows where the feature maps after {grad_cam_layer(run, saved)} speak for a class: it is the "
        "sum of the channels, each weighted by the mean gradient of the class's score, where that is positive."
        f"{compared} Where a map has no colour, nothing speaks for the class."
    )


def grad_cam_layer(run: Run, saved: Attributions) -> str:
    """The layer of the Grad-CAM maps in words, such as "layer 2, ReLU(), of 8 × 8 × 16"."""
    row = next((row for row in run.metrics.model.layers if row.name == saved.layer), None)
    return f"layer {saved.layer}" + (f", {row.layer}, of {shape(row.output)}" if row else "")


def _image(run: Run, name: str, words: str, saved: Attributions) -> Image:
    kinds = "saliency" if saved.grad_cam is None else "saliency and Grad-CAM"
    true, predicted, _ = next(_answers(saved, run.classes))
    example = f"“{true}”" if true == predicted else f"“{true}” taken for “{predicted}”"
    caption = f"{kinds[0].upper()}{kinds[1:]} of the {words}, the first of which is sample {saved.index[0]}, {example}."
    with_confidence = " Below each class stands the confidence in the answer."
    alt = f"{counted(len(saved.images), 'test picture')} with {kinds}: {words}"
    return Image(name, style.png(figure(saved, titles(saved, run.classes))), alt, caption + with_confidence)


def titles(saved: Attributions, classes: Sequence[str]) -> list[str]:
    """Of each picture the class, the one that was given, and the confidence in it."""
    return [_title(*answer) for answer in _answers(saved, classes)]


def _answers(saved: Attributions, classes: Sequence[str]) -> Iterator[tuple[str, str, float]]:
    """For each picture its class, the class that was given, and the confidence in it."""
    assert saved.labels is not None
    assert saved.predictions is not None
    assert saved.confidence is not None
    for true, predicted, confidence in zip(saved.labels, saved.predictions, saved.confidence, strict=True):
        yield classes[true], classes[predicted], float(confidence)


def figure(saved: Attributions, titles: Sequence[str]) -> "Figure":
    """A column for each picture, with its title above: the picture, its saliency, and where there are maps Grad-CAM."""
    rows = _rows(saved)
    height, width = saved.images.shape[1:3]
    sheet = style.figure(SIDE + COLUMN * len(saved.images), 0.42 + COLUMN * height / width * len(rows))
    grid = sheet.subplots(len(rows), len(saved.images), squeeze=False)
    for axes, (name, pictures) in zip(grid, rows, strict=True):
        axes[0].set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center", labelpad=6)
        for place, picture in zip(axes, pictures, strict=True):
            _show(place, picture)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=7.5, linespacing=1.3)
    return sheet


def _rows(saved: Attributions) -> list[tuple[str, list[Pixels]]]:
    """The rows of the figure with their names, from the pictures down."""
    rows = [("picture", [colours(image) for image in saved.images])]
    rows.append(("saliency", [_tinted(each / (np.percentile(each, BRIGHTEST) or 1)) for each in saved.saliency]))
    if saved.grad_cam is None:
        return rows
    other = saved.grad_cam if saved.grad_cam_true is None else saved.grad_cam_true
    tops = np.maximum(saved.grad_cam, other).max(axis=(1, 2))
    two = mistaken(saved).any()
    pairs = {"Grad-CAM of\nthe class given" if two else "Grad-CAM": saved.grad_cam}
    if two:
        pairs["Grad-CAM of\nthe right class"] = other
    for name, maps in pairs.items():
        rows.append((name, [_laid_over(*three) for three in zip(saved.images, maps, tops, strict=True)]))
    return rows


def _tinted(shares: Pixels) -> Pixels:
    """Shares of the brightest value (H, W) in colours (H, W, 3), 0 to 1."""
    import matplotlib

    return matplotlib.colormaps[HEAT](np.clip(shares, 0, 1))[..., :3]


def _laid_over(image: Pixels, heat: Pixels, top: float) -> Pixels:
    """The picture in grey, with the colours of the heat the stronger the hotter it is."""
    shares = heat / top if top > 0 else heat
    grey = colours(image).mean(axis=2, keepdims=True) / 255
    opacity = 0.25 + 0.6 * shares[..., None]
    return np.clip((1 - opacity) * grey + opacity * _tinted(0.08 + 0.92 * shares), 0, 1)


def _title(true: str, predicted: str, confidence: float) -> str:
    names = style.shorten(true, 13) + ("" if true == predicted else f"\n→ {style.shorten(predicted, 13)}")
    return f"{names}\n{percent(confidence)}"


def _show(axes: "Axes", picture: Pixels) -> None:
    axes.imshow(picture, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def importance(run: Run, saved: Importance) -> tuple[Block, ...]:
    """The importance of the columns of a table."""
    regression, names = bool(run.metrics.data.targets), run.metrics.data.features
    worse = "root mean square error (RMSE) rises" if regression else "accuracy falls"
    text = (
        f"The importance of a column is how much the test {worse} when its values are shuffled among the "
        "samples. Of columns that say the same, each may seem unimportant, since the others stand in for it; a "
        "negative value is chance."
    )
    mean, columns = saved.losses.mean(axis=1), len(saved.losses)
    shown = f"the {SHOWN} most important of {columns} columns" if columns > SHOWN else f"all {columns} columns"
    unit = "as the rise of the RMSE" if regression else "in percentage points of accuracy"
    caption = (
        f"Permutation importance of {shown}: mean and standard deviation over {saved.losses.shape[1]} shuffles of "
        f"{count(int(saved.rows[0]))} test samples, {unit}."
    )
    alt = f"Bar plot of permutation importance; the most important is {column_name(int(mean.argmax()), names)}"
    figure = importance_figure(saved, names, regression=regression)
    return Text(text), Images((Image("importance", style.png(figure), alt, caption),))


def column_name(column: int, names: Sequence[str] = ()) -> str:
    """What a column is called: its name, or its number, counted from 1."""
    return names[column] if names else f"column {column + 1}"


def importance_figure(saved: Importance, names: Sequence[str] = (), *, regression: bool = False) -> "Figure":
    """A bar for each of the most important columns, with its standard deviation over the shuffles.

    names: of the columns; empty: they are numbered.   regression: whether the losses are those of the RMSE, and not of
    the accuracy.
    """
    order = np.argsort(-saved.losses.mean(axis=1), kind="stable")[:SHOWN]
    losses = saved.losses[order] * (1 if regression else 100)
    drawing, axes = style.panel(style.WIDTH * 1.3, 0.8 + 0.24 * len(order))
    whiskers = {"elinewidth": 1.0, "ecolor": style.INK, "capsize": 2}
    look = style.bar(style.SKY, "", 0.4)
    axes.barh(range(len(order)), losses.mean(axis=1), 0.72, xerr=losses.std(axis=1), error_kw=whiskers, **look)
    axes.set_yticks(range(len(order)), [style.shorten(column_name(f, names), 26) for f in order])
    axes.set(
        xlabel="rise of the RMSE" if regression else "accuracy lost (percentage points)", ylim=(len(order) - 0.4, -0.6)
    )
    axes.axvline(0, color=style.INK, linewidth=0.8)
    axes.grid(axis="y", visible=False)
    return drawing
