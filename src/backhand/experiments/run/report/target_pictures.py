"""Pictures of a regression on images: training samples, the largest errors, and what the predictions depend on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.evidence_groups import Attributions, FeatureMaps, Fitted
from backhand.experiments.run.metrics import Target
from backhand.experiments.run.record import Run
from backhand.experiments.run.report.attributions import figure, grad_cam_layer
from backhand.experiments.run.report.pictures import SAMPLE_COLUMNS, png, sheet
from backhand.page import style
from backhand.page.blocks import Block, Gallery, Image, Images, Picture, Text
from backhand.page.numbers import counted, significant

COLUMNS = 8  # of the gallery of the largest errors
NAMED = 2  # the targets whose values stand under a training picture


def units(run: Run) -> NDArray[np.float64]:
    """What the errors of each target are compared in, (T,): the standard deviations of the training values."""
    return np.array([target.deviation or 1.0 for target in run.metrics.data.targets])


def samples(run: Run) -> Gallery | None:
    """Training pictures from the least to the largest value of the first target, with their values."""
    saved, targets = run.evidence.samples, run.metrics.data.targets
    if saved is None or saved.targets is None or not len(saved.pictures):
        return None
    pictures = []
    for image, values in zip(saved.pictures, saved.targets, strict=True):
        lines = tuple(_value(target, value, targets) for target, value in zip(targets[:NAMED], values, strict=False))
        pictures.append(Picture(png(image), f"training sample with {', '.join(lines)}", lines))
    alt = f"{counted(len(pictures), 'training picture')}, by their values of “{targets[0].name}”"
    image = Image("samples", sheet(saved.pictures, pictures, SAMPLE_COLUMNS), alt, f"{alt}.")
    return Gallery(tuple(pictures), SAMPLE_COLUMNS, image)


def _value(target: Target, value: float, targets: tuple[Target, ...]) -> str:
    """A value, with the name of its target where there are several."""
    name = f"{style.shorten(target.name, 10)} " if len(targets) > 1 else ""
    return f"{name}{significant(float(value))}"


def largest_errors(run: Run) -> Gallery | None:
    """The test pictures with the largest errors, each with its true and its predicted value."""
    saved, fitted = run.evidence.largest_errors, run.evidence.fitted
    if saved is None or fitted is None or not len(saved.index):
        return None
    texts = answers(run, fitted, saved.index)
    pictures = [
        Picture(png(image), f"test sample {n}, {' '.join(lines)}", (*lines, f"sample {n}"))
        for image, n, lines in zip(saved.pictures, saved.index, texts, strict=True)
    ]
    of = " of any target, in its standard deviations" if len(run.metrics.data.targets) > 1 else ""
    caption = (
        f"The {counted(len(pictures), 'test picture')} with the largest errors{of}: true value → prediction, and the "
        "error."
    )
    image = Image("largest-errors", sheet(saved.pictures, pictures, COLUMNS), caption.removesuffix("."), caption)
    return Gallery(tuple(pictures), COLUMNS, image)


def answers(run: Run, fitted: Fitted, index: NDArray[Any]) -> list[tuple[str, ...]]:
    """For each of these test samples the true value → the prediction, and the error, of the target it is largest of."""
    targets, hardest = run.metrics.data.targets, fitted.hardest_targets(units(run))
    row_of = {int(n): row for row, n in enumerate(fitted.index)}
    texts = []
    for row in (row_of[int(n)] for n in index):
        k = hardest[row]
        true, predicted, error = (
            significant(float(values[row, k])) for values in (fitted.targets, fitted.predictions, fitted.errors)
        )
        name = (style.shorten(targets[k].name, 13),) if len(targets) > 1 else ()
        texts.append((*name, f"{true} →\u00a0{predicted}", f"error {error}"))
    return texts


def attributions(run: Run) -> tuple[Block, ...]:
    """The pictures with the largest errors, with saliency and Grad-CAM of the predicted value."""
    saved, fitted = run.evidence.attributions, run.evidence.fitted
    if saved is None or fitted is None or not len(saved.images):
        return ()
    kinds = "Saliency" if saved.grad_cam is None else "Saliency and Grad-CAM"
    caption = f"{kinds} of the {counted(len(saved.images), 'test picture')} with the largest errors."
    titles = ["\n".join(lines) for lines in answers(run, fitted, saved.index)]
    image = Image("attributions-errors", style.png(figure(saved, titles)), caption.removesuffix("."), caption)
    return Text(_about(run, saved)), Images((image,))


def _about(run: Run, saved: Attributions) -> str:
    text = (
        "Saliency is the absolute value of the gradient of the prediction with respect to each pixel, the largest over "
        "the channels: how much a small change of the pixel could change the prediction."
    )
    if len(run.metrics.data.targets) > 1:
        text += " It is that of the target with the largest error, which is named above each picture."
    if saved.grad_cam is None:
        return text
    return (
        f"{text} Grad-CAM shows where the feature maps after {grad_cam_layer(run, saved)} raise the prediction: it is "
        "the sum of the channels, each weighted by the mean gradient of the prediction, where that is positive. Where "
        "a map has no colour, nothing raises it."
    )


def map_names(run: Run, saved: FeatureMaps) -> list[str]:
    """The names of the rows of feature maps: the true value and the prediction of each picture."""
    return ["\n".join(lines) for lines in answers(run, run.evidence.fitted, saved.index)] if run.evidence.fitted else []
