"""Small pictures side by side in one large picture, each of their values as a square of whole pixels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAME, GAP = 2, 12  # pixels
GREY = 80  # of the frame: darker than the mid-grey of a weight of 0

Pixels = NDArray[Any]


def mosaic(rows: Sequence[Sequence[Pixels]], side: int) -> Pixels:
    """Framed pictures (h, w, 3) uint8 in rows of cells of `side` pixels; a picture larger than a cell is not reduced.

    Cell (i, j) has its upper left corner at FRAME + (i, j) (side + GAP).
    """
    columns, pitch = max(map(len, rows)), side + GAP
    high, wide = (n * pitch - GAP + 2 * FRAME for n in (len(rows), columns))
    canvas = np.full((high, wide, 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            large = enlarged(picture, side)
            height, width = large.shape[:2]
            top = FRAME + i * pitch + (side - height) // 2
            left = FRAME + j * pitch + (side - width) // 2
            canvas[top - FRAME : top + height + FRAME, left - FRAME : left + width + FRAME] = GREY
            canvas[top : top + height, left : left + width] = large
    return canvas


def enlarged(picture: Pixels, side: int) -> Pixels:
    """The picture with each pixel repeated, a whole number of times, as often as fits into `side` pixels."""
    times = max(side // max(picture.shape[:2]), 1)
    return picture.repeat(times, axis=0).repeat(times, axis=1)
