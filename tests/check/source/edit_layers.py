"""Right layers as people write them, each a source text, a function of it, and the arguments to call it with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Layer:
    """A source text; the dotted name of the function in it that goes wrong; and a call that shows all it computes."""

    source: str
    function: str
    call: Callable


class Mistake(NamedTuple):
    """A text of a layer, which occurs in it, what a person wrote in its place, and the operator that mends it."""

    layer: Layer
    right: str
    wrong: str
    operator: str


def normal(rng, *shape):
    return rng.standard_normal(shape)


def calls(name, *shapes, **settings):
    """Calls a function of the module with arrays of these shapes; what is not a shape is handed over as it is."""

    def call(module, rng):
        arguments = [normal(rng, *shape) if isinstance(shape, tuple) else shape for shape in shapes]
        return module[name](*arguments, **settings), arguments

    return call


def calls_with_cache(name, dout, *cache):
    """Calls backward(dout, cache); the cache holds arrays of these shapes, and what is not a shape as it is."""

    def call(module, rng):
        upstream = normal(rng, *dout)
        cached = tuple(normal(rng, *shape) if isinstance(shape, tuple) else shape for shape in cache)
        return module[name](upstream, cached), upstream, cached

    return call


AFFINE = Layer(
    """
import numpy as np

def affine_backward(dout, cache):
    x, w, b = cache
    N = x.shape[0]
    dx = np.dot(dout, w.T).reshape(x.shape)
    dw = np.dot(x.reshape(N, -1).T, dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db
""",
    "affine_backward",
    calls_with_cache("affine_backward", (4, 3), (4, 2, 3), (6, 3), (3,)),
)
AFFINE_FORWARD = Layer(
    """
import numpy as np

def affine_forward(x, w, b):
    out = None
    N = x.shape[0]
    out = x.reshape(N, -1) @ w + b
    cache = (x, w, b)
    return out, cache
""",
    "affine_forward",
    calls("affine_forward", (4, 2, 3), (6, 3), (3,)),
)
MEANS = Layer(
    """
import numpy as np

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]

    dW = 1. / m * np.dot(dZ, A_prev.T)
    db = 1. / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db
""",
    "linear_backward",
    calls_with_cache("linear_backward", (3, 5), (4, 5), (3, 4), (3, 1)),
)


def runs_class(*, x, dout, keeps=("dW", "db")):
    def call(module, rng):
        layer = module["Linear"](x[-1], dout[-1], rng)
        inputs, upstream = normal(rng, *x), normal(rng, *dout)
        out = layer.forward(inputs)
        layer.backward(normal(rng, *dout))
        dx = layer.backward(upstream)
        return out, dx, [getattr(layer, name) for name in keeps], layer.W, inputs, upstream

    return call


LINEAR = Layer(
    """
import numpy as np

class Linear:
    def __init__(self, I, O, rng):
        self.W = rng.standard_normal((I, O))
        self.b = rng.standard_normal(O)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        self.out = np.dot(x, self.W) + self.b
        return self.out

    def backward(self, grad_output):
        self.dW = self.x.T.dot(grad_output)
        self.db = grad_output.sum(0)
        return grad_output.dot(self.W.T)
""",
    "Linear.backward",
    runs_class(x=(5, 4), dout=(5, 3)),
)
