"""A batch in one pass over memory: samples are read where they lie, augmented, standardised and written.

    y = (augmented x - mean) scale

An image goes through all its augmentations before the next one is read, so that it stays in the processor's first
caches. The references, with the formulas and their sources, are in `data.augment` and `data.standardize`.
"""

import numpy as np
from numba import prange

from backhand.arrays import Array
from backhand.kernels import buffers, jit

FLIP, CROP, AFFINE, BRIGHTNESS, CONTRAST, CUTOUT = range(6)
STEPS = {
    "flip": FLIP,
    "crop": CROP,
    "affine": AFFINE,
    "brightness": BRIGHTNESS,
    "contrast": CONTRAST,
    "cutout": CUTOUT,
}
WHITE = np.float32(255)


def gather(x: Array, rows: Array, mean: Array, scale: Array) -> Array:
    """(x[rows] - mean) scale, computed in the dtype of mean and scale, then rounded to float32.

    x: (N, ...), contiguous.   rows: int64 from 0 to N - 1, which is not checked.   mean, scale: of one sample, flat.
    """
    y = buffers.empty((len(rows), *x.shape[1:]))
    _gather(x.reshape(-1), rows, mean, scale, y.reshape(-1), jit.shards(2 * y.size))
    return y


@jit.kernel
def _gather(x, rows, mean, scale, y, shards):
    N, L = rows.size, mean.size
    for shard in prange(shards):
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            sample, result = x[rows[n] * L : (rows[n] + 1) * L], y[n * L : (n + 1) * L]
            for i in range(L):
                result[i] = (mean.dtype.type(sample[i]) - mean[i]) * scale[i]


def augment(x: Array, rows: Array, mean: Array, scale: Array, steps: list[tuple[str, Array, Array]]) -> Array:
    """The same batch as `gather`, of augmented images.

    x: (N, H, W, C).   steps: for each augmentation its name in `STEPS`, what it drew for each image (n, up to 4), and
    what it fills with, which is broadcast against an image.
    """
    _, H, W, C = x.shape
    drawn = np.zeros((len(steps), len(rows), 4), np.float32)
    fills = np.empty((len(steps), H * W * C), np.float32)
    for s, (_, values, fill) in enumerate(steps):
        drawn[s, :, : values.shape[1]] = values
        fills[s] = np.broadcast_to(fill, (H, W, C)).ravel()
    names = np.array([STEPS[name] for name, _, _ in steps], np.int64)
    y = buffers.empty((len(rows), H, W, C))
    scratch = buffers.empty((jit.shards((len(steps) + 1) * y.size), 2, H * W * C))
    _augment(x.reshape(-1), rows, H, W, names, drawn, fills, mean, scale, y.reshape(-1), scratch)
    return y


@jit.kernel
def _augment(x, rows, H, W, names, drawn, fills, mean, scale, y, scratch):
    N, (shards, _, L) = rows.size, scratch.shape
    for shard in prange(shards):
        image, other = scratch[shard, 0], scratch[shard, 1]
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            sample, result = x[rows[n] * L : (rows[n] + 1) * L], y[n * L : (n + 1) * L]
            for i in range(L):
                image[i] = np.float32(sample[i])
            for s in range(names.size):
                if _apply(names[s], image, drawn[s, n], fills[s], H, W, other):
                    image, other = other, image
            for i in range(L):
                result[i] = (image[i] - mean[i]) * scale[i]


@jit.helper
def _apply(name, image, drawn, fill, H, W, other):
    """Augment an image in place, or write the result to `other`; returns whether it is there."""
    if name == FLIP:
        if drawn[0] == 0:
            return False
        _flip(image, H, W, other)
    elif name == CROP:
        _crop(image, H, W, np.int64(drawn[0]), np.int64(drawn[1]), other)
    elif name == AFFINE:
        _affine(image, H, W, drawn, other)
    elif name == BRIGHTNESS:
        _scale(image, np.float32(0), drawn[0])
    elif name == CONTRAST:
        total = np.float32(0)
        for i in range(image.size):
            total += image[i]
        _scale(image, total / np.float32(image.size), drawn[0])
    else:
        _cut_out(image, H, W, drawn, fill)
    return name <= AFFINE


@jit.helper
def _flip(image, H, W, other):
    """Write the mirror image, left and right exchanged."""
    C = image.size // (H * W)
    for i in range(H):
        row, mirrored = image[i * W * C : (i + 1) * W * C], other[i * W * C : (i + 1) * W * C]
        if C == 1:  # indices that are known to count from the end let the loop fill vectors
            for j in range(W):
                mirrored[j] = row[-1 - j]
        else:
            for c in range(C):
                for j in range(W):
                    mirrored[j * C + c] = row[(W - 1 - j) * C + c]


@jit.helper
def _crop(image, H, W, down, right, other):
    """Write the window that begins `down` rows and `right` columns into the image, which its reflection surrounds."""
    C = image.size // (H * W)
    first, last = min(max(-right, 0), W), max(min(W - right, W), 0)  # columns within the image
    for i in range(H):
        start = (_reflect(i + down, H) * W + right) * C
        inside = image[start + first * C : start + last * C]
        window = other[(i * W + first) * C : (i * W + last) * C]
        for k in range(inside.size):
            window[k] = inside[k]
    for j in range(W):
        if j < first or j >= last:
            column = _reflect(j + right, W)
            for i in range(H):
                pixel = (_reflect(i + down, H) * W + column) * C
                for c in range(C):
                    other[(i * W + j) * C + c] = image[pixel + c]


@jit.helper
def _reflect(i, size):
    """The index of the pixel that is at i when an axis goes on as its mirror image, without repeating its ends."""
    if 0 <= i < size:
        return i
    if size == 1:
        return 0
    i = abs(i) % (2 * size - 2)
    return min(i, 2 * size - 2 - i)


@jit.helper
def _affine(image, H, W, drawn, other):
    """Rotate and move an image: each pixel is interpolated where it comes from; beyond the edge, the edge goes on."""
    C = image.size // (H * W)
    cos, sin, down, right = drawn[0], drawn[1], drawn[2], drawn[3]
    middle_i, middle_j = np.float32((H - 1) / 2), np.float32((W - 1) / 2)
    zero, end_i, end_j = np.float32(0), np.float32(H - 1), np.float32(W - 1)
    for c in range(C):
        for i in range(H):
            y = np.float32(i) - middle_i - down
            for j in range(W):
                x = np.float32(j) - middle_j - right
                row = min(max(cos * y + sin * x + middle_i, zero), end_i)
                column = min(max(cos * x - sin * y + middle_j, zero), end_j)
                i0, j0 = np.int32(row), np.int32(column)
                p, q = row - np.float32(i0), column - np.float32(j0)
                pixel = (np.int64(i0) * W + j0) * C + c
                below, beside = W * C if row < end_i else 0, C if column < end_j else 0
                a, b = image[pixel], image[pixel + below]
                a += q * (image[pixel + beside] - a)
                b += q * (image[pixel + below + beside] - b)
                other[(i * W + j) * C + c] = a + p * (b - a)


@jit.helper
def _scale(image, mean, factor):
    """Multiply each pixel's distance from the mean by a factor, and clip the result to 0 ... 255."""
    for i in range(image.size):
        image[i] = min(max((image[i] - mean) * factor + mean, np.float32(0)), WHITE)


@jit.helper
def _cut_out(image, H, W, drawn, fill):
    """Replace the pixels within a rectangle by the fill; drawn: its top, left, bottom and right."""
    C = image.size // (H * W)
    top, left, bottom, right = np.int64(drawn[0]), np.int64(drawn[1]), np.int64(drawn[2]), np.int64(drawn[3])
    for i in range(H):
        if top <= i < bottom:
            for k in range((i * W + max(left, 0)) * C, (i * W + min(right, W)) * C):
                image[k] = fill[k]


def mix(x: Array, shares: Array, others: Array) -> Array:
    """share x[n] + (1 - share) x[other] for each sample n. shares: (N,).   others: (N,), int64 from 0 to N - 1."""
    y = buffers.empty(x.shape)
    _mix(x.reshape(-1), shares, others, y.reshape(-1), jit.shards(3 * y.size))
    return y


@jit.kernel
def _mix(x, shares, others, y, shards):
    N = shares.size
    L = x.size // max(N, 1)
    for shard in prange(shards):
        first, last = jit.share(shard, shards, N)
        for n in range(first, last):
            a, b = x[n * L : (n + 1) * L], x[others[n] * L : (others[n] + 1) * L]
            result = y[n * L : (n + 1) * L]
            p, q = shares[n], np.float32(1) - shares[n]
            for i in range(L):
                result[i] = p * a[i] + q * b[i]
