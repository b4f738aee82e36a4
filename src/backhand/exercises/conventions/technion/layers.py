"""Layers as classes on torch tensors, without autograd, whose gradients of parameters are added up.

forward(x) keeps in grad_cache what backward needs; backward(dout) takes the gradient of the loss with respect to the
output, ADDS to the gradients of the parameters, and returns the one with respect to x. params() returns pairs
(parameter, gradient). The mean over the batch belongs to the loss, so no other layer has a factor 1/N. Samples are
rows.
"""

import abc

import torch


class Layer(abc.ABC):
    """The interface of all layers: `grad_cache` for backward, and `training_mode`."""

    def __init__(self):
        self.grad_cache = {}
        self.training_mode = True

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    @abc.abstractmethod
    def forward(self, *args, **kwargs):
        """Compute the output and keep what backward needs."""

    @abc.abstractmethod
    def backward(self, dout):
        """Compute the gradient of the input, and add to those of the parameters."""

    def params(self):
        """Return a list of pairs (parameter, gradient); a layer without parameters returns an empty one."""
        return []

    def train(self, training_mode=True):
        """Put the layer into the mode of training, or of tests."""
        self.training_mode = training_mode


# ---- leaky_relu ----


class LeakyReLU(Layer):
    """Leaky rectifier: x where it is above 0, else alpha x; the slope at 0 is alpha."""

    def __init__(self, alpha=0.01):
        super().__init__()
        self.alpha = alpha

    def forward(self, x, **kw):
        """Take inputs of any shape and return outputs of the same shape."""
        self.grad_cache["x"] = x
        out = torch.where(x > 0, x, self.alpha * x)
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx."""
        x = self.grad_cache["x"]
        dx = torch.where(x > 0, dout, self.alpha * dout)
        return dx


# ---- relu ----


class ReLU(LeakyReLU):
    """Rectifier: max(0, x), a leaky one that does not leak."""

    def __init__(self):
        super().__init__(alpha=0)


# ---- sigmoid ----


class Sigmoid(Layer):
    """Logistic sigmoid: 1 / (1 + exp(-x)), element by element."""

    def forward(self, x, **kw):
        """Take inputs of any shape and return outputs of the same shape."""
        e = torch.exp(-x.abs())  # at most 1, so nothing overflows
        out = torch.where(x >= 0, 1 / (1 + e), e / (1 + e))
        self.grad_cache["out"] = out
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx."""
        out = self.grad_cache["out"]
        dx = dout * out * (1 - out)
        return dx


# ---- tanh ----


class TanH(Layer):
    """Hyperbolic tangent, element by element."""

    def forward(self, x, **kw):
        """Take inputs of any shape and return outputs of the same shape."""
        out = torch.tanh(x)
        self.grad_cache["out"] = out
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx."""
        out = self.grad_cache["out"]
        dx = dout * (1 - out**2)
        return dx


# ---- linear ----


class Linear(Layer):
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

    x wᵀ + b          x (N, in_features)    w (out_features, in_features)    b (out_features,)

    wstd: standard deviation of the first weights. Gradients: dw, db.
    """

    def __init__(self, in_features, out_features, wstd=0.1):
        super().__init__()
        self.w = torch.randn(out_features, in_features) * wstd
        self.b = torch.randn(out_features) * wstd
        self.dw = torch.zeros_like(self.w)
        self.db = torch.zeros_like(self.b)

    def params(self):  # given
        """Return the pairs of w and b with their gradients."""
        return [(self.w, self.dw), (self.b, self.db)]

    def forward(self, x, **kw):
        """Take inputs (N, in_features) and return outputs (N, out_features)."""
        self.grad_cache["x"] = x
        out = x.mm(self.w.t()) + self.b
        return out

    def backward(self, dout):
        """Take the upstream gradient (N, out_features), add to dw and db, and return dx (N, in_features)."""
        x = self.grad_cache["x"]
        self.dw += dout.t().mm(x)
        self.db += dout.sum(dim=0)  # b is added to every row
        dx = dout.mm(self.w)
        return dx


# ---- softmax_cross_entropy ----


class CrossEntropyLoss(Layer):
    """Softmax and cross-entropy, in nats.

    p = softmax(x), row by row          loss = - mean over n of log p[n, y[n]]
    """

    def forward(self, x, y):
        """Take scores x (N, K) and labels y (N,), integers, and return the loss, a scalar."""
        samples = torch.arange(len(x))
        shifted = x - x.max(dim=1, keepdim=True).values  # the same softmax, and exp cannot overflow
        log_probs = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
        self.grad_cache["probs"] = log_probs.exp()
        self.grad_cache["y"] = y
        loss = -log_probs[samples, y].mean()
        return loss

    def backward(self, dout=1.0):
        """Take the upstream gradient of the loss, a number, and return dx (N, K)."""
        probs, y = self.grad_cache["probs"], self.grad_cache["y"]
        dx = probs.clone()
        dx[torch.arange(len(y)), y] -= 1
        dx = dout * dx / len(y)
        return dx


# ---- dropout ----


class Dropout(Layer):
    """Inverted dropout: each value is 0 with probability p in training, else divided by 1 - p; tests do nothing."""

    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, x, **kw):
        """Take inputs of any shape and return outputs of the same shape."""
        mask = torch.ones_like(x)
        if self.training_mode:
            keep = torch.rand_like(x) > self.p
            mask = keep.to(x.dtype) / (1 - self.p)
        self.grad_cache["mask"] = mask
        out = x * mask
        return out

    def backward(self, dout):
        """Take the upstream gradient and return dx, with the mask of the forward pass."""
        dx = dout * self.grad_cache["mask"]
        return dx


# ---- network ----


class Sequential(Layer):
    """Layers one after the other: the output of each is the input of the next."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = layers

    def forward(self, x, **kw):
        """Take the input of the first layer and return the output of the last one."""
        out = x
        for layer in self.layers:
            out = layer(out, **kw)
        return out

    def backward(self, dout):
        """Call backward of every layer, from the last to the first, and return dx."""
        dx = dout
        for layer in reversed(self.layers):
            dx = layer.backward(dx)
        return dx

    def params(self):  # given
        """Return the pairs of all layers, in order."""
        return [pair for layer in self.layers for pair in layer.params()]

    def train(self, training_mode=True):  # given
        """Put all layers into the mode of training, or of tests."""
        self.training_mode = training_mode
        for layer in self.layers:
            layer.train(training_mode)


class MLP(Sequential):
    """Linear layers with activations in between, and dropout after each activation if its probability is above 0.

    hidden_features: list of the numbers of hidden units. activation: "relu" or "sigmoid".
    """

    def __init__(self, in_features, num_classes, hidden_features=(), activation="relu", dropout=0, **kw):
        layers = []
        sizes = [in_features, *hidden_features]
        for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
            layers.append(Linear(n_in, n_out, **kw))
            layers.append(ReLU() if activation == "relu" else Sigmoid())
            if dropout > 0:
                layers.append(Dropout(dropout))
        layers.append(Linear(sizes[-1], num_classes, **kw))
        super().__init__(*layers)
