"""A rectifier with one slope that is learnt, as a class."""

import numpy as np


class PReLU:
    """x where it is positive, else alpha x."""

    def __init__(self, init=0.25):
        self.alpha = np.array([init])
        self.dalpha = np.zeros(1)

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, dout):
        self.dalpha = np.array([np.sum(dout * np.minimum(self.x, 0))])
        return np.where(self.x > 0, dout, self.alpha * dout)
