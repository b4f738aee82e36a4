"""Numbers of tensors, decoded from the bytes of files."""

from typing import Literal

import numpy as np

from backhand.arrays import Array


def decode(content: bytes | bytearray, kind: str, order: Literal["<", ">"] = "<") -> Array:
    """The numbers (n,) in these bytes, in this machine's byte order.

    kind: NumPy's code of the dtype, such as "f4"; or "bf16", the upper half of a float32, which NumPy does not have.
    order: "<" for little-endian bytes, ">" for big-endian ones. Raises ValueError for a fraction of a number.
    """
    stored = np.dtype("u2" if kind == "bf16" else kind).newbyteorder(order)
    values = np.frombuffer(content, stored).astype(stored.newbyteorder("="), copy=False)
    return (values.astype(np.uint32) << 16).view(np.float32) if kind == "bf16" else values
