"""JPEG and PNG files to arrays."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from backhand.errors import DataError

Colour = Literal["L", "RGB"]
# What 8-bit pictures are stored as, and what each is read as; transparency, CMYK and 16 bits have no one right reading.
STORED_AS: dict[str, Colour] = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB"}
OPAQUE: dict[str, Colour] = {"LA": "L", "RGBA": "RGB"}
MAX_PIXELS = 4096 * 4096


class BadImageError(DataError):
    """One file that is no picture, or one of a kind that is not read."""


def decode(data: bytes, name: str, colour: Colour | None = None) -> NDArray[np.uint8]:
    """The picture in a JPEG or PNG file as (H, W, C) uint8.

    colour: "L" for one channel, "RGB" for three, None for as many as the file has.   name: for the message.
    Raises BadImageError for a file that is damaged, of another format, above 16.8 million pixels, transparent
    anywhere, CMYK or 16-bit.
    """
    from PIL import Image

    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadImageError(f"{name} has {image.width} x {image.height} pixels, far too many")
            mode = image.mode
            if mode in OPAQUE and image.getchannel("A").getextrema() == (255, 255):
                mode = OPAQUE[mode]  # an alpha channel that hides nothing, as screenshots have
            if mode not in STORED_AS or "transparency" in image.info:
                kind = "transparent" if "transparency" in image.info else mode
                raise BadImageError(f"{name} has pixels of the kind {kind}; save it as 8-bit grey or RGB")
            wanted = colour or STORED_AS[mode]
            pixels = np.asarray(image if image.mode == wanted else image.convert(wanted))
    except PICTURE_DAMAGE as error:
        reason = f"truncated {_kind(data)}" if "truncated" in str(error) else f"damaged {_kind(data)}"
        raise BadImageError(f"{name} is not an image ({reason if _kind(data) else 'unknown format'})") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImageError(f"{name} has far too many pixels ({error})") from error
    return pixels.reshape(*pixels.shape[:2], -1)


# What Pillow raises on damaged bytes; UnidentifiedImageError is an OSError.
PICTURE_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


@contextmanager
def strict_decoding() -> Iterator[None]:
    """Pillow warns of a decompression bomb and reads on; here it stops. Its other warnings a user could not mend."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _kind(data: bytes) -> str:
    """The format that the first bytes claim."""
    return {b"\xff\xd8": "JPEG", b"\x89P": "PNG"}.get(data[:2], "")
