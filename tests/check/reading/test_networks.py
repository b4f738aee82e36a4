"""Whole networks: with sizes of their own, on images, and without gradients in their loss."""

from tests.check.reading.outcomes import is_right, told

LAYER = """
import numpy as np

class Linear:
    def __init__(self, n_in, n_out):
        self.W, self.b = np.random.randn(n_in, n_out), np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T
"""
FIXED = """
class MLP:
    def __init__(self):
        self.layers = [Linear(2, 5), Linear(5, 3)]

    def forward(self, A0):
        for layer in self.layers:
            A0 = layer.forward(A0)
        return A0

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy
"""
SIZES_LEFT_OUT = """
class Model:
    def __init__(self, size_list=None, act_func=None, lambda_list=None):
        self.size_list, self.act_func = size_list, act_func
        if size_list is not None:
            self.layers = [Linear(size_list[i], size_list[i + 1]) for i in range(len(size_list) - 1)]
            self.strengths = [lambda_list[i] for i in range(len(self.layers))] if lambda_list is not None else None

    def forward(self, X):
        assert self.size_list is not None
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, loss_grad):
        for layer in reversed(self.layers):
            loss_grad = layer.backward(loss_grad)
        return loss_grad
"""
IMAGES = """
class ConvNet:
    def __init__(self, input_dims=(3, 32, 32), num_filters=[8, 8], max_pools=[0, 1], num_classes=10):
        channels, height, width = input_dims
        self.pooled = 0 in max_pools
        size = (height // 2) * (width // 2) if self.pooled else height * width
        self.params = {"W": np.random.randn(size * channels, len(num_filters)),
                       "V": np.random.randn(len(num_filters), num_classes)}

    def loss(self, X, y=None):
        N, C, H, W = X.shape
        small = X.reshape(N, C, H // 2, 2, W // 2, 2).mean((3, 5)) if self.pooled else X
        flat = small.reshape(N, -1)
        hidden = flat @ self.params["W"]
        scores = hidden @ self.params["V"]
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        loss = -np.log(p[np.arange(N), y]).mean()
        p[np.arange(N), y] -= 1
        p /= N
        return loss, {"W": flat.T @ (p @ self.params["V"].T), "V": hidden.T @ p}
"""
LOSS_ALONE = """
class Network:
    def __init__(self, n_in, n_out):
        self.layer = Linear(n_in, n_out)

    def forward(self, x, targets=None):
        self.y, self.targets = self.layer.forward(x), targets
        return self.y if targets is None else (self.y, self.loss(self.y, targets))

    def loss(self, logits, targets):
        return 0.5 * ((logits - targets) ** 2).sum()

    def backward(self):
        self.layer.backward(self.y - self.targets)
"""


def test_a_network_with_sizes_of_its_own_is_given_as_many_inputs(read_text):
    found = read_text(LAYER + FIXED)["MLP"]
    assert told(found) == "its own"
    assert is_right(found)


def test_sizes_that_may_be_left_out_are_given(read_text):
    found = read_text(LAYER + SIZES_LEFT_OUT)["Model"]
    assert is_right(found)


def test_a_network_on_images_is_given_images(read_text):
    found = read_text("import numpy as np\n" + IMAGES)["ConvNet"]
    assert is_right_but_for_x(found)


def test_a_loss_without_gradients_is_no_reason_to_pass_over_the_passes(read_text):
    found = read_text(LAYER + LOSS_ALONE)["Network"]
    assert found.unit.form == "class"
    assert is_right_but_for_x(found)


def test_the_y_of_a_loss_with_a_t_is_its_output(read_text):
    text = "import numpy as np\nclass MSECost:\n    def cost(self, y, t, **kwargs):\n"
    text += "        return np.mean(0.5 * np.sum((y - t) ** 2, axis=1))\n"
    text += "    def grad(self, y, t, **kwargs):\n        return (y - t) / len(y)\n"
    found = read_text(text)["MSECost"]
    assert told(found) == "mean_squared_error"
    assert is_right(found)


def is_right_but_for_x(found):
    """Whether the gradient of every parameter was found and is right, though that of the samples was not."""
    from backhand.check.verdicts.trial import run_trial

    trial = run_trial(found, found.kind.configs()[0])
    parameters = [name for name, role in trial.specimen.roles.items() if role != "x"]
    return trial.passed and bool(parameters) and all(trial.gradients.values[name] is not None for name in parameters)
