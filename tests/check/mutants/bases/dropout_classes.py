"""Dropout that scales its test pass, as a class with a mode."""

import numpy as np


class Dropout:
    """Set each value to 0 with probability `rate` in training; scale all by 1 - rate in tests."""

    def __init__(self, rate=0.5):
        self.rate = rate
        self.training = True
        self.mask = None

    def train(self):
        """Turn training on."""
        self.training = True

    def eval(self):
        """Turn training off."""
        self.training = False

    def forward(self, x):
        """Return x times a mask, or in tests times the share that is kept."""
        if not self.training:
            self.mask = 1 - self.rate
            return x * (1 - self.rate)
        self.mask = np.random.uniform(size=x.shape) > self.rate
        return x * self.mask

    def backward(self, grad):
        """Return the gradient of x."""
        return grad * self.mask
