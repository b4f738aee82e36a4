"""Layers as classes of static methods on torch tensors, without autograd, and a network of them.

CLASS.forward(x, ...) returns the output and a cache; CLASS.backward(dout, cache) returns one gradient for every tensor
that forward was given, in the same order and in its shape. No layer has a factor 1/N: the mean over the N samples of a
batch belongs to the loss.
"""

import torch

# ---- linear ----


class Linear:
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias."""

    @staticmethod
    def forward(x, w, b):
        """Compute the outputs.

            out = x w + b             each sample of x as one row of D = d_1 ... d_k numbers

        x: inputs (N, d_1, ..., d_k). w: weights (D, M). b: biases (M,).
        Returns out (N, M), and cache (x, w, b).
        """
        rows = x.reshape(x.shape[0], -1)
        out = rows.mm(w) + b
        cache = (x, w, b)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradients.

        dout: upstream gradient (N, M). cache: (x, w, b) from forward.
        Returns dx in the shape of x, dw (D, M) and db (M,).
        """
        x, w, _ = cache
        rows = x.reshape(x.shape[0], -1)
        dx = dout.mm(w.t()).reshape(x.shape)
        dw = rows.t().mm(dout)
        db = dout.sum(dim=0)  # b is added to every row
        return dx, dw, db


# ---- relu ----


class ReLU:
    """Rectifier: max(0, x), element by element; its slope at 0 is taken as 0."""

    @staticmethod
    def forward(x):
        """Compute the outputs. x: inputs of any shape. Returns out in the shape of x, and cache x."""
        out = x.clamp(min=0)
        cache = x
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradient. dout: upstream gradient. cache: x from forward. Returns dx in the shape of x."""
        x = cache
        dx = dout * (x > 0)
        return dx


# ---- linear_relu ----


class Linear_ReLU:
    """An affine map followed by a rectifier."""

    @staticmethod
    def forward(x, w, b):
        """Compute the outputs. x, w, b: as for Linear. Returns out (N, M), and cache (fc_cache, relu_cache)."""
        a, fc_cache = Linear.forward(x, w, b)
        out, relu_cache = ReLU.forward(a)
        cache = (fc_cache, relu_cache)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradients. dout: upstream gradient (N, M). cache: from forward. Returns dx, dw and db."""
        fc_cache, relu_cache = cache
        da = ReLU.backward(dout, relu_cache)
        dx, dw, db = Linear.backward(da, fc_cache)
        return dx, dw, db


# ---- dropout ----


class Dropout:
    """Inverted dropout, which does nothing in tests.

    train: out = x mask          mask = 0 with probability p, else 1 / (1 - p)
    test:  out = x
    """

    @staticmethod
    def forward(x, dropout_param):
        """Compute the outputs.

        x: inputs of any shape.
        dropout_param: p, the probability to DROP a value; mode, "train" or "test"; seed, optional.
        Returns out in the shape of x, and cache (dropout_param, mask).
        """
        p, mode = dropout_param["p"], dropout_param["mode"]
        if "seed" in dropout_param:
            torch.manual_seed(dropout_param["seed"])

        mask = None
        out = x.clone()
        if mode == "train":
            keep = torch.rand_like(x) > p
            mask = keep / (1 - p)  # divided by 1 - p, so that the mean of out is x
            out = x * mask
        cache = (dropout_param, mask)
        return out, cache

    @staticmethod
    def backward(dout, cache):
        """Compute the gradient, with the mask of the forward pass.

        dout: upstream gradient. cache: (dropout_param, mask) from forward. Returns dx in the shape of dout.
        """
        dropout_param, mask = cache
        dx = dout.clone()
        if dropout_param["mode"] == "train":
            dx = dout * mask
        return dx


# ---- softmax_cross_entropy ----


def softmax_loss(x, y):
    """Compute the cross-entropy of the softmax of scores, in nats, and its gradient.

        p = softmax(x), row by row          loss = - mean over n of log p[n, y[n]]

    x: scores (N, C). y: labels (N,), integers from 0 to C - 1.
    Returns loss, a scalar tensor, and dx (N, C).
    """
    N = x.shape[0]
    samples = torch.arange(N, device=x.device)
    shifted = x - x.max(dim=1, keepdim=True).values  # the same softmax, and exp cannot overflow
    log_probs = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    loss = -log_probs[samples, y].mean()

    dx = log_probs.exp()
    dx[samples, y] -= 1
    dx /= N
    return loss, dx


# ---- hinge ----


def svm_loss(x, y):
    """Compute the multi-class hinge loss and its gradient; a class exactly on its margin has slope 0.

        loss = mean over n of the sum over k != y[n] of max(0, x[n, k] - x[n, y[n]] + 1)

    x: scores (N, C). y: labels (N,), integers from 0 to C - 1.
    Returns loss, a scalar tensor, and dx (N, C).
    """
    N = x.shape[0]
    samples = torch.arange(N, device=x.device)
    correct = x[samples, y]
    margins = (x - correct[:, None] + 1).clamp(min=0)
    margins[samples, y] = 0
    loss = margins.sum() / N

    dx = (margins > 0).to(x.dtype)
    dx[samples, y] -= dx.sum(dim=1)  # the right class takes part in every margin, with a minus
    dx /= N
    return loss, dx


# ---- network ----


class TwoLayerNet:
    """Two fully connected layers with a rectifier in between, and the softmax cross-entropy.

    params: W1 (input_dim, hidden_dim), b1 (hidden_dim,), W2 (hidden_dim, num_classes), b2 (num_classes,).
    reg: strength of the L2 penalty on the weights.
    """

    def __init__(
        self,
        input_dim=3 * 32 * 32,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        dtype=torch.float32,
        device="cpu",
    ):
        self.reg = reg
        options = {"dtype": dtype, "device": device}
        self.params = {
            "W1": weight_scale * torch.randn(input_dim, hidden_dim, **options),
            "b1": torch.zeros(hidden_dim, **options),
            "W2": weight_scale * torch.randn(hidden_dim, num_classes, **options),
            "b2": torch.zeros(num_classes, **options),
        }

    def loss(self, X, y=None):
        """Compute the loss and its gradients.

            loss = softmax cross-entropy + reg (sum of W1² + sum of W2²)

        X: samples (N, ...). y: labels (N,).
        Without y it returns the scores (N, C). With y it returns loss, and grads, a dictionary of the gradients under
        the names of the parameters.
        """
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        hidden, hidden_cache = Linear_ReLU.forward(X, W1, b1)
        scores, scores_cache = Linear.forward(hidden, W2, b2)
        if y is None:
            return scores

        loss, dscores = softmax_loss(scores, y)
        penalty = self.reg * ((W1 * W1).sum() + (W2 * W2).sum())
        loss = loss + penalty
        grads = {}
        dhidden, grads["W2"], grads["b2"] = Linear.backward(dscores, scores_cache)
        _, grads["W1"], grads["b1"] = Linear_ReLU.backward(dhidden, hidden_cache)
        grads["W1"] += 2 * self.reg * W1
        grads["W2"] += 2 * self.reg * W2
        return loss, grads
