"""Pixels of images as uint8, 0 to 255, from the numbers that they may come in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import refuse_not_finite
from backhand.errors import DataError

WHITE = 255
DARK_LIMIT = 127  # images that reach no further may have another white than 255


@dataclass(frozen=True)
class Pixels:
    """Images of uint8, what 255 was before (255 or 1), and what was done or is doubtful, "" for nothing."""

    x: NDArray[np.uint8]
    white: int
    note: str = ""


def read_pixels(x: NDArray[Any], where: str) -> Pixels:
    """Images of any dtype as uint8, if that loses nothing: whole numbers that reach from 0 to 255, or 0 to 1 in 255ths.

    Raises DataError, with the line to write, where numbers are of another range or lie between grey levels.
    """
    if x.dtype == np.uint8:
        brightest = int(x.max())
        return Pixels(x, WHITE, _brightness_note(brightest) if 0 < brightest <= DARK_LIMIT else "")
    refuse_not_finite(x, where)
    low, high = float(x.min()), float(x.max())
    if low >= 0 and high <= 1 and (levels := _grey_levels(x)) is not None:
        return Pixels(levels, 1, f"{x.dtype} from {low:g} to {high:g}, read as 0 to 255")
    if low >= 0 and DARK_LIMIT < high <= WHITE and (x == np.rint(x)).all():
        return Pixels(x.astype(np.uint8), WHITE, f"{x.dtype} from {low:g} to {high:g}, read as uint8")
    raise DataError(
        f"{where} holds images as {x.dtype} from {low:g} to {high:g}, and pixels are uint8 from 0 to 255: "
        f"write {conversion_code(x)}, or x.reshape(len(x), -1) for a network on features"
    )


def conversion_code(x: NDArray[Any]) -> str:
    """The line of Python that makes pixels of such an array, by the range that it seems to have."""
    low, high = float(x.min()), float(x.max())
    if -1 <= low < 0 and high <= 1:
        return "np.rint((x + 1) * 127.5).astype(np.uint8)"
    if low < 0:
        return "np.rint((x - x.min()) * (255 / (x.max() - x.min()))).astype(np.uint8)"
    if DARK_LIMIT < high <= WHITE:
        return "np.rint(x).astype(np.uint8)"
    white = 1 if high <= 1 else 65535 if high > 4095 and x.dtype.kind in "iu" else high
    return f"np.rint(x * (255 / {white:g})).astype(np.uint8)"


def _brightness_note(brightest: int) -> str:
    line = f"np.rint(x * (255 / {brightest})).astype(np.uint8)"
    return f"no pixel is brighter than {brightest} of 255; if {brightest} is white, save {line}"


def _grey_levels(x: NDArray[Any]) -> NDArray[np.uint8] | None:
    """x in 0 .. 1 as the 255ths that it holds to rounding, None where it lies between them."""
    scaled = x.astype(np.float64) * WHITE
    levels = np.rint(scaled)
    rounding = WHITE * float(np.finfo(x.dtype).eps) if x.dtype.kind == "f" else 0.0
    return levels.astype(np.uint8) if (np.abs(scaled - levels) <= max(rounding, 1e-4)).all() else None
