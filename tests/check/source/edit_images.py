"""Right convolutions, pooling, attention and closures as people write them."""

from tests.check.source.edit_layers import Layer, normal

CONV_BACKWARD = Layer(
    """
import numpy as np

def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    _, _, H_out, W_out = dout.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode='constant')
    dx_pad = np.zeros_like(x_pad)
    dw = np.zeros_like(w)
    db = np.sum(dout, axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    h1, w1 = i * stride, j * stride
                    window = x_pad[n, :, h1:h1 + HH, w1:w1 + WW]
                    dw[f] += dout[n, f, i, j] * window
                    dx_pad[n, :, h1:h1 + HH, w1:w1 + WW] += dout[n, f, i, j] * w[f]
    dx = dx_pad[:, :, pad:pad + H, pad:pad + W]
    return dx, dw, db
""",
    "conv_backward_naive",
    lambda module, rng: [
        module["conv_backward_naive"](
            normal(rng, 2, 3, (7 - 3 + 2 * pad) // stride + 1, (6 - 2 + 2 * pad) // stride + 1),
            (normal(rng, 2, 2, 7, 6), normal(rng, 3, 2, 3, 2), normal(rng, 3), {"stride": stride, "pad": pad}),
        )
        for stride, pad in ((1, 1), (2, 0))
    ],
)
CONV_FORWARD = Layer(
    """
import numpy as np

def conv_forward(A_prev, W, b, hparameters):
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (fh, fw, n_C_prev, n_C) = W.shape
    stride = hparameters['stride']
    pad = hparameters['pad']
    n_H = (n_H_prev - fh + 2 * pad) // stride + 1
    n_W = (n_W_prev - fw + 2 * pad) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert_start = h * stride
                    vert_end = vert_start + fh
                    horiz_start = w * stride
                    horiz_end = horiz_start + fw
                    a_slice = A_prev_pad[i, vert_start:vert_end, horiz_start:horiz_end, :]
                    Z[i, h, w, c] = np.sum(a_slice * W[:, :, :, c]) + b[0, 0, 0, c]
    return Z
""",
    "conv_forward",
    lambda module, rng: [
        module["conv_forward"](
            normal(rng, 2, 7, 6, 2), normal(rng, 3, 2, 2, 3), normal(rng, 1, 1, 1, 3), {"stride": s, "pad": p}
        )
        for s, p in ((1, 1), (2, 0))
    ],
)
CONV_WINDOWS = Layer(
    """
import numpy as np

def conv(x, w, stride):
    kh, kw = w.shape[0], w.shape[1]
    out_h = (x.shape[1] - kh) // stride + 1
    out_w = (x.shape[2] - kw) // stride + 1
    out = np.zeros((x.shape[0], out_h, out_w, w.shape[3]))
    for i in range(out_h):
        for j in range(out_w):
            patch = x[:, i*stride:i*stride + kh, j*stride:j*stride + kw, :]
            out[:, i, j, :] = np.tensordot(patch, w, axes=([1, 2, 3], [0, 1, 2]))
    return out
""",
    "conv",
    lambda module, rng: [module["conv"](normal(rng, 2, 7, 6, 2), normal(rng, 3, 2, 2, 3), s) for s in (1, 2)],
)
FULL_CONV = Layer(
    """
import numpy as np
from scipy.signal import convolve2d, correlate2d

def conv2d_backward(dy, x, w):
    dw = correlate2d(x, dy, mode='valid')
    dx = convolve2d(dy, w, mode='full')
    return dx, dw
""",
    "conv2d_backward",
    lambda module, rng: module["conv2d_backward"](normal(rng, 4, 3), normal(rng, 6, 4), normal(rng, 3, 2)),
)
POOL_FORWARD = Layer(
    """
import numpy as np

def max_pool_forward(x, pool_param):
    ph, pw, s, p = pool_param['h'], pool_param['w'], pool_param['stride'], pool_param['pad']
    N, C, H, W = x.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=-np.inf)
    H_out = (H + 2 * p - ph) // s + 1
    W_out = (W + 2 * p - pw) // s + 1
    out = np.zeros((N, C, H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            out[:, :, i, j] = np.max(x_pad[:, :, i*s:i*s+ph, j*s:j*s+pw], axis=(2, 3))
    return out, (x, pool_param)
""",
    "max_pool_forward",
    lambda module, rng: [
        module["max_pool_forward"](normal(rng, 2, 3, 7, 6) - 1, {"h": 3, "w": 2, "stride": s, "pad": p})[0]
        for s, p in ((1, 1), (2, 0))
    ],
)
POOL_BACKWARD = Layer(
    """
import numpy as np

def max_pool_backward(dout, cache):
    x, pool_param = cache
    HH, WW, stride = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    N, C, H_out, W_out = dout.shape
    dx = np.zeros(x.shape)
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    window = x[n, c, i*stride:i*stride+HH, j*stride:j*stride+WW]
                    mask = np.arange(window.size).reshape(window.shape) == window.argmax()
                    dx[n, c, i*stride:i*stride+HH, j*stride:j*stride+WW] += mask * dout[n, c, i, j]
    return dx
""",
    "max_pool_backward",
    lambda module, rng: [
        module["max_pool_backward"](
            normal(rng, 2, 3, (7 - 3) // stride + 1, (6 - 2) // stride + 1),
            (
                rng.integers(0, 3, (2, 3, 7, 6)).astype(float),
                {"pool_height": 3, "pool_width": 2, "stride": stride},
            ),
        )
        for stride in (1, 2)
    ],
)
CLOSURE = Layer(
    """
import numpy as np

def linear(W):
    scale = 2.0
    def forward(X):
        Y = X @ W * scale
        def backprop(dY):
            dX = dY @ W.T * scale
            dW = X.T @ dY * scale
            return dX, dW
        return Y, backprop
    return forward

forward = linear(np.arange(12.0).reshape(4, 3))
""",
    "forward",
    lambda module, rng: module["forward"](normal(rng, 5, 4))[1](normal(rng, 5, 3)),
)
EINSUM = Layer(
    """
import numpy as np

def attention_backward(dz, q, k):
    dq = np.einsum('nij,njd->nid', dz, k)
    dk = np.einsum('nij,nid->njd', dz, q)
    return dq, dk
""",
    "attention_backward",
    lambda module, rng: module["attention_backward"](normal(rng, 2, 4, 4), normal(rng, 2, 4, 3), normal(rng, 2, 4, 3)),
)
