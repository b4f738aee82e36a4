"""Layers of sequences, networks and groups in unusual forms, all right."""

import numpy as np


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """One product with both weights stacked."""
    both = np.hstack([x, prev_h])
    next_h = np.tanh(both @ np.vstack([Wx, Wh]) + b)
    return next_h, (both, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    both, Wx, Wh, next_h = cache
    D = Wx.shape[0]
    da = dnext_h - dnext_h * next_h * next_h
    dboth, dW = da @ np.vstack([Wx, Wh]).T, both.T @ da
    return dboth[:, :D], dboth[:, D:], dW[:D], dW[D:], da.sum(axis=0)


def word_embedding_forward(x, W):
    """By a product with one-hot rows."""
    hot = np.eye(len(W))[x]
    return hot @ W, hot


def word_embedding_backward(dout, hot):
    return np.tensordot(hot, dout, axes=([0, 1], [0, 1]))


def groupnorm_forward(x, gamma, beta, G, gn_param):
    """With five axes."""
    N, C, H, W = x.shape
    g = x.reshape(N, G, C // G, H, W)
    mu, var = g.mean(axis=(2, 3, 4), keepdims=True), g.var(axis=(2, 3, 4), keepdims=True)
    inv = 1 / np.sqrt(var + gn_param.get("eps", 1e-5))
    z = ((g - mu) * inv).reshape(N, C, H, W)
    return z * gamma + beta, (z, inv, gamma, G)


def groupnorm_backward(dout, cache):
    z, inv, gamma, G = cache
    N, C, H, W = dout.shape
    five = (N, G, C // G, H, W)
    dz, zz = (dout * gamma).reshape(five), z.reshape(five)
    m = C // G * H * W
    axes = (2, 3, 4)
    dx = inv / m * (m * dz - dz.sum(axis=axes, keepdims=True) - zz * (dz * zz).sum(axis=axes, keepdims=True))
    sums = (0, 2, 3)
    return dx.reshape(dout.shape), (dout * z).sum(axis=sums, keepdims=True), dout.sum(axis=sums, keepdims=True)


class TwoLayerNet:
    """Parameters in lists; half the squares as penalty; the gradients as a dictionary."""

    def __init__(self, input_size, hidden_size, output_size):
        self.params = {
            "W1": 0.1 * np.random.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": 0.1 * np.random.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }

    def loss(self, X, y=None, reg=0.0):
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        h = np.tanh(X @ W1 + b1)
        scores = h @ W2 + b2
        if y is None:
            return scores
        e = np.exp(scores - scores.max(axis=1)[:, None])
        p = e / e.sum(axis=1)[:, None]
        hot = np.eye(p.shape[1])[y]
        loss = -np.sum(hot * np.log(p)) / len(X) + 0.5 * reg * (np.vdot(W1, W1) + np.vdot(W2, W2))
        d = (p - hot) / len(X)
        dh = d @ W2.T * (1 - h * h)
        grads = {"W1": X.T @ dh + reg * W1, "b1": dh.sum(0), "W2": h.T @ d + reg * W2, "b2": d.sum(0)}
        return loss, grads


def affine_relu_forward(x, w, b):
    """Two layers in one."""
    a = x.reshape(len(x), -1) @ w + b
    return a * (a > 0), (x, w, a)


def affine_relu_backward(dout, cache):
    x, w, a = cache
    da = np.where(a > 0, dout, 0)
    return (da @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ da, da.sum(axis=0)
