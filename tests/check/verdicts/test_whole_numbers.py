"""Forward passes that cut their result to whole numbers."""

LEAKY = """
import numpy as np

class LeakyReLU:
    def forward(self, x):
        self.x = x
        out = {made}
        out[...] = np.where(x > 0, x, 0.1 * x)
        return out

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1.0, 0.1)
"""


def test_an_array_that_takes_the_type_of_the_input_is_told_with_its_line(reviewed):
    (finding,) = reviewed(LEAKY.format(made="np.zeros_like(x)")).findings
    assert (finding.severity, finding.cause) == ("warning", "whole numbers")
    assert finding.place.line == 7


def test_nothing_is_said_where_the_array_holds_floats(reviewed):
    assert list(reviewed(LEAKY.format(made="np.zeros(x.shape)")).findings) == []
    assert list(reviewed(LEAKY.format(made="np.zeros_like(x, dtype=float)")).findings) == []
