"""Normalisation in unusual forms, all right."""

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    """By sums of squares, E[x²] - E[x]²; the gradient in the short form with factors N."""
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    D = x.shape[1]
    running_mean = bn_param.setdefault("running_mean", np.zeros(D))
    running_var = bn_param.setdefault("running_var", np.zeros(D))
    if bn_param["mode"] == "test":
        deviation = np.sqrt(running_var + eps)
        scale = gamma / deviation
        return x * scale + (beta - running_mean * scale), ("test", scale, (x - running_mean) / deviation)
    mean = x.sum(axis=0) / len(x)
    var = (x * x).sum(axis=0) / len(x) - mean**2
    inv = (var + eps) ** -0.5
    x_hat = (x - mean) * inv
    running_mean *= momentum
    running_mean += (1 - momentum) * mean
    running_var *= momentum
    running_var += (1 - momentum) * var
    return gamma * x_hat + beta, ("train", gamma * inv, x_hat)


def batchnorm_backward(dout, cache):
    mode, scale, x_hat = cache
    dbeta, dgamma = dout.sum(axis=0), np.einsum("nd,nd->d", dout, x_hat)
    if mode == "test":
        return dout * scale, dgamma, dbeta
    N = len(dout)
    return scale / N * (N * dout - dbeta - x_hat * dgamma), dgamma, dbeta


def layernorm_forward(x, gamma, beta, ln_param):
    """On the transposed input, as batch normalisation."""
    eps = ln_param.get("eps", 1e-5)
    xT = x.T
    mu = xT.mean(axis=0)
    sigma = np.sqrt(xT.var(axis=0) + eps)
    z = (xT - mu) / sigma
    return (z * gamma[:, None] + beta[:, None]).T, (z, gamma, sigma)


def layernorm_backward(dout, cache):
    z, gamma, sigma = cache
    D = z.shape[0]
    g = dout.T
    dbeta, dgamma = g.sum(axis=1), (g * z).sum(axis=1)
    dz = g * gamma[:, None]
    dx = (D * dz - dz.sum(axis=0) - z * (dz * z).sum(axis=0)) / (D * sigma)
    return dx.T, dgamma, dbeta


class BatchNorm:
    """Step by step, with the names of the chain rule."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.gamma = np.ones(num_features)
        self.beta = np.zeros(num_features)
        self.eps = eps
        self.momentum = momentum
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)
        self.training = True

    def forward(self, x):
        if self.training:
            self.mu, self.var = x.mean(axis=0), x.var(axis=0)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * self.mu
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * self.var
        else:
            self.mu, self.var = self.running_mean, self.running_var
        self.x = x
        self.xhat = (x - self.mu) / np.sqrt(self.var + self.eps)
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma = (dy * self.xhat).sum(axis=0)
        self.dbeta = dy.sum(axis=0)
        dxhat = dy * self.gamma
        if not self.training:
            return dxhat / np.sqrt(self.var + self.eps)
        m = len(dy)
        centred = self.x - self.mu
        dvar = (dxhat * centred).sum(axis=0) * -0.5 * (self.var + self.eps) ** -1.5
        dmu = (-dxhat / np.sqrt(self.var + self.eps)).sum(axis=0) + dvar * (-2 * centred).sum(axis=0) / m
        return dxhat / np.sqrt(self.var + self.eps) + dvar * 2 * centred / m + dmu / m


class BatchNorm2d:
    """Statistics over images without any transposition."""

    def __init__(self, channels, eps=1e-5):
        self.eps = eps
        self.gamma = np.random.rand(1, channels, 1, 1)
        self.beta = np.random.rand(1, channels, 1, 1)

    def forward(self, x):
        axes = (0, 2, 3)
        self.std = np.sqrt(x.var(axis=axes, keepdims=True) + self.eps)
        self.z = (x - x.mean(axis=axes, keepdims=True)) / self.std
        return self.gamma * self.z + self.beta

    def backward(self, dout):
        axes = (0, 2, 3)
        self.dgamma = (dout * self.z).sum(axis=axes, keepdims=True)
        self.dbeta = dout.sum(axis=axes, keepdims=True)
        d = dout - dout.mean(axis=axes, keepdims=True) - self.z * (dout * self.z).mean(axis=axes, keepdims=True)
        return self.gamma * d / self.std
