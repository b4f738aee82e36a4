"""The first layer's weights as pictures: kernels of a convolution, or units of a linear layer on images."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from backhand.experiments.run.record import Run
from backhand.experiments.run.report.pictures import png
from backhand.page import style
from backhand.page.blocks import Image
from backhand.page.mosaic import FRAME, GAP, mosaic
from backhand.page.numbers import counted, shape

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALL = 11  # the most rows or columns of a small kernel; the usual first convolutions have no more
MOST_SMALL, MOST_LARGE = 64, 36  # the largest numbers of small and of large kernels that are shown
WIDE, SIDE = 920, 160  # the most pixels across a plot that stands beside another, and across a kernel

Pixels = NDArray[Any]


def weights(run: Run) -> tuple[Image, ...]:
    """Images of the same units before and after training, on one scale; none for weights that are no pictures."""
    saved = run.evidence.first_weights
    if saved is None:
        return ()
    before, after = (_units(array, run.metrics.data.sample_shape) for array in (saved.initial, saved.trained))
    if before is None or after is None:
        return ()
    number = MOST_SMALL if max(before.shape[1:3]) <= SMALL else MOST_LARGE
    moved = np.sort(np.argsort(-np.sum((after - before) ** 2, axis=(1, 2, 3)), kind="stable")[:number])
    limit = float(np.percentile(np.abs([before[moved], after[moved]]), 99.5)) or 1.0
    noun = "kernel" if saved.trained.ndim == 4 else "unit"
    units = counted(len(before), noun)
    if len(moved) < len(before):
        units = f"the {len(moved)} of {units} that moved most"
    change = f", and that of their change {_root_mean_square(after[moved] - before[moved])}"
    return (
        _image("weights-before", f"{units}, before training", before[moved], limit, ""),
        _image("weights-after", f"{units}, after training", after[moved], limit, change),
    )


def figure(weights: Pixels, sample: tuple[int, ...]) -> "Figure | None":
    """The first layer's weights as pictures, the first of many; None for weights that are no pictures."""
    units = _units(weights, sample)
    if units is None:
        return None
    units = units[: MOST_SMALL if max(units.shape[1:3]) <= SMALL else MOST_LARGE]
    return style.sheet(_sheet(units, float(np.percentile(np.abs(units), 99.5)) or 1.0))[0]


def _units(array: Pixels, sample: tuple[int, ...]) -> Pixels | None:
    """The weights as pictures (O, h, w, C), those of a linear layer (I, O) in the shape of the sample; else None."""
    if array.ndim == 2 and len(sample) == 3 and array.shape[0] == math.prod(sample):
        array = array.reshape(*sample, -1)
    return np.moveaxis(array, -1, 0).astype(np.float64) if array.ndim == 4 else None


def _root_mean_square(weights: Pixels) -> str:
    """The root mean square of the weights, as text."""
    return f"{float(np.sqrt(np.mean(weights**2))):.3g}"


def _image(name: str, description: str, units: Pixels, limit: float, change: str) -> Image:
    channels = units.shape[3]
    text = f"First-layer weights ({shape(units.shape[1:])}): {description}"
    scales = {1: "Grey runs", 3: "Each of red, green and blue runs"}
    scale = scales.get(channels, f"Grey is the mean of {channels} channels and runs")
    caption = (
        f"{text}. {scale} from −{limit:.2g} to {limit:.2g}, with 0 in the middle. The root mean square of the weights "
        f"is {_root_mean_square(units)}{change}."
    )
    return Image(name, png(_sheet(units, limit)), f"{text}, root mean square {_root_mean_square(units)}", caption)


def _sheet(units: Pixels, limit: float) -> Pixels:
    """The units in one picture, about as many rows as columns, or more columns where these leave fewer cells empty."""
    if units.shape[3] != 3:
        units = units.mean(axis=3, keepdims=True).repeat(3, axis=3)
    grey = np.rint(255 * np.clip(0.5 + units / (2 * limit), 0, 1)).astype(np.uint8)
    square = math.ceil(math.sqrt(len(units)))
    columns = min(range(square, 2 * square), key=lambda wide: -len(units) % wide)
    room = min((WIDE - 2 * FRAME + GAP) // columns - GAP, SIDE)
    side = max(units.shape[1:3]) * max(room // max(units.shape[1:3]), 1)
    return mosaic([list(grey[start : start + columns]) for start in range(0, len(grey), columns)], side)
