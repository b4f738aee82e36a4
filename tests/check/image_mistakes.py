"""Mistakes in what slides over images, normalises samples or joins branches, one in each pass; as in `mistakes`."""

from dataclasses import replace

import numpy as np

from backhand.backend import op
from backhand.check.cases import Case
from tests.check.mistakes import Mistake, scaled

conv2d, max_pool2d, avg_pool2d = op("conv2d"), op("max_pool2d"), op("avg_pool2d")


def _convolution(x=(2, 4, 5, 2), w=(2, 3, 2, 2), **options):
    return Case({"x": x, "w": w, "b": (w[3],)}, options)


CASES = {
    "conv2d": _convolution(),
    "conv2d 1 x 1": _convolution(w=(1, 1, 2, 2)),
    "conv2d padded": _convolution(w=(3, 3, 2, 2), padding=1),
    "conv2d with stride": _convolution(stride=(2, 2), padding=1),
    "conv2d dilated": _convolution(dilation=2, padding="same"),
    "conv2d in groups": _convolution((2, 4, 4, 4), (2, 2, 2, 4), groups=2),
    "max_pool2d": Case({"x": (2, 4, 6, 3)}),
    "max_pool2d overlapping": Case({"x": (2, 5, 5, 2)}, {"window": 3, "stride": 1}),
    "avg_pool2d": Case({"x": (2, 4, 6, 3)}, {"window": (2, 3)}),
    "avg_pool2d padded": Case({"x": (2, 5, 5, 2)}, {"window": 3, "padding": 1, "count_padding": False}),
    "global_avg_pool2d": Case({"x": (3, 4, 5, 2)}),
    "global_max_pool2d": Case({"x": (3, 4, 5, 2)}),
    "layer_norm": Case({"x": (5, 6), "gamma": (6,), "beta": (6,)}),
    "group_norm": Case({"x": (2, 3, 4, 4), "gamma": (4,), "beta": (4,)}, {"groups": 2}),
    "add": Case({"a": (3, 4), "b": (3, 4)}),
    "concatenate": Case({"a": (3, 4), "b": (3, 4)}),
}


def laid_down(parts, windows, shape, *, add=True):
    """Each part where its entry of the window met the image: the way back of windows, padding and all."""
    padded = np.zeros(shape)
    for part, (_, met) in zip(parts, windows.entries(), strict=True):
        padded[met] = padded[met] + part if add else part
    return padded


def conv_dx(dy, cache, w=None, **how):
    """dX before cropping, with weights (kh, kw, C, O) of one's own."""
    w = cache.w if w is None else w
    parts = [dy @ w[i, j].T for i, j in np.ndindex(w.shape[:2])]
    return laid_down(parts, cache.windows, cache.windows.canvas(cache.x.shape, dy).shape, **how)


def conv2d_with(dx=None, dw=None, db=None):
    """The reference's gradients, but for those that these functions of dy and the cache give."""

    def backward(dy, cache):
        own = [own and own(dy, cache) for own in (dx, dw, db)]
        true = conv2d.backward(dy, cache)
        return tuple(right if wrong is None else wrong for wrong, right in zip(own, true, strict=True))

    return backward


def cropped(padded, cache, moved=0):
    (top, _), (left, _) = cache.windows.padding
    _, H, W, _ = cache.x.shape
    return padded[:, top + moved : top + moved + H, left + moved : left + moved + W]


def without_stride(dy, cache):
    """dy beside dy, where zeros belong between."""
    close = replace(cache.windows, stride=(1, 1))
    return cropped(conv_dx(dy, cache._replace(windows=close)), cache)


def without_dilation(dy, cache):
    x = conv2d.forward(cache.x, cache.w, None, padding="same")
    return conv2d.backward(dy, x[1])[0]


def by_the_value(dy, x, y, windows):
    """To whatever equals the maximum of a window that sees it, once: right unless one pixel wins in several."""
    dx = np.zeros_like(x)
    for (_, met), _ in zip(windows.entries(), range(windows.window[0] * windows.window[1]), strict=True):
        dx[met] = np.where(x[met] == y, dy, dx[met])
    return (dx,)


def keeps_all(x, window, stride):
    y, cache = max_pool2d.forward(x, window=window, stride=stride)
    return y, (x, y, cache.windows)


def rows_for_columns(dy, cache):
    """The winner's entry (i, j) read as (j, i)."""
    i, j = np.divmod(cache.winner, 2)
    return max_pool2d.backward(dy, cache._replace(winner=2 * j + i))


def to_the_whole_window(dy, cache):
    parts = [dy] * 4
    return (laid_down(parts, cache.windows, cache.x_shape),)


def padding_counted(dy, cache):
    return avg_pool2d.backward(dy, cache._replace(share=np.full_like(cache.share, 1 / 9)))


def divided_by_the_rows(dy, cache):
    return (op("global_avg_pool2d").backward(dy, cache)[0] * cache[2],)


def columns_before_rows(dy, cache):
    """The winner's number counted column by column."""
    _, H, W, _ = cache.x_shape
    u, v = cache.winner % H, cache.winner // H
    return op("global_max_pool2d").backward(dy, cache._replace(winner=u * W + v))


def to_every_pixel(dy, cache):
    return (np.broadcast_to(dy[:, None, None], cache.x_shape).copy(),)


def layer_norm_without(*, mean=True, variance=True):
    def backward(dy, cache):
        dn = dy * cache.gamma
        dx = dn - mean * dn.mean(1, keepdims=True) - variance * cache.n * (dn * cache.n).mean(1, keepdims=True)
        return cache.r * dx, (dy * cache.n).sum(0), dy.sum(0)

    return backward


def gamma_out_of_the_means(dy, cache):
    _, *others = op("layer_norm").backward(dy, cache)
    mean, along = (each.mean(1, keepdims=True) for each in (dy, dy * cache.n))
    return cache.gamma * cache.r * (dy - mean - cache.n * along), *others


def every_second_channel(dy, cache):
    _, *others = op("group_norm").backward(dy, cache)
    order = [0, 2, 1, 3]
    return op("group_norm").backward(dy[..., order], cache)[0][..., order], *others


def adds_in_place(a, b):
    a += b
    return a, None


MISTAKES = {
    "conv2d: kernel not flipped": Mistake("conv2d", conv2d_with(dx=lambda dy, c: conv_dx(dy, c, c.w[::-1, ::-1]))),
    "conv2d: kernel flipped along one axis": Mistake(
        "conv2d", conv2d_with(dx=lambda dy, c: conv_dx(dy, c, c.w[:, ::-1]))
    ),
    "conv2d: channels of the kernel not exchanged": Mistake(
        "conv2d", conv2d_with(dx=lambda dy, c: conv_dx(dy, c, c.w.swapaxes(2, 3)))
    ),
    "conv2d 1 x 1: channels of the kernel not exchanged": Mistake(
        "conv2d 1 x 1", conv2d_with(dx=lambda dy, c: conv_dx(dy, c, c.w.swapaxes(2, 3)))
    ),
    "conv2d: windows overwrite": Mistake("conv2d", conv2d_with(dx=lambda dy, c: conv_dx(dy, c, add=False))),
    "conv2d: dw flipped": Mistake("conv2d", conv2d_with(dw=lambda dy, c: conv2d.backward(dy, c)[1][::-1, ::-1])),
    "conv2d: dw of channels first, reshaped": Mistake(
        "conv2d",
        conv2d_with(dw=lambda dy, c: conv2d.backward(dy, c)[1].transpose(3, 2, 0, 1).reshape(c.w.shape)),
    ),
    "conv2d: db summed over the batch only": Mistake("conv2d", conv2d_with(db=lambda dy, c: dy.sum(0))),
    "conv2d: db averaged": Mistake("conv2d", conv2d_with(db=lambda dy, c: dy.mean((0, 1, 2)))),
    "conv2d: dw over N": Mistake("conv2d", conv2d_with(dw=lambda dy, c: conv2d.backward(dy, c)[1] / len(dy))),
    "conv2d padded: padding not cropped": Mistake("conv2d padded", conv2d_with(dx=conv_dx)),
    "conv2d padded: cropped one too early": Mistake(
        "conv2d padded", conv2d_with(dx=lambda dy, c: cropped(conv_dx(dy, c), c, -1))
    ),
    "conv2d padded: cropped one too late": Mistake(
        "conv2d padded", conv2d_with(dx=lambda dy, c: cropped(conv_dx(dy, c), c, 1))
    ),
    "conv2d with stride: no zeros between dy": Mistake("conv2d with stride", conv2d_with(dx=without_stride)),
    "conv2d dilated: kernel not dilated": Mistake("conv2d dilated", conv2d_with(dx=without_dilation)),
    "conv2d in groups: every second channel": Mistake(
        "conv2d in groups", conv2d_with(dx=lambda dy, c: conv2d.backward(dy[..., [0, 2, 1, 3]], c)[0])
    ),
    "max_pool2d: rows for columns": Mistake("max_pool2d", rows_for_columns),
    "max_pool2d: to the whole window": Mistake("max_pool2d", to_the_whole_window),
    "max_pool2d overlapping: winners overwrite": Mistake(
        "max_pool2d overlapping", lambda dy, c: by_the_value(dy, *c), keeps_all
    ),
    "avg_pool2d: 1/k forgotten": Mistake("avg_pool2d", scaled("avg_pool2d", 6)),
    "avg_pool2d padded: padding counted": Mistake("avg_pool2d padded", padding_counted),
    "global_avg_pool2d: 1/(H W) forgotten": Mistake("global_avg_pool2d", scaled("global_avg_pool2d", 20)),
    "global_avg_pool2d: divided by the rows alone": Mistake("global_avg_pool2d", divided_by_the_rows),
    "global_max_pool2d: columns before rows": Mistake("global_max_pool2d", columns_before_rows),
    "global_max_pool2d: to every pixel": Mistake("global_max_pool2d", to_every_pixel),
    "layer_norm: mean term missing": Mistake("layer_norm", layer_norm_without(mean=False)),
    "layer_norm: variance term missing": Mistake("layer_norm", layer_norm_without(variance=False)),
    "layer_norm: gamma out of the means": Mistake("layer_norm", gamma_out_of_the_means),
    "group_norm: dx over the channels of a group": Mistake("group_norm", scaled("group_norm", 1 / 2)),
    "group_norm: every second channel": Mistake("group_norm", every_second_channel),
    "add: one branch forgotten": Mistake("add", lambda dy, _: (dy, np.zeros_like(dy))),
    "add: shared out": Mistake("add", lambda dy, _: (dy / 2, dy / 2)),
    "add: in place": Mistake("add", forward=adds_in_place),
    "concatenate: branches swapped": Mistake("concatenate", lambda dy, ends: (dy[:, 4:], dy[:, :4])),
    "concatenate: all of dy to each": Mistake("concatenate", lambda dy, ends: (dy, dy)),
}
