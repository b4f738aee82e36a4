"""Right activations and dropout as people write them."""

import numpy as np

from tests.check.source.edit_layers import Layer, calls, calls_with_cache, normal

RELU = Layer(
    """
import numpy as np

def relu_backward(dout, cache):
    x, out = cache
    dx = dout.copy()
    dx[x <= 0] = 0
    return dx
""",
    "relu_backward",
    calls_with_cache("relu_backward", (4, 5), (4, 5), (4, 5)),
)
RELU_MASK = Layer(
    """
import numpy as np

def relu_backward(dout, x):
    mask = x > 0
    dx = dout * mask
    return dx
""",
    "relu_backward",
    calls("relu_backward", (4, 5), (4, 5)),
)
LEAKY = Layer(
    """
import numpy as np

def leaky_backward(dout, x, slope):
    return np.where(x > 0, dout, slope * dout)
""",
    "leaky_backward",
    calls("leaky_backward", (4, 5), (4, 5), 0.1),
)
ELU = Layer(
    """
import numpy as np

def elu_backward(grad, x, alpha):
    return grad * np.where(x > 0, 1, alpha * np.exp(x))
""",
    "elu_backward",
    calls("elu_backward", (4, 5), (4, 5), 0.7),
)
SIGMOID = Layer(
    """
import numpy as np

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def sigmoid_prime(x):
    return sigmoid(x) * (1 - sigmoid(x))

def layer_backward(delta, z, w, a):
    d = delta * sigmoid_prime(z)
    return d, np.dot(w, d), np.dot(d, a.T)
""",
    "layer_backward",
    calls("layer_backward", (4, 1), (4, 1), (3, 4), (3, 1)),
)
ACTIVATIONS = Layer(
    """
import numpy as np

class Activations:
    def forward(self, x):
        self.x = x
        self.s = 1.0 / (1.0 + np.exp(-x))
        self.t = np.tanh(x)
        return self.s, self.t

    def backward(self, dout):
        ds = dout * self.s * (1 - self.s)
        dt = dout * (1 - self.t ** 2)
        return ds, dt
""",
    "Activations.backward",
    lambda module, rng: (
        (layer := module["Activations"]()).forward(normal(rng, 4, 5)),
        layer.backward(normal(rng, 4, 5)),
    ),
)
SOFTMAX_BACKWARD = Layer(
    """
import numpy as np

def softmax_backward(dy, y):
    common = np.sum(dy * y, axis=1, keepdims=True)
    dx = y * (dy - common)
    return dx
""",
    "softmax_backward",
    calls("softmax_backward", (4, 5), (4, 5)),
)


def calls_seeded(name, *shapes, **settings):
    def call(module, rng):
        np.random.seed(int(rng.integers(1000)))  # noqa: NPY002 - what people draw from
        return calls(name, *shapes, **settings)(module, rng)

    return call


DROPOUT = Layer(
    """
import numpy as np

def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    mask = None
    if mode == 'train':
        mask = (np.random.rand(*x.shape) < 1 - p) / (1 - p)
        out = x * mask
    elif mode == 'test':
        out = x
    cache = (dropout_param, mask)
    return out, cache
""",
    "dropout_forward",
    lambda module, rng: [
        calls_seeded("dropout_forward", (40, 5), {"p": p, "mode": mode})(module, rng)[0][0]
        for p, mode in ((0.2, "train"), (0.8, "train"), (0.3, "test"))
    ],
)
DROPOUT_BACKWARD = Layer(
    """
import numpy as np

def dropout_backward(dout, cache):
    param, mask = cache
    mode = param['mode']
    if mode == 'train':
        dx = dout * mask
    elif mode == 'test':
        dx = dout
    return dx
""",
    "dropout_backward",
    lambda module, rng: [
        module["dropout_backward"](normal(rng, 4, 5), ({"mode": mode, "p": 0.3}, normal(rng, 4, 5)))
        for mode in ("train", "test")
    ],
)
SCALED_DROPOUT = Layer(
    """
import numpy as np

class Dropout:
    def __init__(self, dropout_ratio):
        self.dropout_ratio = dropout_ratio
        self.mask = None

    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio
            return x * self.mask
        else:
            return x * (1.0 - self.dropout_ratio)

    def backward(self, dout):
        return dout * self.mask
""",
    "Dropout.forward",
    lambda module, rng: [_dropped(module, rng, train) for train in (True, False)],
)


def _dropped(module, rng, train):
    np.random.seed(3)  # noqa: NPY002
    return module["Dropout"](0.2).forward(normal(rng, 4, 5), train)
