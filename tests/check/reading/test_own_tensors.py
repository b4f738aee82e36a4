"""Layers that take tensors of the file's own: a class with the array as `data` and the gradient as `grad`."""

from tests.check.reading.outcomes import is_right, told

TENSOR = """
import numpy as np

class Tensor:
    def __init__(self, data, parents=(), send=None):
        self.data, self.parents, self.send = np.array(data, float), parents, send
        self.grad = None

    def __add__(self, other):
        return Tensor(self.data + other.data, (self, other), lambda dy: (dy, dy))

    def __mul__(self, other):
        return Tensor(self.data * other.data, (self, other), lambda dy: (dy * other.data, dy * self.data))

    def take(self, grad):
        self.grad = grad if self.grad is None else self.grad + grad
        if self.send is not None:
            for parent, gradient in zip(self.parents, self.send(grad)):
                parent.take(gradient)
"""
BACKWARD = """
    def backward(self, grad):
        self.take(grad)
"""
BACKWARD_FROM_ONES = """
    def backward(self):
        self.take(np.ones_like(self.data))
"""
LAYERS = """
class Module:
    def backward(self, *gradients):
        raise NotImplementedError

class Tanh(Module):
    def forward(self, x):
        y = np.tanh(x.data)
        return Tensor(y, (x,), lambda dy: (dy * (1 - y * y),))

class Linear(Module):
    def __init__(self, n_in, n_out):
        self.weight = Tensor(np.random.randn(n_in, n_out))
        self.bias = Tensor(np.zeros(n_out))

    def forward(self, x):
        y = x.data @ self.weight.data + self.bias.data
        return Tensor(y, (x, self.weight, self.bias),
                      lambda dy: (dy @ self.weight.data.T, x.data.T @ dy, dy.sum(0)))
"""
FUNCTION = """
class Sigmoid:
    @staticmethod
    def forward(ctx, a):
        if not isinstance(a, Tensor):
            raise TypeError("a tensor is needed")
        y = 1 / (1 + np.exp(-a.data))
        ctx.save_for_backward(y)
        return Tensor(y)

    @staticmethod
    def backward(ctx, grad_output):
        y, = ctx.saved_tensors
        return Tensor(grad_output.data * y * (1 - y))
"""


def test_the_tensor_that_forward_returns_goes_back(read_text):
    found = read_text(TENSOR + BACKWARD + LAYERS)
    assert {name: told(each) for name, each in found.items()} == {"Tanh": "tanh", "Linear": "linear"}
    assert is_right(found["Tanh"])
    assert is_right(found["Linear"])


def test_a_tensor_that_begins_with_ones_is_multiplied_with_the_upstream_gradient(read_text):
    found = read_text(TENSOR + BACKWARD_FROM_ONES + LAYERS)
    assert is_right(found["Linear"])


def test_a_wrong_gradient_of_a_tensor_is_seen(read_text):
    found = read_text(TENSOR + BACKWARD + LAYERS.replace("1 - y * y", "1 - y"))
    assert told(found["Tanh"]) == "tanh"
    assert not is_right(found["Tanh"])


def test_static_passes_are_handed_tensors(read_text):
    found = read_text(TENSOR + BACKWARD + FUNCTION)
    assert told(found["Sigmoid"]) == "sigmoid"
    assert is_right(found["Sigmoid"])


def test_the_tensor_may_lie_in_a_module_that_the_file_imports(read_text):
    found = read_text(
        "import engine\nfrom engine import np\n" + LAYERS.replace("Tensor(", "engine.Tensor("),
        {"engine.py": TENSOR + BACKWARD},
    )
    assert is_right(found["Linear"])


def test_layers_without_tensors_need_a_backward_pass(read_text):
    assert read_text("import numpy as np\nclass Tanh:\n    def forward(self, x):\n        return np.tanh(x)\n") == {}
