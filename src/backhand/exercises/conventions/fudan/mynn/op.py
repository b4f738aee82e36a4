"""Operators with their parameters and gradients in the dictionaries `params` and `grads`, and the loss.

forward(X) keeps its input; backward(grads) takes the gradient of the loss with respect to the output, sets the
gradients of the parameters, and returns the one with respect to X. `W` and `params["W"]` are the same array: change it
in place. The mean over the batch belongs to the loss, whose backward calls that of the model; no operator has a factor
1/N. Samples are rows, images (N, C, H, W).
"""

import numpy as np


class Layer:
    """The interface of all layers; `optimizable` says whether the layer has parameters to train."""

    def __init__(self):
        self.optimizable = True

    def __call__(self, X):
        return self.forward(X)

    def forward(self, X):
        """Compute the output and keep what backward needs."""
        raise NotImplementedError

    def backward(self, grads):
        """Compute the gradient of the input, and set those of the parameters."""
        raise NotImplementedError


# ---- linear ----


class Linear(Layer):
    """Affine map: every output is a weighted sum of all inputs of its sample, plus a bias.

    X W + b           X (N, in_dim)    W (in_dim, out_dim)    b (1, out_dim)

    weight_decay, weight_decay_lambda: whether and how strongly the optimiser shrinks W.
    """

    def __init__(
        self, in_dim, out_dim, initialize_method=np.random.normal, weight_decay=False, weight_decay_lambda=1e-8
    ):
        super().__init__()
        self.W = initialize_method(size=(in_dim, out_dim))
        self.b = initialize_method(size=(1, out_dim))
        self.params = {"W": self.W, "b": self.b}
        self.grads = {"W": None, "b": None}
        self.input = None
        self.weight_decay = weight_decay
        self.weight_decay_lambda = weight_decay_lambda

    def forward(self, X):
        """Take inputs (N, in_dim) and return outputs (N, out_dim)."""
        self.input = X
        output = X @ self.params["W"] + self.params["b"]
        return output

    def backward(self, grads):
        """Take the upstream gradient (N, out_dim), set both gradients, and return the one with respect to X."""
        self.grads["W"] = self.input.T @ grads
        self.grads["b"] = grads.sum(axis=0, keepdims=True)  # b is added to every row
        grad_input = grads @ self.params["W"].T
        return grad_input

    def clear_grad(self):  # given
        """Forget the gradients of the parameters."""
        self.grads = {"W": None, "b": None}


# ---- conv2d ----


class conv2D(Layer):
    """Convolution of images; the kernels are not flipped.

        output[n, o, i, j] = b[o] + sum over c, u, v of padded[n, c, s i + u, s j + v] W[o, c, u, v]

    padded is X with `padding` rows and columns of zeros on all four sides, and s is the stride.

    W: (out_channels, in_channels, kernel_size, kernel_size). b: (1, out_channels, 1, 1).
    """

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        initialize_method=np.random.normal,
        weight_decay=False,
        weight_decay_lambda=1e-8,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.W = initialize_method(size=(out_channels, in_channels, kernel_size, kernel_size))
        self.b = np.zeros((1, out_channels, 1, 1))
        self.params = {"W": self.W, "b": self.b}
        self.grads = {"W": None, "b": None}
        self.input = None
        self.weight_decay = weight_decay
        self.weight_decay_lambda = weight_decay_lambda

    def forward(self, X):
        """Take images (N, C, H, W) and return (N, out_channels, H', W').

        H' = (H + 2 padding - kernel_size) // stride + 1, W' likewise.
        """
        self.input = X
        k, s, p = self.kernel_size, self.stride, self.padding
        N, _, H, W = X.shape
        padded = np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))
        weights = self.params["W"]
        output = np.zeros((N, len(weights), (H + 2 * p - k) // s + 1, (W + 2 * p - k) // s + 1), dtype=X.dtype)
        for i in range(output.shape[2]):
            for j in range(output.shape[3]):
                window = padded[:, :, i * s : i * s + k, j * s : j * s + k]
                output[:, :, i, j] = np.tensordot(window, weights, axes=([1, 2, 3], [1, 2, 3]))
        output += self.params["b"]
        return output

    def backward(self, grads):
        """Take the upstream gradient of the output, set both gradients, and return the one with respect to X."""
        k, s, p = self.kernel_size, self.stride, self.padding
        H, W = self.input.shape[2:]
        padded = np.pad(self.input, ((0, 0), (0, 0), (p, p), (p, p)))
        weights = self.params["W"]
        dpadded = np.zeros_like(padded)
        dW = np.zeros_like(weights)
        for i in range(grads.shape[2]):
            for j in range(grads.shape[3]):
                window = padded[:, :, i * s : i * s + k, j * s : j * s + k]
                upstream = grads[:, :, i, j]  # (N, out_channels)
                dW += np.tensordot(upstream, window, axes=(0, 0))
                # Windows overlap where the stride is smaller than the kernel: a pixel collects from all that saw it.
                dpadded[:, :, i * s : i * s + k, j * s : j * s + k] += np.tensordot(upstream, weights, axes=(1, 0))
        self.grads["W"] = dW
        self.grads["b"] = grads.sum(axis=(0, 2, 3), keepdims=True)
        grad_input = dpadded[:, :, p : p + H, p : p + W]  # the zeros around the image are constants
        return grad_input

    def clear_grad(self):  # given
        """Forget the gradients of the parameters."""
        self.grads = {"W": None, "b": None}


# ---- relu ----


class ReLU(Layer):
    """Rectifier: max(0, X), element by element; its slope at 0 is taken as 0."""

    def __init__(self):
        super().__init__()
        self.input = None
        self.optimizable = False

    def forward(self, X):
        """Take inputs of any shape and return outputs of the same shape."""
        self.input = X
        output = np.where(X > 0, X, 0)
        return output

    def backward(self, grads):
        """Take the upstream gradient and return the one with respect to X."""
        output = np.where(self.input > 0, grads, 0)
        return output


# ---- softmax_cross_entropy ----


def softmax(X):
    """Compute the softmax of every row of scores (N, K); each row of the result sums to 1."""
    e = np.exp(X - X.max(axis=1, keepdims=True))  # the same softmax, and exp cannot overflow
    probs = e / e.sum(axis=1, keepdims=True)
    return probs


class MultiCrossEntropyLoss(Layer):
    """Softmax, unless it is cancelled, and cross-entropy, in nats; backward starts that of the model.

    p = softmax(predicts), row by row          loss = - mean over n of log p[n, labels[n]]

    model: its backward is called with the gradient. max_classes: the largest number of classes.
    """

    def __init__(self, model=None, max_classes=10):
        super().__init__()
        self.model = model
        self.max_classes = max_classes
        self.has_softmax = True
        self.optimizable = False
        self.probs = None
        self.labels = None
        self.grads = None

    def __call__(self, predicts, labels):  # given
        return self.forward(predicts, labels)

    def forward(self, predicts, labels):
        """Take scores (N, K), or probabilities where softmax is cancelled, and labels (N,), and return the loss."""
        self.labels = labels
        self.probs = softmax(predicts) if self.has_softmax else predicts
        samples = np.arange(len(labels))
        if not self.has_softmax:
            return -np.log(predicts[samples, labels]).mean()
        shifted = predicts - predicts.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1))
        loss = (log_sum - shifted[samples, labels]).mean()
        return loss

    def backward(self):
        """Set grads, the gradient with respect to predicts (N, K), and call the model's backward with it."""
        N = len(self.labels)
        samples = np.arange(N)
        if self.has_softmax:
            self.grads = self.probs.copy()
            self.grads[samples, self.labels] -= 1
        else:
            self.grads = np.zeros_like(self.probs)
            self.grads[samples, self.labels] = -1 / self.probs[samples, self.labels]
        self.grads /= N
        self.model.backward(self.grads)

    def cancel_soft_max(self):  # given
        """Take probabilities from now on, and return the loss itself."""
        self.has_softmax = False
        return self
