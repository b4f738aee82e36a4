"""Layers as functions whose vector-Jacobian products are written by hand and given to JAX by defvjp.

NAME is the function; NAME_fwd returns its value and the residuals that the backward pass needs; NAME_bwd takes the
residuals and g, the gradient of the loss with respect to the value, and returns one gradient per differentiable
argument, in its shape. Settings (strides, rates) are named in nondiff_argnums: they come first in NAME_bwd and have no
gradient. Integers and keys have none either: NAME_bwd returns None in their place.
"""

from functools import partial

import jax
import jax.numpy as jnp

# ---- linear ----


@jax.custom_vjp
def linear(x, w, b):
    """Compute the affine map, x w + b. x (N, I), w (I, O), b (O,) -> (N, O)."""
    y = x @ w + b
    return y


def linear_fwd(x, w, b):
    """Compute the value, and keep what the backward pass needs."""
    y = linear(x, w, b)
    return y, (x, w)


def linear_bwd(residuals, g):
    """Compute the gradients of x, w and b from g (N, O)."""
    x, w = residuals
    dx = g @ w.T
    dw = x.T @ g
    db = g.sum(axis=0)  # b is added to every row
    return dx, dw, db


linear.defvjp(linear_fwd, linear_bwd)

# ---- relu ----


@jax.custom_vjp
def relu(x):
    """Compute the rectifier, max(0, x), element by element; its slope at 0 is taken as 0."""
    y = jnp.maximum(x, 0)
    return y


def relu_fwd(x):
    """Compute the value, and keep what the backward pass needs."""
    y = relu(x)
    return y, x


def relu_bwd(residuals, g):
    """Compute the gradient of x from g; JAX wants a tuple also of one."""
    x = residuals
    dx = g * (x > 0)
    return (dx,)


relu.defvjp(relu_fwd, relu_bwd)

# ---- sigmoid ----


@jax.custom_vjp
def sigmoid(x):
    """Compute the logistic sigmoid, 1 / (1 + exp(-x)), element by element."""
    e = jnp.exp(-jnp.abs(x))  # at most 1, so nothing overflows
    y = jnp.where(x >= 0, 1 / (1 + e), e / (1 + e))
    return y


def sigmoid_fwd(x):
    """Compute the value, and keep what the backward pass needs."""
    y = sigmoid(x)
    return y, y


def sigmoid_bwd(residuals, g):
    """Compute the gradient of x from g."""
    y = residuals
    dx = g * y * (1 - y)
    return (dx,)


sigmoid.defvjp(sigmoid_fwd, sigmoid_bwd)

# ---- swish ----


@jax.custom_vjp
def swish(x, beta):
    """Compute x sigmoid(beta x), element by element; beta is a number, and has a gradient."""
    y = x * jax.nn.sigmoid(beta * x)
    return y


def swish_fwd(x, beta):
    """Compute the value, and keep what the backward pass needs."""
    s = jax.nn.sigmoid(beta * x)
    y = x * s
    return y, (x, beta, s)


def swish_bwd(residuals, g):
    """Compute the gradients of x and beta from g."""
    x, beta, s = residuals
    slope = x * s * (1 - s)
    dx = g * (s + beta * slope)
    dbeta = jnp.sum(g * x * slope)
    return dx, dbeta


swish.defvjp(swish_fwd, swish_bwd)

# ---- batchnorm ----


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def batchnorm(x, gamma, beta, eps=1e-5):
    """Compute gamma (x - mean) / sqrt(var + eps) + beta, with mean and var (biased) of each feature over the batch.

    x (N, D), gamma (D,), beta (D,) -> (N, D).
    """
    y, _ = batchnorm_fwd(x, gamma, beta, eps)
    return y


def batchnorm_fwd(x, gamma, beta, eps):
    """Compute the value, and keep what the backward pass needs."""
    std = jnp.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / std
    y = gamma * x_hat + beta
    return y, (x_hat, gamma, std)


def batchnorm_bwd(eps, residuals, g):
    """Compute the gradients of x, gamma and beta from g (N, D)."""
    x_hat, gamma, std = residuals
    dbeta = g.sum(axis=0)
    dgamma = (g * x_hat).sum(axis=0)
    dx_hat = g * gamma
    # Every x also reaches the loss through the mean and through the variance of its feature.
    mean_term = dx_hat.mean(axis=0)
    var_term = x_hat * (dx_hat * x_hat).mean(axis=0)
    dx = (dx_hat - mean_term - var_term) / std
    return dx, dgamma, dbeta


batchnorm.defvjp(batchnorm_fwd, batchnorm_bwd)

# ---- layernorm ----


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def layernorm(x, gamma, beta, eps=1e-5):
    """Compute gamma (x - mean) / sqrt(var + eps) + beta, with mean and var (biased) of each sample over its features.

    x (N, D), gamma (D,), beta (D,) -> (N, D).
    """
    y, _ = layernorm_fwd(x, gamma, beta, eps)
    return y


def layernorm_fwd(x, gamma, beta, eps):
    """Compute the value, and keep what the backward pass needs."""
    std = jnp.sqrt(x.var(axis=1, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=1, keepdims=True)) / std
    y = gamma * x_hat + beta
    return y, (x_hat, gamma, std)


def layernorm_bwd(eps, residuals, g):
    """Compute the gradients of x, gamma and beta from g (N, D)."""
    x_hat, gamma, std = residuals
    dbeta = g.sum(axis=0)
    dgamma = (g * x_hat).sum(axis=0)
    dx_hat = g * gamma
    mean_term = dx_hat.mean(axis=1, keepdims=True)
    var_term = x_hat * (dx_hat * x_hat).mean(axis=1, keepdims=True)
    dx = (dx_hat - mean_term - var_term) / std
    return dx, dgamma, dbeta


layernorm.defvjp(layernorm_fwd, layernorm_bwd)

# ---- dropout ----


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def dropout(x, key, p=0.5):
    """Set each value to 0 with probability p, and divide the others by 1 - p. x of any shape, key from jax.random."""
    y, _ = dropout_fwd(x, key, p)
    return y


def dropout_fwd(x, key, p):
    """Compute the value, and keep what the backward pass needs."""
    keep = jax.random.uniform(key, x.shape) >= p
    mask = keep.astype(x.dtype) / (1 - p)
    y = x * mask
    return y, mask


def dropout_bwd(p, residuals, g):
    """Compute the gradient of x from g, with the mask of the forward pass; the key has none."""
    mask = residuals
    dx = g * mask
    return dx, None


dropout.defvjp(dropout_fwd, dropout_bwd)

# ---- conv2d ----


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def conv2d(x, w, b, stride=1, padding=0):
    """Convolve a batch of images in channels-last order; the kernels are not flipped.

        y[n, p, q, o] = b[o] + sum over i, j, c of padded[n, s p + i, s q + j, c] w[i, j, c, o]

    padded is x with `padding` rows and columns of zeros on all four sides, and s is the stride.

    x (N, H, W, C), w (kh, kw, C, O), b (O,) -> (N, H', W', O), H' = (H + 2 padding - kh) // stride + 1, W' likewise.
    """
    y, _ = conv2d_fwd(x, w, b, stride, padding)
    return y


def conv2d_fwd(x, w, b, stride, padding):
    """Compute the value, and keep what the backward pass needs."""
    kh, kw = w.shape[:2]
    padded = jnp.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    rows = (padded.shape[1] - kh) // stride + 1
    columns = (padded.shape[2] - kw) // stride + 1
    y = jnp.broadcast_to(b, (len(x), rows, columns, len(b)))
    for i in range(kh):
        for j in range(kw):
            seen = padded[:, i : i + stride * rows : stride, j : j + stride * columns : stride]  # by entry (i, j)
            y = y + seen @ w[i, j]
    return y, (padded, w)


def conv2d_bwd(stride, padding, residuals, g):
    """Compute the gradients of x, w and b from g (N, H', W', O)."""
    padded, w = residuals
    kh, kw = w.shape[:2]
    rows, columns = g.shape[1:3]
    dpadded = jnp.zeros_like(padded)
    dw = jnp.zeros_like(w)
    for i in range(kh):
        for j in range(kw):
            met = jnp.s_[:, i : i + stride * rows : stride, j : j + stride * columns : stride]
            dw = dw.at[i, j].set(jnp.tensordot(padded[met], g, axes=([0, 1, 2], [0, 1, 2])))
            # A pixel is met by several entries of the kernel, at several places: it collects from all of them.
            dpadded = dpadded.at[met].add(g @ w[i, j].T)
    height, width = padded.shape[1:3]
    dx = dpadded[:, padding : height - padding, padding : width - padding]  # the zeros around it are constants
    db = g.sum(axis=(0, 1, 2))
    return dx, dw, db


conv2d.defvjp(conv2d_fwd, conv2d_bwd)

# ---- softmax_cross_entropy ----


@jax.custom_vjp
def softmax_cross_entropy(logits, labels):
    """Compute - mean over n of log softmax(logits[n])[labels[n]], in nats. logits (N, K), labels (N,), integers."""
    loss, _ = softmax_cross_entropy_fwd(logits, labels)
    return loss


def softmax_cross_entropy_fwd(logits, labels):
    """Compute the value, and keep what the backward pass needs."""
    shifted = logits - logits.max(axis=1, keepdims=True)  # the same softmax, and exp cannot overflow
    log_probs = shifted - jnp.log(jnp.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probs[jnp.arange(len(labels)), labels].mean()
    return loss, (jnp.exp(log_probs), labels)


def softmax_cross_entropy_bwd(residuals, g):
    """Compute the gradient of the logits from g, a number; the labels have none."""
    probs, labels = residuals
    targets = jax.nn.one_hot(labels, probs.shape[1], dtype=probs.dtype)
    dlogits = g * (probs - targets) / len(labels)
    return dlogits, None


softmax_cross_entropy.defvjp(softmax_cross_entropy_fwd, softmax_cross_entropy_bwd)
