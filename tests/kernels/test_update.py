"""Optimisers moved by a kernel against the same ones in float64, which NumPy moves."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("numba")

from backhand import backend
from backhand.kernels import jit, update
from backhand.layers import BatchNorm, Linear, ReLU
from backhand.model.sequential import Sequential
from backhand.training.clipping import clip_norm
from backhand.training.optimizers import SGD, Adam, AdamW, Optimizer, RMSProp
from backhand.training.penalty import L2

OPTIMIZERS = [
    SGD(0.03),
    SGD(0.03, 0.9),
    SGD(0.03, 0.9, 0.05, nesterov=True),
    RMSProp(0.003, 0.8, 0.05, rho=0.9, eps=1e-6),
    Adam(0.01),
    Adam(0.01, 0.8, 0.05, beta2=0.95, eps=1e-5),
    AdamW(0.01, 0.8, 0.3, beta2=0.95, eps=1e-5),
]


@pytest.fixture(autouse=True)
def _on_kernels(engine):
    backend.use("cpu")


def pair():
    """The same network in float32 and in float64: 21 parameters and 21,000, ragged beside the pieces of the kernel."""
    single = Sequential(Linear(700), BatchNorm(), ReLU(), Linear(2)).build((29,), seed=5)
    return single, single.copy(np.float64)


@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_ten_steps_and_norms_equal_the_references(optimizer: Optimizer, penalty: float) -> None:
    single, double = (model.parameters for model in pair())
    ours, reference = replace(optimizer), replace(optimizer)
    rng = np.random.default_rng(3)
    for _ in range(10):
        single.grads[:] = double.grads[:] = rng.standard_normal(single.grads.size).astype(np.float32)
        norm = ours.step(single, penalty)
        assert norm == pytest.approx(reference.step(double, penalty), rel=1e-6)
    largest = np.abs(double.values).max()
    np.testing.assert_allclose(single.values, double.values, rtol=1e-5, atol=1e-5 * largest)
    assert ours.state() == reference.state()
    for name, buffer in ours.buffers.items():
        np.testing.assert_allclose(buffer, reference.buffers[name], rtol=1e-4, atol=1e-5)
    assert ours._scratch.size == 0  # the kernel needs none


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["half", "whole"])
def test_the_penalty_of_a_step_is_the_losses_own(form: str, dtype: type) -> None:
    models = [model.copy(dtype) for model in (pair()[0], pair()[0])]
    penalty, norms = L2(0.3, form), []
    for model in models:
        model.parameters.grads[:] = np.random.default_rng(0).standard_normal(model.parameters.grads.size)
    penalty.backward(models[0])
    norms = [clip_norm(models[0].parameters.grads, None)]
    SGD(0.1).step(models[0].parameters)
    norms.append(SGD(0.1).step(models[1].parameters, penalty.slope))
    assert norms[1] == pytest.approx(norms[0], rel=1e-5)
    np.testing.assert_allclose(models[1].parameters.values, models[0].parameters.values, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_the_same_bits_each_time_on_any_number_of_threads(optimizer: Optimizer) -> None:
    most, found = jit.threads(), []
    try:
        for threads in (most, most, 1):
            jit.set_threads(threads)
            parameters, own = pair()[0].parameters, replace(optimizer)
            rng = np.random.default_rng(1)
            for _ in range(3):
                parameters.grads[:] = rng.standard_normal(parameters.grads.size)
                norm = own.step(parameters, 0.01)
            found.append((norm, parameters.values.tobytes(), *(b.tobytes() for b in own.buffers.values())))
    finally:
        jit.set_threads(most)
    assert found[0] == found[1] == found[2]


def test_the_norm_of_many_gradients_is_exact() -> None:
    size = 3_000_001
    w, g, v = np.zeros((3, size), np.float32)
    g[:] = np.random.default_rng(0).standard_normal(size, dtype=np.float32)
    values = {"penalty": 0, "decay": 0, "lr": 0.1, "momentum": 0.9, "nesterov": False}
    norm = update.step("sgd", w, g, {"velocity": v}, ((0, size, True),), **values)
    assert norm == pytest.approx(np.linalg.norm(g.astype(np.float64)), rel=1e-7)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_every_optimiser_hands_over_what_its_kernel_takes(optimizer: Optimizer) -> None:
    kernel = update.KERNELS[optimizer.kernel_name]
    used = replace(optimizer)
    used.step(pair()[0].parameters)
    assert {"penalty", *used._kernel_values()} == set(kernel.values)
    assert set(used.buffers) == set(kernel.buffers)


@pytest.mark.parametrize(
    ("buffers", "values", "message"),
    [
        (["velocity"], ["penalty", "decay", "lr", "momentum"], "missing: nesterov, unknown: none"),
        (["velocity"], ["penalty", "decay", "lr", "momentum", "nestrov"], "missing: nesterov, unknown: nestrov"),
        (["velocity"], ["penalty", "decay", "lr", "momentum", "nesterov", "eps"], "missing: none, unknown: eps"),
        (["square"], ["penalty", "decay", "lr", "momentum", "nesterov"], "missing: velocity, unknown: square"),
    ],
)
def test_a_missing_and_an_unknown_name_are_said(buffers: list[str], values: list[str], message: str) -> None:
    w, g, v = np.zeros((3, 5), np.float32)
    with pytest.raises(TypeError, match=message):
        update.step("sgd", w, g, dict.fromkeys(buffers, v), ((0, 5, True),), **dict.fromkeys(values, 0.0))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_what_is_not_finite_shows(optimizer: Optimizer, bad: float) -> None:
    parameters = pair()[0].parameters
    parameters.grads[5000] = bad
    np.testing.assert_equal(replace(optimizer).step(parameters), bad)
    assert not np.isfinite(parameters.values[5000])
    assert np.isfinite(np.delete(parameters.values, 5000)).all()


def test_pieces_cover_every_segment_once() -> None:
    segments = ((0, 10_000, True), (10_000, 10_003, False), (10_003, 10_003, True), (10_003, 20_000, True))
    pieces = update.cut(segments)
    assert [i for start, stop, _ in pieces for i in range(start, stop)] == list(range(20_000))
    assert (pieces[:, 1] - pieces[:, 0]).max() <= update.PIECE
    assert pieces[pieces[:, 2] == 0, :2].tolist() == [[10_000, 10_003]]


def test_a_model_without_parameters_has_no_gradient() -> None:
    assert SGD(0.1).step(Sequential(ReLU()).build((3,)).parameters) == 0
