"""Layers as pairs of functions without a cache: the backward pass is given the inputs of the forward pass once more.

NAME_backward(dout, ...) takes the gradient of the loss with respect to the output, and returns one gradient for each
array, in its shape. No layer has a factor 1/N: the mean over the samples belongs to the loss. Samples are rows.
"""

import numpy as np

# ---- linear ----


def linear_forward(X, W, b):
    """Compute the affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

        out = X W + b             each sample of X as one row of D = d_1 ... d_k numbers

    X: inputs (N, d_1, ..., d_k). W: weights (D, M). b: biases (M,).
    Returns out (N, M).
    """
    rows = X.reshape(X.shape[0], -1)
    out = rows @ W + b
    return out


def linear_backward(dout, X, W, b):
    """Compute the gradients of the affine map.

    dout: upstream gradient (N, M). X, W, b: as in linear_forward.
    Returns dX in the shape of X, dW (D, M) and db (M,).
    """
    rows = X.reshape(X.shape[0], -1)
    dX = dout @ W.T
    dX = dX.reshape(X.shape)
    dW = rows.T @ dout
    db = dout.sum(axis=0)  # b is added to every row
    db = db.reshape(b.shape)
    return dX, dW, db


# ---- relu ----


def relu_forward(X):
    """Compute the rectifier, out = max(0, X), element by element. Returns out in the shape of X."""
    out = np.maximum(X, 0)
    return out


def relu_backward(dout, X):
    """Compute the gradient of the rectifier; its slope at 0 is taken as 0.

    dout: upstream gradient. X: as in relu_forward. Returns dX in the shape of X.
    """
    dX = dout * (X > 0)
    return dX


# ---- dropout ----


def dropout_forward(X, p=0.5, train=True, seed=42):
    """Set each value to 0 with probability p in training; inverted dropout, which does nothing in tests.

        train: out = X mask          mask = 0 with probability p, else 1 / (1 - p)
        test:  out = X

    X: inputs of any shape. p: probability to DROP a value. seed: of the mask, unless it is None.
    Returns out in the shape of X, and the mask, which is None in tests.
    """
    if seed is not None:
        np.random.seed(seed)
    if not train:
        return X.copy(), None
    keep = np.random.rand(*X.shape) > p
    mask = keep / (1 - p)  # divided by 1 - p, so that the mean of out is X
    out = X * mask
    return out, mask


def dropout_backward(dout, mask, p=0.5, train=True):
    """Compute the gradient of dropout, with the mask of the forward pass, which has the factor 1 / (1 - p) already.

    dout: upstream gradient. mask, p, train: as in dropout_forward. Returns dX in the shape of dout.
    """
    if not train:
        return dout.copy()
    dX = dout * mask
    return dX
