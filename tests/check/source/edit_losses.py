"""Right losses and updates as people write them."""

import numpy as np

from tests.check.source.edit_layers import Layer, calls, normal


def labelled(name, samples=5, classes=3, *, label_first=False, scale=1.0, **settings):
    """Calls a loss with scores and labels, as fresh copies that are also returned."""

    def call(module, rng):
        scores, labels = scale * normal(rng, samples, classes), rng.integers(0, classes, samples)
        return module[name](*((labels, scores) if label_first else (scores, labels)), **settings), scores, labels

    return call


SOFTMAX_LOSS = Layer(
    """
import numpy as np

def softmax_loss(x, y):
    N = x.shape[0]
    shifted = x - np.max(x, axis=1, keepdims=True)
    probs = np.exp(shifted)
    probs /= np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(np.log(probs[np.arange(N), y])) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
""",
    "softmax_loss",
    labelled("softmax_loss"),
)
STABLE_SOFTMAX = Layer(
    """
import numpy as np

def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
""",
    "softmax",
    lambda module, rng: module["softmax"](1e3 * normal(rng, 4, 3)),
)
SOFTMAX_ON_A_LINE = Layer(
    """
import numpy as np

def softmax(x):
    return np.exp(x - x.max(-1, keepdims=True)) / np.exp(x - x.max(-1, keepdims=True)).sum(-1, keepdims=True)
""",
    "softmax",
    STABLE_SOFTMAX.call,
)
CROSS_ENTROPY = Layer(
    """
import numpy as np

class CrossEntropy:
    def forward(self, p, t):
        self.p, self.t = p, t
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(self):
        p, t = self.p, self.t
        return (p - t) / (p * (1 - p)) / p.size
""",
    "CrossEntropy.forward",
    lambda module, rng: (
        (loss := module["CrossEntropy"]()).forward(rng.uniform(0.1, 0.9, (4, 3)), rng.uniform(0.1, 0.9, (4, 3))),
        loss.backward(),
    ),
)
CROSS_ENTROPY_BACKWARD = Layer(CROSS_ENTROPY.source, "CrossEntropy.backward", CROSS_ENTROPY.call)
SQUARES = Layer(
    """
import numpy as np

def mse(pred, target):
    n = pred.shape[0]
    diff = pred - target
    loss = 0.5 * np.sum(diff ** 2) / n
    grad = diff / n
    return loss, grad
""",
    "mse",
    calls("mse", (4, 3), (4, 3)),
)
TWICE = Layer(
    """
import numpy as np

def mse_prime(pred, target):
    return 2 * (pred - target) / pred.size
""",
    "mse_prime",
    calls("mse_prime", (4, 3), (4, 3)),
)
FILTER = Layer(
    """
import numpy as np

def filter_backward(dout, w):
    dx = np.convolve(dout, w[::-1])
    return dx
""",
    "filter_backward",
    calls("filter_backward", (5,), (3,)),
)
HINGE = Layer(
    """
import numpy as np

def svm_loss(x, y):
    N = x.shape[0]
    correct = x[np.arange(N), y]
    margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return loss, dx
""",
    "svm_loss",
    labelled("svm_loss"),
)


def _two_layer(module, rng):
    net = module["TwoLayerNet"](rng)
    loss, grads = net.loss(normal(rng, 5, 4), rng.integers(0, 2, 5), reg=0.3)
    return loss, [grads[name] for name in sorted(grads)]


TWO_LAYER = Layer(
    """
import numpy as np

class TwoLayerNet:
    def __init__(self, rng):
        n = rng.standard_normal
        self.params = {'W1': n((4, 3)), 'b1': n(3), 'W2': n((3, 2)), 'b2': n(2)}

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        N, D = X.shape
        h = np.maximum(0, X.dot(W1) + b1)
        scores = h.dot(W2) + b2
        if y is None:
            return scores
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        probs = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(probs[range(N), y]).mean()
        loss += 0.5 * reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        grads = {}
        dscores = probs.copy()
        dscores[range(N), y] -= 1
        dscores /= N
        grads['W2'] = h.T.dot(dscores) + reg * W2
        grads['b2'] = np.sum(dscores, axis=0)
        dh = dscores.dot(W2.T)
        dh[h <= 0] = 0
        grads['W1'] = X.T.dot(dh) + reg * W1
        grads['b1'] = np.sum(dh, axis=0)
        return loss, grads
""",
    "TwoLayerNet.loss",
    _two_layer,
)
ADAM = Layer(
    """
import numpy as np

def adam(w, dw, config):
    b1, b2, lr, eps = config['beta1'], config['beta2'], config['learning_rate'], config['epsilon']
    config['t'] += 1
    t = config['t']
    config['m'] = b1 * config['m'] + (1 - b1) * dw
    config['v'] = b2 * config['v'] + (1 - b2) * (dw ** 2)
    mt = config['m'] / (1 - b1 ** t)
    vt = config['v'] / (1 - b2 ** t)
    next_w = w - lr * mt / (np.sqrt(vt) + eps)
    return next_w, config
""",
    "adam",
    lambda module, rng: module["adam"](
        normal(rng, 3),
        normal(rng, 3),
        {
            "beta1": 0.8,
            "beta2": 0.9,
            "learning_rate": 0.1,
            "epsilon": 0.01,
            "t": 4,
            "m": normal(rng, 3),
            "v": np.ones(3),
        },
    ),
)
MOMENTUM = Layer(
    """
import numpy as np

class SGD:
    def __init__(self, lr, momentum):
        self.lr, self.momentum, self.v = lr, momentum, 1.0

    def update(self, w, dw):
        self.v = self.momentum * self.v - self.lr * dw
        w += self.v
        return w
""",
    "SGD.update",
    lambda module, rng: [(s := module["SGD"](0.1, 0.8)).update(normal(rng, 3), normal(rng, 3)), s.v],
)
EMBEDDING = Layer(
    """
import numpy as np

def embedding_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW
""",
    "embedding_backward",
    lambda module, rng: module["embedding_backward"](normal(rng, 9, 3), (rng.integers(0, 4, 9), normal(rng, 4, 3))),
)
