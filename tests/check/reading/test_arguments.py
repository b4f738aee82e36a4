"""What the arguments of a person's functions and constructors are given."""

from tests.check.reading.outcomes import is_right, told

CELL = """
import numpy as np

class RNNCell:
    def __init__(self, input_size, hidden_size):
        self.W_ih = np.random.randn(hidden_size, input_size)
        self.W_hh = np.random.randn(hidden_size, hidden_size)

    def forward(self, x, h_prev_t):
        return np.tanh(x @ self.W_ih.T + h_prev_t @ self.W_hh.T)

    def backward(self, delta, h_t, h_prev_l, h_prev_t):
        dz = delta * (1 - h_t ** 2)
        self.dW_ih, self.dW_hh = dz.T @ h_prev_l, dz.T @ h_prev_t
        return dz @ self.W_ih, dz @ self.W_hh
"""
INITIALISED = """
import numpy as np

class Linear:
    def __init__(self, input_size, output_size, weight_init_fn):
        self.w = weight_init_fn((output_size, input_size))

    def forward(self, x):
        self.x = x
        return x @ self.w.T

    def backward(self, dz):
        self.dw = dz.T @ self.x
        return dz @ self.w
"""
NAMED_ACTIVATION = """
import numpy as np

class Layer:
    def __init__(self, n_in, n_out, activation: str):
        if activation not in ("linear", "relu"):
            raise NotImplementedError(activation)
        self.activation = activation
        self.w = np.random.randn(n_in, n_out)

    def forward(self, x):
        self.x, self.z = x, x @ self.w
        return self.z if self.activation == "linear" else np.maximum(self.z, 0)

    def backward(self, dy):
        dz = dy if self.activation == "linear" else dy * (self.z > 0)
        self.dw = self.x.T @ dz
        return dz @ self.w.T
"""
TENSORS_ONLY = """
class ReLU:
    def forward(self, *inpt):
        self.out = inpt[0].clone().relu()
        return self.out

    def backward(self, *gradwrtoutput):
        slope = self.out.clone()
        slope[slope > 0] = 1
        return slope * gradwrtoutput[0]
"""


def test_a_cell_is_given_back_its_output_and_then_its_input(read_text):
    found = read_text(CELL)["RNNCell"]
    assert told(found) == "its own"
    assert is_right(found)


def test_a_function_that_draws_weights_takes_a_shape(read_text):
    found = read_text(INITIALISED)["Linear"]
    assert told(found) == "linear"
    assert is_right(found)


def test_an_argument_that_says_it_is_a_word_is_given_one(read_text):
    found = read_text(NAMED_ACTIVATION)["Layer"]
    assert told(found) == "linear"
    assert is_right(found)


def test_methods_that_only_tensors_of_pytorch_have_are_given_such(read_text):
    found = read_text(TENSORS_ONLY)["ReLU"]
    assert told(found) == "relu"
    assert is_right(found)


def test_a_unit_whose_gradients_lie_nowhere_is_not_read(read_text):
    text = "import numpy as np\nclass Tanh:\n    def forward(self, x):\n        return np.tanh(x)\n"
    text += "    def backward(self, dy):\n        hidden = dy * dy\n"
    assert told(read_text(text)["Tanh"]) == "unread: its gradients were not found"
