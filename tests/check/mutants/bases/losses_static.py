"""The binary cross-entropy as a class of static methods."""

import numpy as np


class CrossEntropyCost:
    """- y log a - (1 - y) log(1 - a), summed."""

    @staticmethod
    def f(a, y):
        return -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))

    @staticmethod
    def derivative(a, y):
        return -(y / a - (1 - y) / (1 - a))
