"""The colours of pictures, grey or RGB, and the conversion between them."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import Shape

Colour = Literal["L", "RGB"]  # grey; red, green and blue
CHANNELS: dict[Colour, int] = {"L": 1, "RGB": 3}
NAMES: dict[Colour, str] = {"L": "grey", "RGB": "RGB"}


def colour_of(shape: Shape) -> Colour | None:
    """The colour of pictures of the shape (H, W, C); None for other numbers of channels and other samples."""
    return next((colour for colour, C in CHANNELS.items() if shape[2:] == (C,)), None)


def convert_colour(x: NDArray[Any], colour: Colour) -> NDArray[Any]:
    """Images (N, H, W, C) uint8 converted to this colour, as `pictures.decode` does; other samples are unchanged.

    Grey is 0.299 R + 0.587 G + 0.114 B, rounded (ITU-R BT.601); RGB of grey has three equal channels.
    """
    if x.dtype != np.uint8 or colour_of(x.shape[1:]) in (None, colour):
        return x
    if colour == "RGB":
        return np.repeat(x, 3, axis=3)
    from PIL import Image

    return np.stack([np.asarray(Image.fromarray(image).convert("L"))[:, :, None] for image in x])
