"""The first values of weights."""

import numpy as np


def initialize_weights(shape, mode="xavier_uniform"):
    """Draw weights of this shape, whose last two axes are inputs and outputs.

    mode: "xavier_uniform" or "xavier_normal", by Glorot and Bengio 2010. A window in front counts for both.
    """
    window = int(np.prod(shape[:-2]))
    fan_in, fan_out = window * shape[-2], window * shape[-1]
    if mode == "xavier_normal":
        return np.sqrt(2 / (fan_in + fan_out)) * np.random.randn(*shape)
    limit = np.sqrt(6 / (fan_in + fan_out))
    return np.random.uniform(-limit, limit, shape)
