"""The pixels of images as uint8 from 0 to 255, converted from other dtypes and ranges."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.data.dataset import refuse_not_finite
from backhand.errors import DataError

WHITE = 255
DARK_LIMIT = 127  # where no pixel is brighter, white may be another value than 255


@dataclass(frozen=True)
class Pixels:
    """Images as uint8.

    white: the value of white before the conversion, 255 or 1.   note: what was converted, or what is doubtful; "" for
    neither.
    """

    x: NDArray[np.uint8]
    white: int
    note: str = ""


def read_pixels(x: NDArray[Any], where: str, white: int | None = None) -> Pixels:
    """Images of any dtype as uint8, where that loses nothing: integers from 0 to 255, or 255ths from 0 to 1.

    white: of other dtypes than uint8, 255 or 1; without it, it follows from the brightest pixel.
    Raises DataError, with the line of Python to write, for other ranges and for values between grey levels.
    """
    if x.dtype == np.uint8:
        brightest = int(x.max())
        return Pixels(x, WHITE, _brightness_note(brightest) if 0 < brightest <= DARK_LIMIT else "")
    refuse_not_finite(x, where)
    low, high = float(x.min()), float(x.max())
    if white != WHITE and low >= 0 and high <= 1 and (levels := _grey_levels(x)) is not None:
        return Pixels(levels, 1, f"{x.dtype} from {low:g} to {high:g}, read as 0 to 255")
    darkest = 0 if white == WHITE else DARK_LIMIT + 1  # that the brightest pixel may be
    if white != 1 and low >= 0 and darkest <= high <= WHITE and (x == np.rint(x)).all():
        return Pixels(x.astype(np.uint8), WHITE, f"{x.dtype} from {low:g} to {high:g}, read as uint8")
    if white is not None:
        levels_of = "whole numbers from 0 to 255" if white == WHITE else "255ths from 0 to 1"
        raise DataError(
            f"{where} holds images as {x.dtype} from {low:g} to {high:g}, and earlier ones were {levels_of}"
        )
    raise DataError(
        f"{where} holds images as {x.dtype} from {low:g} to {high:g}, and pixels are uint8 from 0 to 255: "
        f"write {conversion_code(x)}, or x.reshape(len(x), -1) for a network on features"
    )


def conversion_code(x: NDArray[Any]) -> str:
    """The line of Python that converts such an array to pixels, judging by the range of its values."""
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
    """Values from 0 to 1 as numbers of 255ths; None where a value lies between them."""
    scaled = x.astype(np.float64) * WHITE
    levels = np.rint(scaled)
    rounding = WHITE * float(np.finfo(x.dtype).eps) if x.dtype.kind == "f" else 0.0
    return levels.astype(np.uint8) if (np.abs(scaled - levels) <= max(rounding, 1e-4)).all() else None
