"""JAX: the whole step, including the update, as one compiled function whose buffers are donated."""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp

from backhand.bench.inputs import Inputs, Step
from backhand.bench.workloads import LR, MOMENTUM
from backhand.layers import (
    BatchNorm,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Residual,
)

Weights = dict[str, list[jax.Array]]


def forward(
    layers: Sequence[Layer], weights: Weights, x: jax.Array, key: jax.Array, kind: jnp.dtype, prefix: str = ""
) -> jax.Array:
    """kind: the type of the factors of all products."""
    for i, layer in enumerate(layers):
        name = f"{prefix}{i}"
        if isinstance(layer, Residual):
            body = forward(layer.body, weights, x, key, kind, f"{name}.body.")
            x = body + forward(layer.shortcut, weights, x, key, kind, f"{name}.shortcut.")
        else:
            x = apply(layer, weights.get(name, []), x, jax.random.fold_in(key, i), kind)
    return x


def apply(layer: Layer, own: list[jax.Array], x: jax.Array, key: jax.Array, kind: jnp.dtype) -> jax.Array:
    match layer:
        case Conv2d():
            strides, padding = (layer.stride,) * 2, [(layer.padding,) * 2] * 2
            names = ("NHWC", "HWIO", "NHWC")
            factors = x.astype(kind), own[0].astype(kind)
            y = jax.lax.conv_general_dilated(*factors, strides, padding, dimension_numbers=names).astype(x.dtype)
            return y + own[1] if layer.bias else y
        case Linear():
            return (x.astype(kind) @ own[0].astype(kind)).astype(x.dtype) + own[1]
        case BatchNorm():
            axes = tuple(range(x.ndim - 1))
            return (x - x.mean(axes)) * jax.lax.rsqrt(x.var(axes) + layer.eps) * own[0] + own[1]
        case MaxPool2d():
            # Three times as fast as reduce_window. Equal maxima, which are zeros of a ReLU, share the gradient.
            N, H, W, C = x.shape
            return x.reshape(N, H // layer.window, layer.window, W // layer.window, layer.window, C).max((2, 4))
        case ReLU():
            return jax.nn.relu(x)
        case Dropout():
            keep = 1 - layer.p
            return jnp.where(jax.random.bernoulli(key, keep, x.shape), x / keep, 0) if layer.p else x
        case Flatten():
            return x.reshape(len(x), -1)
        case GlobalAvgPool2d():
            return x.mean((1, 2))
    raise ValueError(f"no workload had a {layer} when this was written")


def make_step(inputs: Inputs, kind: jnp.dtype = jnp.float32) -> Step:
    layers = inputs.workload.model(comparable=inputs.comparable).layers
    x, labels = jnp.asarray(inputs.x), jnp.asarray(inputs.labels)
    seed = jax.random.key(0, impl="rbg")  # the faster of the two generators

    def loss(weights: Weights, x: jax.Array, labels: jax.Array, key: jax.Array) -> jax.Array:
        logs = jax.nn.log_softmax(forward(layers, weights, x, key, kind))
        return -jnp.take_along_axis(logs, labels[:, None], 1).mean()

    @partial(jax.jit, donate_argnums=(0, 1))
    def update(weights: Weights, velocity: Weights, x, labels, count):
        value, gradient = jax.value_and_grad(loss)(weights, x, labels, jax.random.fold_in(seed, count))
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocity, gradient)
        return jax.tree.map(lambda w, v: w - LR * v, weights, velocity), velocity, value

    weights = jax.tree.map(jnp.array, inputs.by_layer())
    state = [weights, jax.tree.map(jnp.zeros_like, weights)]
    steps = iter(range(2**31))

    def step() -> float:
        *state[:], value = jax.block_until_ready(update(*state, x, labels, next(steps)))
        return float(value)

    return step
