"""Maps enlarged to the size of the image that they are laid over."""

import numpy as np

from backhand.arrays import Array


def enlarge(maps: Array, size: tuple[int, ...]) -> Array:
    """Maps (N, h, w) in another size (N, H, W), by bilinear interpolation between the centres of their pixels.

    Beyond the outermost centres the values stay the same, as in PyTorch's `interpolate(align_corners=False)`.
    """
    rows, columns = (_weights(old, new) for old, new in zip(maps.shape[1:], size, strict=True))
    return np.einsum("Pp,npq,Qq->nPQ", rows, maps, columns, optimize=True).astype(maps.dtype)


def _weights(old: int, new: int) -> Array:
    """What each of `old` values counts in each of `new` ones, (new, old); rows sum to 1."""
    position = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    before = np.minimum(position.astype(int), max(old - 2, 0))
    share = position - before
    weights = np.zeros((new, old))
    weights[np.arange(new), before] = 1 - share
    weights[np.arange(new), np.minimum(before + 1, old - 1)] += share
    return weights
