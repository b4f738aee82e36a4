"""Update rules as functions: NAME(w, dw, config) returns the next w and the config."""

import numpy as np


def sgd_momentum(w, dw, config=None):
    """v = momentum v - lr dw, then w + v."""
    config = {} if config is None else config
    lr = config.setdefault("learning_rate", 1e-2)
    momentum = config.setdefault("momentum", 0.9)
    v = config.get("velocity", np.zeros_like(w))
    v = momentum * v - lr * dw
    next_w = w + v
    config["velocity"] = v
    return next_w, config


def adam(w, dw, config=None):
    """Adam; t counts the steps from 1."""
    config = {} if config is None else config
    lr = config.setdefault("learning_rate", 1e-3)
    beta1 = config.setdefault("beta1", 0.9)
    beta2 = config.setdefault("beta2", 0.999)
    eps = config.setdefault("epsilon", 1e-8)
    m = config.setdefault("m", np.zeros_like(w))
    v = config.setdefault("v", np.zeros_like(w))
    config.setdefault("t", 0)
    config["t"] += 1
    t = config["t"]
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    next_w = w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    config["m"], config["v"] = m, v
    return next_w, config
