"""Reads IDX, the format of MNIST: the bytes 0 0 TYPE DIMENSIONS, big-endian 32-bit sizes, then the values."""

import math
import struct
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from backhand.data.files import open_unpacked, read_up_to
from backhand.errors import DataError

UINT8 = 8  # the format's code for unsigned bytes, the only type that MNIST uses


def read_idx(content: bytes, where: str, dimensions: int) -> NDArray[np.uint8]:
    """The uint8 array in an IDX file, plain or gzip. where: names the file in messages.

    Raises DataError for another magic number or number of dimensions, and where the header announces more or fewer
    values than follow. Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    with open_unpacked(BytesIO(content), len(content), where) as stream:
        magic = read_up_to(stream, 4)
        if magic != bytes([0, 0, UINT8, dimensions]):
            actual = magic.hex(" ") or "nothing"
            raise DataError(
                f"{where} is not an IDX file of bytes in {dimensions} dimension(s): it begins with {actual}, "
                f"not 00 00 08 {dimensions:02x}; is it another file under this name?"
            )
        header = read_up_to(stream, 4 * dimensions)
        if len(header) < 4 * dimensions:
            raise DataError(f"{where} ends within its header; fetch it again")
        shape = struct.unpack(f">{dimensions}I", header)
        expected = math.prod(shape)
        values = read_up_to(stream, expected + 1)
    if len(values) != expected:
        actual = "more follow" if len(values) > expected else f"{len(values)} follow"
        raise DataError(
            f"{where} announces {' x '.join(map(str, shape))} = {expected} values but {actual}; fetch it again"
        )
    return np.frombuffer(values, np.uint8).reshape(shape)
