"""Decodes JPEG, PNG, WebP and BMP files to arrays, turned upright."""

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from backhand.arrays import pixels
from backhand.data.formats.colours import Colour
from backhand.data.formats.picture_headers import (
    READABLE_FORMATS,
    bits_per_channel,
    format_of,
    has_late_metadata,
    is_unusual_bmp,
    without_metadata,
)
from backhand.data.formats.resize import Resize, Size
from backhand.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

Outcome = TypeVar("Outcome")
# The modes of 8-bit pictures, and the colour in which each is read; there is no single right reading of CMYK.
STORED_AS: dict[str, Colour] = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB", "LA": "L", "RGBA": "RGB"}
MAX_PIXELS = 8192 * 8192  # more than the cameras of telephones have
ORIENTATION = 274  # EXIF's tag
UNUSUAL = "is a {} file of an unusual kind, which is not supported; save it as JPEG or PNG"
NO_FORMAT = "is not an image (unknown format)"
# What Pillow raises for damaged bytes; UnidentifiedImageError is an OSError.
PICTURE_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, struct.error, zlib.error)


class BadImageError(DataError):
    """A file that is not a picture, or a picture of an unsupported kind."""


def decode(data: bytes, name: str, colour: Colour | None = None, resize: Resize | None = None) -> NDArray[np.uint8]:
    """The picture in a JPEG, PNG, WebP or BMP file as (H, W, C) uint8, turned upright as its EXIF orientation says.

    The content decides on the format, not the name. Depths below 8 bits are scaled to 0 .. 255.
    colour: "L" for one channel, "RGB" for three, None for those of the file.   resize: scales the picture in the end.
    name: of the file, for messages.
    Raises BadImageError for a file that is damaged or of another format, and for a picture that is animated, CMYK,
    transparent anywhere, above 67 million pixels, or of more than 8 bits per channel. Damaged EXIF data are ignored.
    """

    def read_pixels(image: "Picture") -> NDArray[np.uint8]:
        _refuse_unreadable(image, name)
        if image.format == "BMP" and is_unusual_bmp(data, image.mode):
            raise BadImageError(f"{name} {UNUSUAL.format('BMP')}")
        if resize is not None:
            resize.draft(image)
        return turn_upright(_in_colour(image, colour), _orientation(image))

    pixels = _apply_to_opened(data, name, read_pixels)
    return pixels if resize is None else resize(pixels)


def pixels_of(image: "Picture", name: str) -> NDArray[np.uint8]:
    """The pixels (H, W, C) of a picture that Pillow has read, in the colour that `decode` gives a file of its mode.

    Raises BadImageError as `decode` does.
    """
    _refuse_unreadable(image, name)
    return _in_colour(image)


def _in_colour(image: "Picture", colour: Colour | None = None) -> NDArray[np.uint8]:
    wanted = colour or STORED_AS[image.mode]
    pixels = np.asarray(image if image.mode == wanted else image.convert(wanted))
    return pixels.reshape(*pixels.shape[:2], -1)


def read_size_and_colour(data: bytes, name: str) -> tuple[Size, Colour]:
    """The size (height, width) of a picture when it is upright, and its colour.

    Only the header is read, except for a PNG with metadata after its pixels, which may say how to turn it.
    Raises BadImageError for a damaged header, and for a picture of an unsupported kind.
    """

    def read_header(image: "Picture") -> tuple[Size, Colour]:
        _refuse_unusual(image, name)
        width, height = image.size
        turned = width != height and _orientation(image, late=format_of(data) == "PNG" and has_late_metadata(data)) >= 5
        return (width, height) if turned else (height, width), STORED_AS[image.mode]

    return _apply_to_opened(data, name, read_header)


def turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture (H, W, ...) turned upright. orientation: 1 to 8, which says where row 0 and column 0 belong.

    Source: Exif 2.32 (CIPA DC-008), section 4.6.4, tag Orientation.
    """
    if orientation >= 5:  # the rows of the file are columns of the picture
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _orientation(image: "Picture", *, late: bool = True) -> int:
    """The EXIF orientation of a picture; 1 (upright) where there is none or it cannot be read.

    late: whether to look for it after the pixels of a PNG as well, for which Pillow decodes these.
    """
    from PIL import Image

    try:
        exif = image.getexif() if late or image.format != "PNG" else Image.Image.getexif(image)
        value = exif.get(ORIENTATION, 1)
    except (*PICTURE_DAMAGE, AttributeError, AssertionError):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _refuse_unreadable(image: "Picture", name: str) -> None:
    _refuse_unusual(image, name)
    if image.has_transparency_data and image.convert("RGBA").getchannel("A").getextrema() != (255, 255):
        raise BadImageError(f"{name} has transparent pixels; save it as 8-bit grey or RGB")


def _refuse_unusual(image: "Picture", name: str) -> None:
    """Raise BadImageError for a picture of an unsupported kind, by its header."""
    if image.width * image.height > MAX_PIXELS:
        raise BadImageError(f"{name} has {pixels((image.height, image.width))}, which is far too many; scale it down")
    # A telephone's MPO holds several pictures, of which the first is the photograph.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        raise BadImageError(f"{name} is an animation of several pictures; save one of them by itself")
    if image.mode not in STORED_AS:
        raise BadImageError(f"{name} has pixels of the kind {image.mode}; save it as 8-bit grey or RGB")


def _damage(data: bytes, reason: str) -> str:
    kind = format_of(data)
    if kind and kind not in READABLE_FORMATS:
        return f"is a {kind} file, which is not supported; save it as JPEG or PNG"
    if reason.startswith("Unsupported"):
        return UNUSUAL.format(kind)
    return f"is not an image ({'truncated' if 'truncated' in reason else 'damaged'} {kind})" if kind else NO_FORMAT


def _apply_to_opened(data: bytes, name: str, function: Callable[["Picture"], Outcome]) -> Outcome:
    """Apply a function to the picture, which is opened but not decoded yet. Every failure is a BadImageError.

    A PNG on which this fails is tried again without its metadata.
    """
    from PIL import Image

    if (bits := bits_per_channel(data)) > 8:
        raise BadImageError(f"{name} has {bits} bits per channel; save it as 8-bit grey or RGB")
    kinds = [kind.upper() for kind in READABLE_FORMATS]
    try:
        with _strict_decoding():
            try:
                with Image.open(BytesIO(data), formats=kinds) as image:
                    return function(image)
            except PICTURE_DAMAGE:
                if format_of(data) != "PNG":
                    raise
                with Image.open(BytesIO(without_metadata(data)), formats=kinds) as image:
                    return function(image)
    except PICTURE_DAMAGE as error:
        raise BadImageError(f"{name} {_damage(data, str(error))}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImageError(f"{name} has far too many pixels ({error})") from error


@contextmanager
def _strict_decoding() -> Iterator[None]:
    """Let Pillow stop at a decompression bomb, of which it only warns; silence its other warnings."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
