"""Gradients of a class's score with respect to the sample: saliency, SmoothGrad and integrated gradients."""

from contextlib import suppress

import numpy as np

from backhand.arrays import Array, Labels
from backhand.attribution.scores import Classes, chunks, class_labels, upstream
from backhand.errors import ModelError
from backhand.model.sequential import Sequential


def input_gradient(model: Sequential, x: Array, classes: Classes = None) -> Array:
    """The gradient of each sample's class score with respect to the sample, dx = ∂z_class/∂x, (N, *sample_shape).

    z are the scores before softmax or sigmoid. The model runs at inference; only a copy of it is used.

    x: samples (N, *sample_shape) as the model takes them, that is standardised.
    classes: (N,) or one for all; None: for each sample the class with the highest score. A model with a single output z
    has the scores z for class 1, which is the default, and -z for class 0.
    Raises ModelError for other samples, for classes that the model has no score for, and before `build`.
    """
    twin = model.copy()
    return _gradient(twin, x, class_labels(twin, x, classes))


def saliency(model: Sequential, x: Array, classes: Classes = None) -> Array:
    """How much each pixel or feature can change a class's score: the absolute value of its gradient.

        s[n, p, q] = max_c |∂z_class/∂x[n, p, q, c]|        images (N, H, W, C) -> (N, H, W)
        s[n, f] = |∂z_class/∂x[n, f]|                       features (N, F) -> (N, F)

    x, classes: as in `input_gradient`, whose errors are raised, too.
    Source: Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034. Explanation: docs/guides/interpret.md
    """
    size = np.abs(input_gradient(model, x, classes))
    return size.max(axis=-1) if size.ndim == 4 else size


def smooth_grad(
    model: Sequential, x: Array, classes: Classes = None, *, samples: int = 32, noise: float = 0.15, seed: int = 0
) -> Array:
    """SmoothGrad: the mean of the gradient over noisy copies of each sample, (N, *sample_shape), with its sign.

        g = 1/M Σ_m ∂z_class(x + ε_m)/∂x        ε_m ~ N(0, σ²)        σ = noise (max x - min x), for each sample

    samples: M, 1 or more.
    noise: σ as a share of the sample's range, 0 or above.
    seed: of the noise. The classes are those of the samples without it.
    Raises ModelError as `input_gradient` does, and for another number of copies or noise.
    Source: Smilkov et al. 2017, arXiv:1706.03825.
    """
    if samples < 1 or not noise >= 0:
        raise ModelError(f"SmoothGrad needs 1 copy or more and a noise of 0 or above, not {samples} and {noise}")
    twin = model.copy()
    labels = class_labels(twin, x, classes)
    x = np.asarray(x, model.parameters.values.dtype)
    rng, axes = np.random.default_rng(seed), tuple(range(1, x.ndim))
    deviation = noise * (x.max(axes, keepdims=True) - x.min(axes, keepdims=True))
    total = np.zeros_like(x)
    for _ in range(samples):
        noisy = x + deviation * rng.standard_normal(x.shape, dtype=np.float64).astype(x.dtype)
        total += _gradient(twin, noisy, labels)
    return total / samples


def integrated_gradients(
    model: Sequential, x: Array, classes: Classes = None, *, baseline: Array | float = 0.0, steps: int = 64
) -> Array:
    """Integrated gradients: what each value adds to the score on the way from a baseline to the sample.

        a = (x - b) ∫₀¹ ∂z_class(b + t (x - b))/∂x dt        (N, *sample_shape)

    They are complete: the sum over a sample is z_class(x) - z_class(b), up to the error of the integral, which is taken
    by the midpoint rule.

    x, classes: as in `input_gradient`.
    baseline: b, broadcast against x; after standardisation 0 is the mean of the training samples.
    steps: points on the way, 1 or more; more of them make the sum more exact.
    Raises ModelError as `input_gradient` does, for a number of steps below 1, and a baseline that does not fit x.
    Source: Sundararajan, Taly and Yan 2017, arXiv:1703.01365.
    """
    if steps < 1:
        raise ModelError(f"integrated gradients need 1 step or more, not {steps}")
    twin = model.copy()
    labels = class_labels(twin, x, classes)
    x = np.asarray(x, model.parameters.values.dtype)
    way = x - _like(x, baseline)
    start, total = x - way, np.zeros_like(x)
    for t in (np.arange(steps) + 0.5) / steps:
        total += _gradient(twin, start + x.dtype.type(t) * way, labels)
    return way * (total / steps)


def _like(x: Array, baseline: Array | float) -> Array:
    """The baseline in the shape and dtype of x. Raises ModelError where it is none."""
    with suppress(ValueError, TypeError):
        like = np.broadcast_to(np.asarray(baseline, x.dtype), x.shape)
        if np.isfinite(like).all():
            return like
    raise ModelError(
        f"the baseline must be a finite number, one sample of shape {x.shape[1:]}, or {len(x)} of them, as x has"
    )


def _gradient(twin: Sequential, x: Array, labels: Labels) -> Array:
    """The gradient of the classes' scores, by a backward pass of a model that may be changed by it."""
    gradients = np.zeros(x.shape, twin.parameters.values.dtype)
    for chunk in chunks(twin, len(x)):
        dx = twin.backward(upstream(twin.forward(x[chunk]), labels[chunk]), need_dx=True)
        gradients[chunk] = dx
        twin.release()
    return gradients
