"""Update rules as classes: update(w, d_w, learning_rate) returns the next w."""

import numpy as np


class MomentumSGD:
    """velocity = momentum velocity - learning_rate d_w, then w + velocity."""

    def __init__(self, momentum=0.9):
        self.momentum = momentum
        self.velocity = 0

    def update(self, w, d_w, learning_rate):
        self.velocity = self.momentum * self.velocity - learning_rate * d_w
        return w + self.velocity


class Adam:
    """Adam; t counts the steps from 1."""

    def __init__(self, beta1=0.9, beta2=0.999, eps=1e-8):
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = self.v = 0
        self.t = 0

    def update(self, w, d_w, learning_rate):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * d_w
        self.v = self.beta2 * self.v + (1 - self.beta2) * d_w**2
        m = self.m / (1 - self.beta1**self.t)
        v = self.v / (1 - self.beta2**self.t)
        return w - learning_rate * m / (np.sqrt(v) + self.eps)
