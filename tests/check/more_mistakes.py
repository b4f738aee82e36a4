"""Passes of one's own with one mistake each: forward, backward, the arrays' shapes, the options, what is to be said."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def products(x, w):
    return x * w + x, (x, w)


def times_gamma(x, gamma):
    return x**3 * gamma, (x, gamma)


def order_of_axes(x):
    return x.transpose(2, 0, 1), None


def penalised(x, w):
    y = x @ w
    return np.append(y, 0.05 * (w * w).sum()), (x, w)


def dropped(x, mask, train):
    return (x * mask if train else x), mask


def border(dy, x):
    dx = 2 * x * dy
    dx[:, 0] = dx[:, -1] = dx[:, :, 0] = dx[:, :, -1] = 7 * dy[:, 0, 0, 0].sum()
    return (dx,)


MASK = np.random.default_rng(3).random((4, 5)) > 0.4


def square(x, w):
    z = x @ w
    return z * z, (x, w, z)


def without_transposing(dy, cache):
    x, w, z = cache
    return 2 * dy * z @ w, x.T @ (2 * dy * z)


def channels_first(x, w):
    """A convolution as others lay it out: x (N, C, H, W), w (O, C, kh, kw)."""
    return np.einsum("nchwij,ocij->nohw", sliding_window_view(x, w.shape[2:], (2, 3)), w), (x, w)


def kernel_not_flipped(dy, cache):
    x, w = cache
    rows, columns = w.shape[2] - 1, w.shape[3] - 1
    full = np.pad(dy, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    dx = np.einsum("nohwij,ocij->nchw", sliding_window_view(full, w.shape[2:], (2, 3)), w)
    return dx, np.einsum("ncijhw,nohw->ocij", sliding_window_view(x, dy.shape[2:], (2, 3)), dy)


OTHERS = {
    "a kernel not flipped, channels first": (
        channels_first,
        kernel_not_flipped,
        {"x": (2, 2, 4, 5), "w": (3, 2, 2, 3)},
        {},
        "would be right if w were flipped along axes 2 and 3",
    ),
    "w for its transpose, before a square": (
        square,
        without_transposing,
        {"x": (4, 3), "w": (3, 3)},
        {},
        "would be right if w were transposed",
    ),
    "the two gradients swapped": (
        products,
        lambda dy, c: (dy * c[0], dy * (c[1] + 1)),
        {"x": (4, 5), "w": (4, 5)},
        {},
        "are the two swapped?",
    ),
    "the path around forgotten": (
        products,
        lambda dy, c: (dy * c[1], dy * c[0]),
        {"x": (4, 5), "w": (4, 5)},
        {},
        "lacks 1 times dy",
    ),
    "gamma forgotten": (
        times_gamma,
        lambda dy, c: (3 * dy * c[0] ** 2, (dy * c[0] ** 3).sum(0)),
        {"x": (4, 5), "gamma": (5,)},
        {},
        "is the true gradient divided by gamma: is gamma left out?",
    ),
    "the inverse order of axes": (
        order_of_axes,
        lambda dy, _: (dy.transpose(2, 0, 1),),
        {"x": (3, 3, 3)},
        {},
        "is right once with its axes in the order",
    ),
    "a gradient of the transposed shape": (
        lambda x, w: (x @ w, (x, w)),
        lambda dy, c: (dy @ c[1].T, dy.T @ c[0]),
        {"x": (4, 3), "w": (3, 5)},
        {},
        "is right once transposed",
    ),
    "a flip": (
        lambda x: (x[:, ::-1] * 2, None),
        lambda dy, _: (2 * dy,),
        {"x": (3, 4)},
        {},
        "is right once flipped along axis 1",
    ),
    "the penalty's term forgotten": (
        penalised,
        lambda dy, c: (dy[:-1].reshape(4, 3) @ c[1].T, c[0].T @ dy[:-1].reshape(4, 3)),
        {"x": (4, 5), "w": (5, 3)},
        {},
        "times w",
    ),
    "the mask forgotten": (
        dropped,
        lambda dy, mask: (dy.copy(),),
        {"x": (4, 5)},
        {"mask": MASK, "train": True},
        "is dy itself",
    ),
    "the mask's scale without the mask": (
        lambda x, mask: (x * mask * 1.25, mask),
        lambda dy, mask: (dy * 1.25,),
        {"x": (4, 5)},
        {"mask": MASK},
        "is wrong only where mask is 0 (8 of the 8 there); it should be 0 there: is a mask missing",
    ),
    "the other mode": (
        lambda x, train: (np.tanh(x) if train else x**3, x),
        lambda dy, x: (3 * x * x * dy,),
        {"x": (4, 5)},
        {"train": True},
        "would be right with train = False",
    ),
    "the border": (
        lambda x: (x * x, x),
        border,
        {"x": (2, 5, 5, 2)},
        {},
        "is wrong only at the border",
    ),
    "a sum without its axis, spread": (
        lambda x, b: (x + 2 * b, None),
        lambda dy, _: (dy, np.full(3, 2 * dy.sum())),
        {"x": (4, 3), "b": (3,)},
        {},
        "is the true gradient summed over axis 0",
    ),
}
