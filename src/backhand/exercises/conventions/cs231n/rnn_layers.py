"""Recurrent layers as pairs of functions that hand over a cache.

Sequences are (N, T, D): N samples of T time steps with D features each. A step has a pair of functions of its own, and
the pair for a whole sequence calls it T times. Each gradient has the shape of its array.
"""

import numpy as np


def sigmoid(x):
    """Compute 1 / (1 + exp(-x)) without overflow, for x of any shape."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


# ---- rnn ----


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """Compute one time step of a recurrent network with tanh.

        next_h = tanh(x Wx + prev_h Wh + b)

    x: inputs of this step (N, D). prev_h: hidden state before it (N, H). Wx (D, H), Wh (H, H), b (H,).
    Returns next_h (N, H), and a cache for rnn_step_backward.
    """
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    """Compute the gradients of one time step.

    dnext_h: upstream gradient (N, H). cache: from rnn_step_forward.
    Returns dx (N, D), dprev_h (N, H), dWx (D, H), dWh (H, H) and db (H,).
    """
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)  # tanh' = 1 - tanh²
    dx = da @ Wx.T
    dprev_h = da @ Wh.T
    dWx = x.T @ da
    dWh = prev_h.T @ da
    db = da.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    """Compute the hidden states of a whole sequence, with the same weights at every step.

    x: inputs (N, T, D). h0: first hidden state (N, H). Wx (D, H), Wh (H, H), b (H,).
    Returns h (N, T, H), the states after each step, and a cache for rnn_backward.
    """
    states, caches = [], []
    h = h0
    for t in range(x.shape[1]):
        h, step_cache = rnn_step_forward(x[:, t], h, Wx, Wh, b)
        states.append(h)
        caches.append(step_cache)
    h = np.stack(states, axis=1)
    return h, caches


def rnn_backward(dh, cache):
    """Compute the gradients of a whole sequence, from the last step to the first.

    dh: upstream gradient of every state (N, T, H), as the layers above see them. cache: from rnn_forward.
    Returns dx (N, T, D), dh0 (N, H), dWx (D, H), dWh (H, H) and db (H,).
    """
    x, _, Wx, Wh, _ = cache[0]
    N, T, H = dh.shape
    dx = np.zeros((N, T, x.shape[1]), dtype=dh.dtype)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H, dtype=dh.dtype)
    dh_next = np.zeros((N, H), dtype=dh.dtype)
    for t in reversed(range(T)):
        upstream = dh[:, t] + dh_next  # a state is used by the layer above and by the next step
        dx[:, t], dh_next, step_dWx, step_dWh, step_db = rnn_step_backward(upstream, cache[t])
        dWx += step_dWx
        dWh += step_dWh
        db += step_db
    dh0 = dh_next
    return dx, dh0, dWx, dWh, db


# ---- lstm ----


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """Compute one time step of a long short-term memory.

        a = x Wx + prev_h Wh + b, cut into four blocks of H columns: a_i, a_f, a_o, a_g
        i = sigmoid(a_i)    f = sigmoid(a_f)    o = sigmoid(a_o)    g = tanh(a_g)
        next_c = f prev_c + i g                 next_h = o tanh(next_c)

    x: inputs (N, D). prev_h, prev_c: hidden state and cell state before the step (N, H).
    Wx (D, 4H), Wh (H, 4H), b (4H,).
    Returns next_h (N, H), next_c (N, H), and a cache for lstm_step_backward.
    """
    a = x @ Wx + prev_h @ Wh + b
    a_i, a_f, a_o, a_g = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o), np.tanh(a_g)
    next_c = f * prev_c + i * g
    tanh_c = np.tanh(next_c)
    next_h = o * tanh_c
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    """Compute the gradients of one time step.

    dnext_h, dnext_c: upstream gradients of both states (N, H). cache: from lstm_step_forward.
    Returns dx (N, D), dprev_h (N, H), dprev_c (N, H), dWx (D, 4H), dWh (H, 4H) and db (4H,).
    """
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tanh_c = cache
    dc = dnext_c + dnext_h * o * (1 - tanh_c**2)  # the cell reaches the loss directly and through the hidden state
    dprev_c = dc * f
    da_i = dc * g * i * (1 - i)
    da_f = dc * prev_c * f * (1 - f)
    da_o = dnext_h * tanh_c * o * (1 - o)
    da_g = dc * i * (1 - g**2)
    da = np.concatenate([da_i, da_f, da_o, da_g], axis=1)
    dx = da @ Wx.T
    dprev_h = da @ Wh.T
    dWx = x.T @ da
    dWh = prev_h.T @ da
    db = da.sum(axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    """Compute the hidden states of a whole sequence; the first cell state is 0.

    x: inputs (N, T, D). h0: first hidden state (N, H). Wx (D, 4H), Wh (H, 4H), b (4H,).
    Returns h (N, T, H), and a cache for lstm_backward.
    """
    states, caches = [], []
    h, c = h0, np.zeros_like(h0)
    for t in range(x.shape[1]):
        h, c, step_cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        states.append(h)
        caches.append(step_cache)
    h = np.stack(states, axis=1)
    return h, caches


def lstm_backward(dh, cache):
    """Compute the gradients of a whole sequence, from the last step to the first.

    dh: upstream gradient of every hidden state (N, T, H). cache: from lstm_forward.
    Returns dx (N, T, D), dh0 (N, H), dWx (D, 4H), dWh (H, 4H) and db (4H,).
    """
    x, _, _, Wx, Wh, *_ = cache[0]
    N, T, H = dh.shape
    dx = np.zeros((N, T, x.shape[1]), dtype=dh.dtype)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * H, dtype=dh.dtype)
    dh_next = np.zeros((N, H), dtype=dh.dtype)
    dc_next = np.zeros((N, H), dtype=dh.dtype)
    for t in reversed(range(T)):
        upstream = dh[:, t] + dh_next
        dx[:, t], dh_next, dc_next, step_dWx, step_dWh, step_db = lstm_step_backward(upstream, dc_next, cache[t])
        dWx += step_dWx
        dWh += step_dWh
        db += step_db
    dh0 = dh_next
    return dx, dh0, dWx, dWh, db


# ---- embedding ----


def word_embedding_forward(x, W):
    """Look up the vector of every word.

        out[n, t] = W[x[n, t]]

    x: indices of words (N, T), integers from 0 to V - 1. W: a vector of D numbers for each of V words (V, D).
    Returns out (N, T, D), and cache (x, W).
    """
    out = W[x]
    return out, (x, W)


def word_embedding_backward(dout, cache):
    """Compute the gradient of the vectors; the indices have none.

    dout: upstream gradient (N, T, D). cache: (x, W) from word_embedding_forward. Returns dW (V, D).
    """
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)  # a word that occurs twice collects twice, which dW[x] += dout would not do
    return dW


# ---- temporal_linear ----


def temporal_affine_forward(x, w, b):
    """Apply the same affine map to every time step: out[n, t] = x[n, t] w + b.

    x: inputs (N, T, D). w: weights (D, M). b: biases (M,). Returns out (N, T, M), and cache (x, w).
    """
    out = x @ w + b
    return out, (x, w)


def temporal_affine_backward(dout, cache):
    """Compute the gradients of the affine map of every time step.

    dout: upstream gradient (N, T, M). cache: (x, w) from temporal_affine_forward.
    Returns dx (N, T, D), dw (D, M) and db (M,).
    """
    x, w = cache
    D, M = w.shape
    dx = dout @ w.T
    dw = x.reshape(-1, D).T @ dout.reshape(-1, M)
    db = dout.sum(axis=(0, 1))
    return dx, dw, db


# ---- temporal_softmax_cross_entropy ----


def temporal_softmax_loss(x, y, mask, verbose=False):
    """Compute the cross-entropy of words at every time step, in nats, and its gradient.

        loss = - 1/N sum over n, t of mask[n, t] log softmax(x[n, t])[y[n, t]]

    It is the sum over the time steps and the mean over the samples; time steps with mask False do not count.

    x: scores (N, T, V). y: indices of the right words (N, T). mask: booleans (N, T). verbose: print the shape of dx.
    Returns loss, a number, and dx (N, T, V).
    """
    N, T, V = x.shape
    scores, labels, counts = x.reshape(-1, V), y.reshape(-1), mask.reshape(-1)
    places = np.arange(N * T)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -(counts * log_probs[places, labels]).sum() / N

    dx = np.exp(log_probs)
    dx[places, labels] -= 1
    dx *= counts[:, None]
    dx /= N
    dx = dx.reshape(N, T, V)
    if verbose:
        print("dx:", dx.shape)
    return loss, dx
