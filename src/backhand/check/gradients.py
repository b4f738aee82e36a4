"""Gradient checks of ops, layers and models: is `backward` the vector-Jacobian product of what `forward` computed?

Every check runs in float64, draws a random upstream dy (with dy of ones, a softmax backward of zeros passes), and
compares dx *and* every parameter's gradient, coordinate by coordinate, with differences of forward passes:

    error = |analytic - numerical| / max(|analytic|, |numerical|, largest / 100, rounding / limit)

`largest` is the array's largest gradient. `rounding` is the smallest difference that float64 resolves; it matters only
where terms cancel and the true gradient is 0, such as that of a bias before batch normalisation. Coordinates at kinks
are skipped and counted; an array of which none could be compared fails. Nothing may be changed in place, two
forward passes must agree, and so must two backward passes. Where the numbers show why a gradient is wrong, the failure
says so (`backhand.check.diagnosis`).
"""

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from backhand.arrays import Array, Labels, Shape
from backhand.check.evidence import Subject
from backhand.check.examination import SAMPLES, examine
from backhand.check.results import Result, Results, merge
from backhand.layers import Layer
from backhand.model.sequential import Sequential
from backhand.training.losses import Loss
from backhand.training.penalty import L2

LIMIT = 1e-7
TRIALS = 2  # the upstream gradients that are drawn
STREAM = 1  # of the seed, for dy, which must not resemble arrays that the caller draws from the same seed


def check_op(
    forward: Callable[..., tuple[Any, Any]],
    backward: Callable[[Any, Any], tuple[Array | None, ...]],
    arrays: Mapping[str, Array],
    options: Mapping[str, Any] | None = None,
    *,
    limit: float = LIMIT,
    seed: int = 0,
) -> Result:
    """Check `forward(*arrays, **options) -> (y, cache)` against `backward(dy, cache) -> one gradient per array`.

    arrays: what is differentiated, by name and in the order of forward's arguments, in any float dtype.
    options: labels, masks and settings, which forward is given by name and which are not differentiated.
    limit: the largest relative error that passes.
    seed: of dy, which is drawn in the shape of y; where y is a scalar, dy is one too.
    Returns a `Result`: its `failures` say in sentences what is wrong, and `passed` is true where there are none.
    """
    options = {name: np.array(v) if isinstance(v, np.ndarray) else v for name, v in (options or {}).items()}
    copies = {name: np.array(array, np.float64) for name, array in arrays.items()}
    cache: Any = None

    def run_forward() -> Array:
        nonlocal cache
        y, cache = forward(*copies.values(), **options)
        return np.asarray(y)

    def run_backward(dy: Array) -> tuple[Array | None, ...]:
        return backward(dy if dy.ndim else float(dy), cache)

    constants = {name: value for name, value in options.items() if isinstance(value, np.ndarray)}
    subject = Subject(copies, run_forward, run_backward, constants, options)
    rng = np.random.default_rng([seed, STREAM])
    trials = [examine(subject, partial(draw_upstream, rng), limit, rng) for _ in range(TRIALS)]
    return merge("op", (result for trial in trials for result in trial), configurations=1)


def check_layer(layer: Layer, shape: Shape, *, batch: int = 4, limit: float = LIMIT, seed: int = 0) -> Result:
    """Check a layer for samples of this shape, in training and at inference, with random parameters and state.

    A copy of the layer is built and checked: the layer itself may be unbuilt, and does not change. At inference its
    state must not change. With `need_dx=False` the gradients of the parameters must be the same.

    shape: of one sample, without the batch axis.
    batch: the number of samples.
    limit, seed: as in `check_op`.
    Raises ValueError where the layer cannot take such samples.
    """
    rng = np.random.default_rng(seed)
    layer = copy.deepcopy(layer)
    layer.build(shape, rng, dtype=np.float64)
    for array in (*_arrays_by_name(layer, "params").values(), *_arrays_by_name(layer, "state").values()):
        array += rng.uniform(0.1, 0.9, array.shape)  # away from the initial 0 and 1; a variance stays positive
    x = rng.standard_normal((batch, *shape))
    results = [result for train in (True, False) for result in _check_mode(layer, x, train, limit, rng)]
    return merge(str(layer), results, configurations=2)


def _check_mode(layer: Layer, x: Array, train: bool, limit: float, rng: np.random.Generator) -> list[Result]:
    mask = int(rng.integers(2**31))  # every pass starts from this seed, so that all use the same mask

    def run_forward() -> Array:
        return layer.forward(x, train=train, rng=np.random.default_rng(mask))

    def run_backward(dy: Array) -> list[Array | None]:
        return [layer.backward(dy), *_arrays_by_name(layer, "grads").values()]

    settings = {name: value for name, value in vars(layer).items() if isinstance(value, float)}
    constants = {} if train else _arrays_by_name(layer, "state")
    arrays = {"x": x, **_arrays_by_name(layer, "params")}
    subject = Subject(arrays, run_forward, run_backward, constants, settings)
    results = examine(subject, partial(draw_upstream, rng), limit, rng)
    results.append(Result("need_dx", limit, failures=_check_without_dx(layer, draw_upstream(rng, run_forward().shape))))
    return [result.with_prefix("training" if train else "inference") for result in results]


def _check_without_dx(layer: Layer, dy: Array) -> tuple[str, ...]:
    layer.backward(dy)
    before = {name: gradient.copy() for name, gradient in _arrays_by_name(layer, "grads").items()}
    layer.backward(dy, need_dx=False)
    differ = [
        name for name, gradient in _arrays_by_name(layer, "grads").items() if not np.array_equal(gradient, before[name])
    ]
    return (f"with need_dx=False the gradient of {', '.join(differ)} differs",) if differ else ()


def _arrays_by_name(layer: Layer, kind: str) -> dict[str, Array]:
    """The params, grads or state of a layer and of the layers inside it, by name."""
    return {
        f"{prefix}.{name}" if prefix else name: array
        for prefix, inner in layer.walk()
        for name, array in getattr(inner, kind).items()
    }


def check_model(
    model: Sequential,
    loss: Loss,
    x: Array,
    labels: Labels,
    *,
    penalty: L2 | None = None,
    samples: int = SAMPLES,
    arrays: int | None = None,
    train: bool = True,
) -> Results:
    """Check a whole model with its loss and penalty on a small batch (a dozen samples): one result per gradient.

    The first result is that of the loss, whose gradient is taken with respect to the scores. The others are those of
    the input and of every parameter: gradients of the penalty plus the scores under a random upstream, since the loss
    may be 0 on samples that a trained model classifies correctly. Works on a float64 copy of the model, which must be
    built.

    x, labels: the batch, (N, ...) and (N,).
    samples: how many coordinates of each array are compared.
    arrays: how many arrays are checked, drawn at random; None checks all.
    train: whether the passes are those of training; all of them share one dropout mask.
    """
    rng = np.random.default_rng([0, STREAM])
    model, loss = model.copy(np.float64), copy.copy(loss)
    x, labels = np.array(x, np.float64), np.array(labels)
    chosen = _random_subset({parameter.name: parameter.value for parameter in model.parameters}, arrays, rng)

    def scores() -> Array:
        return model.forward(x, train=train, rng=np.random.default_rng(0))

    def run_forward() -> Array:
        """Scores and penalty side by side, so that what a parameter does not affect cancels in the differences."""
        return np.append(scores(), penalty.forward(model) if penalty else 0.0)

    def run_backward(dy: Array) -> list[Array | None]:
        dx = model.backward(dy[:-1].reshape(top["scores"].shape), need_dx=True)
        if penalty:
            before = model.parameters.grads.copy()
            penalty.backward(model)
            model.parameters.grads += (dy[-1] - 1) * (model.parameters.grads - before)  # every gradient is linear in dy
        return [dx, *(parameter.grad for parameter in model.parameters if parameter.name in chosen)]

    top = {"scores": _limited_scores(scores())}
    loss_subject = _loss_subject(loss, top, labels)
    dy = np.append(draw_upstream(rng, top["scores"].size) / len(x), 1.0)  # the size of a mean over the batch
    model_subject = Subject({"x": x} | chosen, run_forward, run_backward)
    with threadpool_limits(1):  # for thousands of small products, in which threads would only wait for each other
        results = examine(loss_subject, lambda _: np.asarray(1.0), LIMIT, rng, samples)
        return Results(results + examine(model_subject, lambda _: dy, LIMIT, rng, samples))


def _loss_subject(loss: Loss, top: dict[str, Array], labels: Labels) -> Subject:
    """The loss as a function of the scores in `top`."""
    return Subject(
        top,
        lambda: np.asarray(loss.forward(top["scores"], labels)),
        lambda dy: [dy * loss.backward()],
        {"labels": labels},
    )


def _random_subset(named: dict[str, Array], number: int | None, rng: np.random.Generator) -> dict[str, Array]:
    """A random choice of `number` of the arrays, in their order; all of them for None."""
    names = list(named)
    chosen = range(len(names)) if number is None else sorted(rng.permutation(len(names))[:number])
    return {names[i]: named[names[i]] for i in chosen}


def _limited_scores(scores: Array) -> Array:
    """The scores, scaled down to at most ±3: for a confident model, the differences of the loss would vanish."""
    return scores * min(1.0, 3 / max(np.abs(scores).max(), 1e-300))


def draw_upstream(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Array:
    """A random dy of this shape without elements near 0: standard normal values, moved away from 0 by one half."""
    dy = rng.standard_normal(shape)
    return np.asarray(dy + np.copysign(0.5, dy))
