"""Every optimiser against the one of torch, fed the same gradients."""

import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from backhand.arrays import Array
from backhand.errors import CheckpointError
from backhand.layers import BatchNorm, Linear, ReLU
from backhand.model.sequential import Sequential
from backhand.training.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp

STEPS, LR = 25, 0.03
Make = Callable[[list[dict[str, object]]], torch.optim.Optimizer]

PAIRS: dict[str, tuple[Optimizer, type[torch.optim.Optimizer], dict[str, object]]] = {
    "sgd": (SGD(LR), torch.optim.SGD, {}),
    "sgd momentum": (SGD(LR, 0.9), torch.optim.SGD, {"momentum": 0.9}),
    "sgd nesterov": (SGD(LR, 0.8, nesterov=True), torch.optim.SGD, {"momentum": 0.8, "nesterov": True}),
    "sgd decay": (SGD(LR, weight_decay=0.1), torch.optim.SGD, {"weight_decay": 0.1}),
    "sgd all": (
        SGD(LR, 0.9, 0.05, nesterov=True),
        torch.optim.SGD,
        {"momentum": 0.9, "weight_decay": 0.05, "nesterov": True},
    ),
    "rmsprop": (RMSProp(LR), torch.optim.RMSprop, {}),
    "rmsprop momentum": (
        RMSProp(LR, 0.9, 0.05, rho=0.9, eps=1e-6),
        torch.optim.RMSprop,
        {"momentum": 0.9, "weight_decay": 0.05, "alpha": 0.9, "eps": 1e-6},
    ),
    "adam": (Adam(LR), torch.optim.Adam, {}),
    "adam all": (
        Adam(LR, 0.8, 0.05, beta2=0.95, eps=1e-5),
        torch.optim.Adam,
        {"betas": (0.8, 0.95), "weight_decay": 0.05, "eps": 1e-5},
    ),
    "adamw": (AdamW(LR, weight_decay=0.01), torch.optim.AdamW, {}),
    "adamw all": (
        AdamW(LR, 0.8, 0.3, beta2=0.95, eps=1e-5),
        torch.optim.AdamW,
        {"betas": (0.8, 0.95), "weight_decay": 0.3, "eps": 1e-5},
    ),
}


def network() -> Sequential:
    """Two linear layers around a batch-norm: weights that decay, and biases, scales and shifts that do not."""
    return Sequential(Linear(4), BatchNorm(), ReLU(), Linear(2)).build((3,), seed=5, dtype=np.float64)


def gradients(size: int) -> Array:
    """One gradient a step, (STEPS, P), of sizes from 1e-3 to 1e2, now and then exactly 0."""
    rng = np.random.default_rng(11)
    scale = 10.0 ** rng.uniform(-3, 2, (STEPS, size))
    return rng.standard_normal((STEPS, size)) * scale * (rng.random((STEPS, size)) > 0.1)


def torch_groups(tensors: dict[str, torch.Tensor]) -> list[dict[str, object]]:
    """The weights, to which the decay applies, and the rest, without one."""
    weights = [t for name, t in tensors.items() if name.endswith("weight")]
    others = [t for name, t in tensors.items() if not name.endswith("weight")]
    return [{"params": weights}, {"params": others, "weight_decay": 0.0}]


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_25_steps_equal_those_of_torch(pair: tuple[Optimizer, type[torch.optim.Optimizer], dict[str, object]]) -> None:
    optimizer, kind, options = pair
    parameters = network().parameters
    tensors = {each.name: torch.tensor(each.value.copy()) for each in parameters}
    other = kind(torch_groups(tensors), lr=LR, **options)
    for flat in gradients(parameters.grads.size):
        parameters.grads[:] = flat
        for name, _, gradient in ((each.name, each.value, each.grad) for each in parameters):
            tensors[name].grad = torch.tensor(gradient.copy())
        optimizer.step(parameters)
        other.step()
        for name, value, _ in ((each.name, each.value, each.grad) for each in parameters):
            np.testing.assert_allclose(value, tensors[name].numpy(), rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", [SGD, RMSProp, Adam, AdamW])
def test_decay_leaves_biases_scales_and_shifts_alone(kind: type[Optimizer]) -> None:
    model = network()
    before = model.snapshot()
    model.parameters.grads[:] = 0
    kind(0.1, weight_decay=0.5).step(model.parameters)
    moved = {name for name, value in model.arrays().items() if not np.array_equal(value, before[name])}
    assert moved == {"0.weight", "3.weight"}


def test_adam_corrects_its_bias_also_while_a_schedule_moves_beta1() -> None:
    """With a gradient that never changes, the corrected mean is that gradient and every step has length lr."""
    parameters = network().parameters
    optimizer = Adam(0.01, eps=1e-30)
    for beta1 in (0.95, 0.9, 0.5, 0.85, 0.0):
        optimizer.momentum = beta1
        before = parameters.values.copy()
        parameters.grads[:] = 3.0
        optimizer.step(parameters)
        np.testing.assert_allclose(before - parameters.values, 0.01, rtol=1e-12)


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9, 0.1, nesterov=True), RMSProp(0.1), Adam(0.1), AdamW(0.1)])
def test_a_step_keeps_the_dtype_and_the_buffers(optimizer: Optimizer) -> None:
    parameters = network().copy(np.float32).parameters
    values, grads = parameters.values, parameters.grads
    optimizer.step(parameters)
    buffers = dict(optimizer.buffers)
    optimizer.step(parameters)
    assert parameters.values is values
    assert parameters.grads is grads
    assert values.dtype == np.float32
    for name, buffer in optimizer.buffers.items():
        assert buffer is buffers[name]
        assert buffer.dtype == np.float32


@pytest.mark.parametrize("kind", [SGD, RMSProp, Adam, AdamW])
def test_a_penalty_is_added_to_the_gradients_of_weights(kind: type[Optimizer], rng: np.random.Generator) -> None:
    (one, other), slope = (network().parameters for _ in range(2)), 0.3
    one.grads[:] = other.grads[:] = rng.standard_normal(one.grads.size)
    for weights in other.penalised:
        other.grads[weights] += slope * other.values[weights]
    norm = np.linalg.norm(other.grads)
    assert kind(0.1).step(one, slope) == pytest.approx(norm, rel=1e-14)
    assert kind(0.1).step(other) == pytest.approx(norm, rel=1e-14)
    np.testing.assert_allclose(one.values, other.values, rtol=1e-14)


@pytest.mark.parametrize("kind", [SGD, partial(SGD, nesterov=True), RMSProp, Adam, AdamW])
def test_a_step_allocates_nothing_after_the_first(kind: Callable[..., Optimizer]) -> None:
    parameters = Sequential(Linear(100)).build((500,), dtype=np.float64).parameters
    optimizer = kind(0.1, momentum=0.9, weight_decay=0.1)
    optimizer.step(parameters, penalty=0.1)
    tracemalloc.start()
    optimizer.step(parameters, penalty=0.1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < parameters.values.nbytes / 2


@pytest.mark.parametrize(
    ("buffers", "state"),
    [
        ({}, {"steps": 3}),
        ({"velocity": np.zeros(3)}, {"steps": 3, "beta1_product": 0.5}),
        ({"mean": np.zeros(3)}, {"steps": 3, "beta1_product": 0.5}),
    ],
)
def test_the_state_of_another_optimiser_is_refused(buffers: dict[str, Array], state: dict[str, float]) -> None:
    optimizer = Adam(0.1)
    held = ", ".join(sorted([*buffers, *state]))
    with pytest.raises(CheckpointError, match=f"^the saved state is not of the optimiser Adam: it holds {held};"):
        optimizer.load(buffers, state)
    assert (optimizer.steps, optimizer.buffers) == (0, {})
