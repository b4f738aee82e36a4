"""Layers as pairs of functions that hand over a cache, for batches in rows and images in channels-first order.

NAME_forward(x, ...) returns the output and a cache; NAME_backward(dout, cache) returns one gradient for every array
that the forward pass was given, in the same order. dout is the gradient of the loss with respect to the output, dx the
one with respect to x, and so on: each has the shape of its array. A layer adds no factor 1/N: the mean over the N
samples of a batch belongs to the loss. Images are (N, C, H, W): samples, channels, rows, columns.
"""

import numpy as np

# ---- linear ----


def affine_forward(x, w, b):
    """Compute the affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

        out = x w + b             each sample of x as one row of D = d_1 ... d_k numbers

    x: inputs (N, d_1, ..., d_k). w: weights (D, M). b: biases (M,).
    Returns out (N, M), and cache (x, w, b).
    """
    rows = x.reshape(x.shape[0], -1)
    out = rows @ w + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    """Compute the gradients of the affine map.

    dout: upstream gradient (N, M). cache: (x, w, b) from affine_forward.
    Returns dx in the shape of x, dw (D, M) and db (M,).
    """
    x, w, _ = cache
    rows = x.reshape(x.shape[0], -1)
    dx = dout @ w.T
    dx = dx.reshape(x.shape)
    dw = rows.T @ dout
    db = dout.sum(axis=0)  # b is added to every row, so its gradient is the sum over the rows
    return dx, dw, db


# ---- relu ----


def relu_forward(x):
    """Compute the rectifier, out = max(0, x), element by element.

    x: inputs of any shape. Returns out in the shape of x, and cache x.
    """
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    """Compute the gradient of the rectifier; its slope at 0 is taken as 0.

    dout: upstream gradient. cache: x from relu_forward. Returns dx in the shape of x.
    """
    x = cache
    dx = dout * (x > 0)
    return dx


# ---- batchnorm ----


def batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise every feature over the batch, then scale and shift it.

        out = gamma (x - mean) / sqrt(var + eps) + beta

    In mode "train", mean and var (biased, divided by N) are those of the batch, and the running ones follow them:
    running = momentum running + (1 - momentum) batch. In mode "test", the running ones are used and left as they are.

    x: inputs (N, D). gamma, beta: scale and shift (D,).
    bn_param: mode, "train" or "test"; eps (1e-5); momentum (0.9); running_mean, running_var (D,), which are updated.
    Returns out (N, D), and a cache for batchnorm_backward.
    """
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1], dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1], dtype=x.dtype))

    if mode == "train":
        mean = x.mean(axis=0)
        var = x.var(axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        mean = running_mean
        var = running_var
    else:
        raise ValueError(f'the mode must be "train" or "test", not "{mode}"')

    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    out = gamma * x_hat + beta
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, (x_hat, gamma, std, mode)


def batchnorm_backward(dout, cache):
    """Compute the gradients of batch normalisation; in mode "test" mean and var are constants.

    dout: upstream gradient (N, D). cache: from batchnorm_forward.
    Returns dx (N, D), dgamma (D,) and dbeta (D,).
    """
    x_hat, gamma, std, mode = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    if mode == "test":
        dx = dx_hat / std
        return dx, dgamma, dbeta
    # Every x also reaches the loss through the mean, which is the second term, and through the variance, the third.
    mean_term = dx_hat.mean(axis=0)
    var_term = x_hat * (dx_hat * x_hat).mean(axis=0)
    dx = (dx_hat - mean_term - var_term) / std
    return dx, dgamma, dbeta


# ---- layernorm ----


def layernorm_forward(x, gamma, beta, ln_param):
    """Normalise every sample over its features, then scale and shift every feature.

        out = gamma (x - mean) / sqrt(var + eps) + beta         mean and var (biased) of each row of x

    x: inputs (N, D). gamma, beta: scale and shift (D,). ln_param: eps (1e-5).
    Training and testing are the same. Returns out (N, D), and a cache for layernorm_backward.
    """
    eps = ln_param.get("eps", 1e-5)
    mean = x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    out = gamma * x_hat + beta
    return out, (x_hat, gamma, std)


def layernorm_backward(dout, cache):
    """Compute the gradients of layer normalisation.

    dout: upstream gradient (N, D). cache: from layernorm_forward.
    Returns dx (N, D), dgamma (D,) and dbeta (D,).
    """
    x_hat, gamma, std = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    # The means run over the features of each sample, as those of the forward pass do.
    mean_term = dx_hat.mean(axis=1, keepdims=True)
    var_term = x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)
    dx = (dx_hat - mean_term - var_term) / std
    return dx, dgamma, dbeta


# ---- dropout ----


def dropout_forward(x, dropout_param):
    """Keep each value with probability p and set it to 0 otherwise; inverted dropout, which does nothing in tests.

        train: out = x mask          mask = 1 / p with probability p, else 0
        test:  out = x

    x: inputs of any shape.
    dropout_param: p, the probability to KEEP a value; mode, "train" or "test"; seed, optional, for a mask that repeats.
    Returns out in the shape of x, and cache (dropout_param, mask).
    """
    p = dropout_param["p"]
    mode = dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])

    mask = None
    out = x
    if mode == "train":
        keep = np.random.rand(*x.shape) < p
        mask = keep / p  # divided by p, so that the mean of out is x
        out = x * mask
    out = out.astype(x.dtype, copy=True)
    return out, (dropout_param, mask)


def dropout_backward(dout, cache):
    """Compute the gradient of dropout, with the mask of the forward pass.

    dout: upstream gradient. cache: (dropout_param, mask) from dropout_forward. Returns dx in the shape of dout.
    """
    dropout_param, mask = cache
    if dropout_param["mode"] == "test":
        return dout
    dx = dout * mask
    return dx


# ---- conv2d ----


def conv_forward_naive(x, w, b, conv_param):
    """Convolve a batch of images with F filters; the filters are not flipped.

        out[n, f, i, j] = b[f] + sum over c, u, v of padded[n, c, s i + u, s j + v] w[f, c, u, v]

    padded is x with `pad` rows and columns of zeros on all four sides, and s is the stride.

    x: images (N, C, H, W). w: filters (F, C, HH, WW). b: biases (F,).
    conv_param: stride, in pixels; pad, in pixels.
    Returns out (N, F, H', W') with H' = 1 + (H + 2 pad - HH) // stride, W' likewise, and cache (x, w, b, conv_param).
    """
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))

    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = padded[:, :, top : top + HH, left : left + WW]  # (N, C, HH, WW)
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    """Compute the gradients of the convolution.

    dout: upstream gradient (N, F, H', W'). cache: (x, w, b, conv_param) from conv_forward_naive.
    Returns dx (N, C, H, W), dw (F, C, HH, WW) and db (F,).
    """
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    H_out, W_out = dout.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))

    dpadded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = padded[:, :, top : top + HH, left : left + WW]
            upstream = dout[:, :, i, j]  # (N, F)
            dw += np.tensordot(upstream, window, axes=(0, 0))
            # Windows overlap where the stride is smaller than the filter: a pixel collects from all that saw it.
            dpadded[:, :, top : top + HH, left : left + WW] += np.tensordot(upstream, w, axes=(1, 0))
    dx = dpadded[:, :, pad : pad + H, pad : pad + W]  # the zeros around the image are constants
    db = dout.sum(axis=(0, 2, 3))
    return dx, dw, db


# ---- max_pool2d ----


def max_pool_forward_naive(x, pool_param):
    """Take the largest value in each window, channel by channel.

        out[n, c, i, j] = max over u, v of x[n, c, s i + u, s j + v]            s is the stride

    x: images (N, C, H, W). pool_param: pool_height, pool_width and stride, in pixels.
    Returns out (N, C, H', W') with H' = 1 + (H - pool_height) // stride, W' likewise, and cache (x, pool_param).
    """
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H, W = x.shape
    H_out = 1 + (H - height) // stride
    W_out = 1 + (W - width) // stride

    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + height, left : left + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)


def max_pool_backward_naive(dout, cache):
    """Compute the gradient of max-pooling: the largest value of a window has its whole gradient, the others have none.

    Where several values of a window tie, the first of them, row by row, has it all.
    dout: upstream gradient (N, C, H', W'). cache: (x, pool_param) from max_pool_forward_naive. Returns dx (N, C, H, W).
    """
    x, pool_param = cache
    height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
    N, C, H_out, W_out = dout.shape
    n, c = np.ogrid[:N, :C]

    dx = np.zeros_like(x)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + height, left : left + width]
            winner = window.reshape(N, C, -1).argmax(axis=2)
            row, column = np.unravel_index(winner, (height, width))
            dx[n, c, top + row, left + column] += dout[:, :, i, j]
    return dx


# ---- spatial_batchnorm ----


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise every channel over all pixels of all images of the batch, then scale and shift it.

    It is batchnorm_forward with the channels as features and N H W samples.

    x: images (N, C, H, W). gamma, beta: scale and shift (C,). bn_param: as for batchnorm_forward, statistics (C,).
    Returns out (N, C, H, W), and a cache for spatial_batchnorm_backward.
    """
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = out.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out, cache


def spatial_batchnorm_backward(dout, cache):
    """Compute the gradients of spatial batch normalisation.

    dout: upstream gradient (N, C, H, W). cache: from spatial_batchnorm_forward.
    Returns dx (N, C, H, W), dgamma (C,) and dbeta (C,).
    """
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    dx = dx.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, dgamma, dbeta


# ---- groupnorm ----


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Normalise every group of channels of every image over its pixels, then scale and shift every channel.

        out = gamma (x - mean) / sqrt(var + eps) + beta         mean and var (biased) of each group of C / G channels

    x: images (N, C, H, W). gamma, beta: scale and shift (1, C, 1, 1). G: number of groups, a divisor of C.
    gn_param: eps (1e-5). Returns out (N, C, H, W), and a cache for spatial_groupnorm_backward.
    """
    eps = gn_param.get("eps", 1e-5)
    groups = x.reshape(x.shape[0], G, -1)
    mean = groups.mean(axis=2, keepdims=True)
    var = groups.var(axis=2, keepdims=True)
    std = np.sqrt(var + eps)
    x_hat = ((groups - mean) / std).reshape(x.shape)
    out = gamma * x_hat + beta
    return out, (x_hat, gamma, std, G)


def spatial_groupnorm_backward(dout, cache):
    """Compute the gradients of group normalisation.

    dout: upstream gradient (N, C, H, W). cache: from spatial_groupnorm_forward.
    Returns dx (N, C, H, W), dgamma (1, C, 1, 1) and dbeta (1, C, 1, 1).
    """
    x_hat, gamma, std, G = cache
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = (dout * x_hat).sum(axis=(0, 2, 3), keepdims=True)
    dx_hat = (dout * gamma).reshape(dout.shape[0], G, -1)
    x_hat = x_hat.reshape(dx_hat.shape)
    mean_term = dx_hat.mean(axis=2, keepdims=True)
    var_term = x_hat * (dx_hat * x_hat).mean(axis=2, keepdims=True)
    dx = (dx_hat - mean_term - var_term) / std
    dx = dx.reshape(dout.shape)
    return dx, dgamma, dbeta


# ---- hinge ----


def svm_loss(x, y):
    """Compute the multi-class hinge loss and its gradient; a class exactly on its margin has slope 0.

        loss = mean over n of the sum over k != y[n] of max(0, x[n, k] - x[n, y[n]] + 1)

    x: scores (N, C). y: labels (N,), integers from 0 to C - 1.
    Returns loss, a number, and dx (N, C).
    """
    N = x.shape[0]
    samples = np.arange(N)
    correct = x[samples, y]
    margins = np.maximum(0, x - correct[:, None] + 1)
    margins[samples, y] = 0
    loss = margins.sum() / N

    dx = (margins > 0).astype(x.dtype)
    dx[samples, y] -= dx.sum(axis=1)  # the right class takes part in every margin, with a minus
    dx /= N
    return loss, dx


# ---- softmax_cross_entropy ----


def softmax_loss(x, y):
    """Compute the cross-entropy of the softmax of scores, in nats, and its gradient.

        p = softmax(x), row by row          loss = - mean over n of log p[n, y[n]]

    x: scores (N, C). y: labels (N,), integers from 0 to C - 1.
    Returns loss, a number, and dx (N, C).
    """
    N = x.shape[0]
    samples = np.arange(N)
    shifted = x - x.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_probs = shifted - log_sum
    loss = -log_probs[samples, y].sum() / N

    dx = np.exp(log_probs)
    dx[samples, y] -= 1
    dx /= N
    return loss, dx
