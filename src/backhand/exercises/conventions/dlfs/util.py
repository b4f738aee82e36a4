"""Images as matrices: im2col writes what each window sees into a row, and col2im adds such rows back to images."""

import numpy as np


def im2col(input_data, filter_h, filter_w, stride=1, pad=0):
    """Write what the filter sees at each of its N out_h out_w places into a row.

    input_data: images (N, C, H, W). filter_h, filter_w, stride, pad: in pixels; the padding is zeros on all four sides.
    Returns col (N out_h out_w, C filter_h filter_w), with out_h = (H + 2 pad - filter_h) // stride + 1, out_w likewise.
    """
    N, C, H, W = input_data.shape
    out_h = (H + 2 * pad - filter_h) // stride + 1
    out_w = (W + 2 * pad - filter_w) // stride + 1
    img = np.pad(input_data, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    col = np.zeros((N, C, filter_h, filter_w, out_h, out_w), dtype=input_data.dtype)
    for y in range(filter_h):
        y_max = y + stride * out_h
        for x in range(filter_w):
            x_max = x + stride * out_w
            col[:, :, y, x, :, :] = img[:, :, y:y_max:stride, x:x_max:stride]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * out_h * out_w, -1)


def col2im(col, input_shape, filter_h, filter_w, stride=1, pad=0):
    """Add the rows back at the places where im2col took them; it is the adjoint of im2col, not its inverse.

    col (N out_h out_w, C filter_h filter_w). input_shape: (N, C, H, W). The rest is as for im2col.
    Returns images (N, C, H, W); a pixel that several windows saw is the sum over them.
    """
    N, C, H, W = input_shape
    out_h = (H + 2 * pad - filter_h) // stride + 1
    out_w = (W + 2 * pad - filter_w) // stride + 1
    col = col.reshape(N, out_h, out_w, C, filter_h, filter_w).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad + stride - 1, W + 2 * pad + stride - 1), dtype=col.dtype)
    for y in range(filter_h):
        y_max = y + stride * out_h
        for x in range(filter_w):
            x_max = x + stride * out_w
            img[:, :, y:y_max:stride, x:x_max:stride] += col[:, :, y, x, :, :]
    return img[:, :, pad : H + pad, pad : W + pad]
