"""NumPy for the modules that courses hand out in Cython, which nobody can import before they are built."""

from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np

from backhand.arrays import Array


def im2col_cython(x: Array, field_height: int, field_width: int, padding: int, stride: int) -> Array:
    """The windows of images (N, C, H, W) as the columns of a matrix (C·kh·kw, rows·columns·N)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (field_height, field_width), (2, 3))
    windows = views[:, :, ::stride, ::stride]
    return windows.transpose(1, 4, 5, 2, 3, 0).reshape(x.shape[1] * field_height * field_width, -1)


def col2im_cython(
    cols: Array,
    N: int,
    C: int,
    H: int,
    W: int,
    field_height: int,
    field_width: int,
    padding: int,
    stride: int,
) -> Array:
    """The images to which such columns add up."""
    rows = (H + 2 * padding - field_height) // stride + 1
    columns = (W + 2 * padding - field_width) // stride + 1
    windows = cols.reshape(C, field_height, field_width, rows, columns, N).transpose(0, 1, 2, 5, 3, 4)
    return col2im_6d_cython(windows, N, C, H, W, field_height, field_width, padding, stride)


def col2im_6d_cython(
    cols: Array,
    N: int,
    C: int,
    H: int,
    W: int,
    HH: int,
    WW: int,
    pad: int,
    stride: int,
) -> Array:
    """The images to which windows (C, kh, kw, N, rows, columns) add up."""
    rows, columns = cols.shape[4:]
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad), cols.dtype)
    for i in range(HH):
        for j in range(WW):
            place = np.s_[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            x[place] += cols[:, i, j].transpose(1, 0, 2, 3)
    return np.array(x[:, :, pad : pad + H, pad : pad + W])


FUNCTIONS: Sequence[Callable[..., Array]] = (im2col_cython, col2im_cython, col2im_6d_cython)
COMPILED: dict[str, Sequence[Callable[..., Array]]] = {"im2col_cython": FUNCTIONS}


def compiled_module(name: str, names: Sequence[str]) -> ModuleType | None:
    """What stands in for a compiled module that all of these names are taken from; None for one that nobody knows."""
    known = {function.__name__: function for function in COMPILED.get(name.rpartition(".")[2], ())}
    if not known or not names or not set(names) <= set(known):
        return None
    module = ModuleType(name)
    module.__dict__.update(known)
    return module
