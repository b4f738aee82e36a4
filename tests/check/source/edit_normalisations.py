"""Right normalisations as people write them."""

from tests.check.source.edit_layers import Layer, calls, calls_with_cache, normal

BATCHNORM_FORWARD = Layer(
    """
import numpy as np

def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param['mode']
    eps = bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)
    N, D = x.shape
    running_mean = bn_param['running_mean']
    running_var = bn_param['running_var']
    if mode == 'train':
        mu = np.mean(x, axis=0)
        var = np.var(x, axis=0)
        std = np.sqrt(var + eps)
        x_hat = (x - mu) / std
        out = gamma * x_hat + beta
        running_mean = momentum * running_mean + (1 - momentum) * mu
        running_var = momentum * running_var + (1 - momentum) * var
        cache = (x_hat, gamma, std)
    elif mode == 'test':
        x_hat = (x - running_mean) / np.sqrt(running_var + eps)
        out = gamma * x_hat + beta
        cache = None
    bn_param['running_mean'] = running_mean
    bn_param['running_var'] = running_var
    return out, cache
""",
    "batchnorm_forward",
    lambda module, rng: [_batchnorm(module, rng, mode) for mode in ("train", "test")],
)


def _batchnorm(module, rng, mode):
    settings = {"mode": mode, "eps": 0.01, "momentum": 0.8}
    running = {"running_mean": normal(rng, 3), "running_var": normal(rng, 3) ** 2}
    parameters = settings | running
    x, gamma, beta = normal(rng, 5, 3), normal(rng, 3), normal(rng, 3)
    out = module["batchnorm_forward"](x, gamma, beta, parameters)
    return out, parameters["running_mean"], parameters["running_var"]


BATCHNORM_BACKWARD = Layer(
    """
import numpy as np

def batchnorm_backward(dout, cache):
    x, x_hat, gamma, mu, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * x_hat, axis=0)
    dx_hat = dout * gamma
    dvar = np.sum(dx_hat * (x - mu) * -0.5 * (var + eps)**(-1.5), axis=0)
    dmu = np.sum(-dx_hat / np.sqrt(var + eps), axis=0) + dvar * np.mean(-2 * (x - mu), axis=0)
    dx = dx_hat / np.sqrt(var + eps) + dvar * 2 * (x - mu) / N + dmu / N
    return dx, dgamma, dbeta
""",
    "batchnorm_backward",
    lambda module, rng: module["batchnorm_backward"](
        normal(rng, 5, 3),
        (normal(rng, 5, 3), normal(rng, 5, 3), normal(rng, 3), normal(rng, 3), normal(rng, 3) ** 2, 0.01),
    ),
)
BATCHNORM_ALT = Layer(
    """
import numpy as np

def batchnorm_backward_alt(dout, cache):
    xhat, gamma, istd = cache
    m = dout.shape[0]
    dgamma = (dout * xhat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dxhat = dout * gamma
    dx = istd / m * (m * dxhat - dxhat.sum(axis=0) - xhat * (dxhat * xhat).sum(axis=0))
    return dx, dgamma, dbeta
""",
    "batchnorm_backward_alt",
    calls_with_cache("batchnorm_backward_alt", (5, 3), (5, 3), (3,), (3,)),
)
LAYERNORM = Layer(
    """
import numpy as np

def layernorm_backward(dy, cache):
    xn, gamma, rstd = cache
    dxn = dy * gamma
    dx = rstd * (dxn - dxn.mean(axis=1, keepdims=True) - xn * (dxn * xn).mean(axis=1, keepdims=True))
    return dx, (dy * xn).sum(axis=0), dy.sum(axis=0)
""",
    "layernorm_backward",
    calls_with_cache("layernorm_backward", (4, 5), (4, 5), (5,), (4, 1)),
)
SPATIAL = Layer(
    """
import numpy as np

def spatial_forward(x, gamma):
    N, C, H, W = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out = flat * gamma
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2)
""",
    "spatial_forward",
    calls("spatial_forward", (2, 3, 4, 5), (3,)),
)
