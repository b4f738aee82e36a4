"""The rectifier: backward returns nothing, and leaves dx in an attribute."""

import numpy as np

# ---- relu ----


class ReLU:
    """Rectifier: max(0, x), element by element; its slope at 0 is taken as 0."""

    def __init__(self):
        self.cache = None
        self.dx = None

    def forward(self, x):
        """Take inputs of any shape and return outputs of the same shape."""
        out = np.maximum(x, 0)
        self.cache = x
        return out

    def backward(self, dout):
        """Take the upstream gradient, and set dx in the shape of x."""
        x = self.cache
        self.dx = dout * (x > 0)
