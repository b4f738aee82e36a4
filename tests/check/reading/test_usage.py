"""What code does with its arguments decides in which form it is given them."""

from backhand.check.reading.usage import usages
from tests.check.reading.outcomes import is_right, told
from tests.check.source.programs import value

USES = """
def make(name):
    if name.lower() == "relu":
        return max
    if name in ("tanh", "sigmoid"):
        return min
    raise ValueError(name)

class Layer:
    def __init__(self, sizes, options, act, init, shape, either):
        self.sizes, self.options = sizes, options
        self.function = make(act)
        self.w = init((3, 4))
        self.build(shape)
        self.either = (either, either) if isinstance(either, int) else (either[0], either[1])
        if options["mode"] == "same":
            self.rate = options["rate"]

    def build(self, shape):
        rows, columns = shape

    def forward(self, x):
        for size in self.sizes:
            x = x * size
        return self.options["scale"] * x
"""
CONFIGURED = """
import numpy as np

class Activation:
    def __init__(self, kind):
        if kind not in ["sigmoid", "ReLU"]:
            raise NotImplementedError(kind)
        self.kind = kind

    def forward(self, a):
        self.y = 1 / (1 + np.exp(-a)) if self.kind == "sigmoid" else np.maximum(a, 0)
        return self.y

    def backward(self, delta):
        return delta * (self.y * (1 - self.y) if self.kind == "sigmoid" else self.y > 0)

class Dense:
    def __init__(self, input_shape, config):
        self.w = np.random.randn(input_shape[0], 3)
        self.early = config["early_stop"]
        self.activation = Activation(config["activation"])

    def forward(self, x):
        self.x = x
        return self.activation.forward(x @ self.w)

    def backward(self, dy):
        dz = self.activation.backward(dy)
        self.dw = self.x.T @ dz
        return dz @ self.w.T
"""


def test_words_keys_sizes_and_calls_are_found_wherever_an_argument_goes(load_text):
    found = usages(value(load_text(USES), "Layer"))
    assert found["act"].words == ["relu", "tanh", "sigmoid"]
    assert found["options"].keys == {"mode": ["same"], "rate": [], "scale": []}
    assert [name for name, usage in found.items() if usage.is_sized] == ["sizes", "shape"]
    assert [name for name, usage in found.items() if usage.is_called] == ["init"]


def test_a_dictionary_of_settings_holds_words_that_the_code_knows(read_text):
    found = read_text(CONFIGURED)
    assert told(found["Dense"]) == "linear"
    assert is_right(found["Dense"])


def test_a_mode_stays_as_it_is_though_the_code_knows_another_one_only(read_text):
    text = "import numpy as np\ndef dropout_forward(x, param):\n    mask = None\n    if param['mode'] == 'train':\n"
    text += "        mask = (np.random.rand(*x.shape) > param['p']) / (1 - param['p'])\n        x = x * mask\n"
    text += (
        "    return x, mask\ndef dropout_backward(dout, cache):\n    return dout if cache is None else dout * cache\n"
    )
    found = read_text(text)["dropout"]
    test = next(config for config in found.kind.configs() if config.get("train") is False)
    passage = found.specimen_for(test).forward()
    assert (passage.y == found.specimen_for(test).arrays["x"]).all()
