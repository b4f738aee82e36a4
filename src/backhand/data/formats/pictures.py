"""JPEG, PNG, WebP and BMP files to arrays, upright."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import pixels
from backhand.data.formats.picture_headers import READ, bits_per_channel, format_of, is_unusual_bmp, without_metadata
from backhand.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Colour = Literal["L", "RGB"]
# What 8-bit pictures are stored as, and what each is read as; CMYK has no one right reading.
STORED_AS: dict[str, Colour] = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB", "LA": "L", "RGBA": "RGB"}
MAX_PIXELS = 8192 * 8192  # above what telephones take
ORIENTATION = 274  # EXIF's tag
UNUSUAL = "is a {} file of an unusual kind, which is not read; save it as JPEG or PNG"
NO_FORMAT = "is not an image (unknown format)"
# What Pillow raises on damaged bytes; UnidentifiedImageError is an OSError.
PICTURE_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


class BadImageError(DataError):
    """One file that is no picture, or one of a kind that is not read."""


def decode(data: bytes, name: str, colour: Colour | None = None) -> NDArray[np.uint8]:
    """The picture in a JPEG, PNG, WebP or BMP file as (H, W, C) uint8, turned upright as its EXIF orientation says.

    The content decides on the format, not the name. Depths below 8 bits are scaled to 0..255.
    colour: "L" for one channel, "RGB" for three, None for as many as the file has.   name: for the message.
    Raises BadImageError for a file that is damaged, of another format, above 67 million pixels, transparent
    anywhere, animated, CMYK, or of more than 8 bits per channel. Damaged EXIF data count as none.
    """
    from PIL import Image

    if (bits := bits_per_channel(data)) > 8:
        raise BadImageError(f"{name} has {bits} bits per channel; save it as 8-bit grey or RGB")
    try:
        with _strict_decoding():
            try:
                return _pixels(data, name, colour)
            except PICTURE_DAMAGE:
                if format_of(data) != "PNG":
                    raise
                return _pixels(without_metadata(data), name, colour)
    except PICTURE_DAMAGE as error:
        raise BadImageError(f"{name} {_damage(data, str(error))}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImageError(f"{name} has far too many pixels ({error})") from error


def _pixels(data: bytes, name: str, colour: Colour | None) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(BytesIO(data), formats=[kind.upper() for kind in READ]) as image:
        _refuse_unreadable(image, name)
        if image.format == "BMP" and is_unusual_bmp(data, image.mode):
            raise BadImageError(f"{name} {UNUSUAL.format('BMP')}")
        wanted = colour or STORED_AS[image.mode]
        plain = image if image.mode == wanted else image.convert(wanted)
        pixels = upright(np.asarray(plain), _orientation(image))
    return pixels.reshape(*pixels.shape[:2], -1)


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture (H, W, ...) as it is to be seen. orientation: 1 to 8, where row 0 and column 0 of the file lie.

    Source: Exif 2.32 (CIPA DC-008), section 4.6.4, tag Orientation.
    """
    if orientation >= 5:  # rows of the file are columns of the scene
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _orientation(image: "Picture") -> int:
    """The EXIF orientation of a decoded picture, 1 (upright) where there is none or it cannot be read."""
    try:
        value = image.getexif().get(ORIENTATION, 1)
    except (*PICTURE_DAMAGE, AttributeError, AssertionError):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _refuse_unreadable(image: "Picture", name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise BadImageError(f"{name} has {pixels((image.height, image.width))}, far too many")
    if getattr(image, "is_animated", False) and image.format != "MPO":  # a telephone's MPO has the picture first
        raise BadImageError(f"{name} is an animation of several pictures; save one of them by itself")
    if image.mode not in STORED_AS:
        raise BadImageError(f"{name} has pixels of the kind {image.mode}; save it as 8-bit grey or RGB")
    if image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema() != (255, 255):
        raise BadImageError(f"{name} has transparent pixels; save it as 8-bit grey or RGB")


def _damage(data: bytes, reason: str) -> str:
    kind = format_of(data)
    if kind and kind not in READ:
        return f"is a {kind} file, which is not read; save it as JPEG or PNG"
    if reason.startswith("Unsupported"):
        return UNUSUAL.format(kind)
    return f"is not an image ({'truncated' if 'truncated' in reason else 'damaged'} {kind})" if kind else NO_FORMAT


@contextmanager
def _strict_decoding() -> Iterator[None]:
    """Pillow warns of a decompression bomb and reads on; here it stops. Its other warnings a user could not mend."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
