"""Steps: micro-batches, rates by layer, the hook between the backward pass and the update; limits and unfreezing."""

from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest

from backhand.errors import BackhandError, ModelError
from backhand.training.callbacks import Callback, Limit
from backhand.training.optimizers import SGD, Adam, AdamW, RMSProp


@pytest.mark.parametrize("parts", [2, 3, 7, 1000])
def test_micro_batches_give_the_update_of_the_whole(parts: int, make_solver, blobs) -> None:
    whole, divided = (make_solver(dtype=np.float64, accumulate=k) for k in (1, parts))
    for solver in (whole, divided):
        solver.fit(*blobs, epochs=3)
    np.testing.assert_allclose(divided.model.parameters.values, whole.model.parameters.values, rtol=1e-9, atol=1e-12)
    for one, two in zip(whole.history, divided.history, strict=True):
        assert two["train_loss"] == pytest.approx(one["train_loss"], rel=1e-9)
        assert two["step"] == one["step"]


def test_micro_batches_are_large_enough_for_batch_normalisation(make_solver, blobs) -> None:
    solver = make_solver(model={"batchnorm": True}, accumulate=40)  # which would leave single samples
    assert np.isfinite(solver.fit(*blobs, epochs=1)[0]["train_loss"])


def test_fewer_than_one_micro_batch_is_refused(make_solver) -> None:
    with pytest.raises(ValueError, match="1 or more micro-batches, not 0"):
        make_solver(accumulate=0)


@pytest.mark.parametrize(
    "optimizer", [lambda: SGD(0.1, 0.9, nesterov=True), lambda: Adam(0.01), lambda: AdamW(0.01), lambda: RMSProp(0.01)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_rate_of_its_own_is_that_of_an_optimiser_with_this_rate(optimizer, dtype, make_solver, blobs) -> None:
    """The parameters of layer 1 move as under a tenth of the rate: one step, from equal weights."""
    by_layer = make_solver(optimizer=optimizer(), layer_rates={"1": 0.1}, dtype=dtype)
    slow, usual = make_solver(optimizer=optimizer(), dtype=dtype), make_solver(optimizer=optimizer(), dtype=dtype)
    slow.optimizer.lr *= 0.1
    batch = blobs[0].batch(slice(40))
    for solver in (by_layer, slow, usual):
        solver.train_step(*batch)
    for name, parameter in by_layer.model.parameters._by_name.items():
        twin = (slow if name.startswith("1.") else usual).model.parameters[name]
        np.testing.assert_allclose(parameter.value, twin.value, rtol=1e-5 if dtype == np.float32 else 1e-12)


def test_a_rate_of_0_leaves_a_layer_where_it_was(make_solver, blobs) -> None:
    solver = make_solver(layer_rates={":2": 0.5, "1": 0.0})
    before = solver.model.parameters["1.weight"].value.copy()
    solver.fit(*blobs, epochs=2)
    np.testing.assert_array_equal(solver.model.parameters["1.weight"].value, before)


def test_a_rate_of_an_unknown_layer_is_refused(make_solver, blobs) -> None:
    with pytest.raises(ModelError, match='there is no layer "9"'):
        make_solver(layer_rates={"9": 0.5}).fit(*blobs, epochs=1)


def test_the_gradients_can_be_changed_before_the_update(make_solver, blobs) -> None:
    class Sign(Callback):
        def on_gradients(self, solver) -> None:
            grads = solver.model.parameters.grads
            grads[...] = np.sign(grads)

    solver = make_solver(optimizer=SGD(0.5), callbacks=[Sign()])
    before = solver.model.parameters.values.copy()
    solver.train_step(*blobs[0].batch(slice(40)))
    moved = np.abs(solver.model.parameters.values - before)
    np.testing.assert_allclose(moved[moved > 0], 0.5, rtol=1e-5)


def test_a_limit_of_steps_ends_the_fit_within_an_epoch(make_solver, blobs) -> None:
    solver = make_solver(callbacks=[Limit(steps=6)])
    history = solver.fit(*blobs, epochs=9)
    assert solver.stopped == "the limit of 6 steps"
    assert [record["step"] for record in history] == [4, 6]
    assert "validation_loss" in history[-1]
    assert len(solver.fit(*blobs, epochs=9)) == 2  # it has ended


def test_a_limit_of_time_ends_the_fit(make_solver, blobs) -> None:
    solver = make_solver(callbacks=[Limit(seconds=1e-9)])
    assert solver.fit(*blobs, epochs=3)[-1]["step"] == 1
    assert solver.stopped == "the limit of 1e-09 s"


@pytest.mark.parametrize(("options", "said"), [({"steps": 0}, "1 step or more"), ({"seconds": 0.0}, "above 0 seconds")])
def test_bad_limits_are_refused(options, said: str) -> None:
    with pytest.raises(BackhandError, match=said):
        Limit(**options)


def unfreezing(make_solver):
    return make_solver(model={"hidden": (8, 6)}, unfreeze={2: ["3"], 3: ["1"]}, optimizer=Adam(0.01))


def test_layers_begin_to_train_at_their_epoch(make_solver, blobs) -> None:
    solver = unfreezing(make_solver)
    weights = {name: [solver.model.arrays()[f"{name}.weight"].copy()] for name in ("1", "3", "5")}

    class Watch(Callback):
        def on_epoch_end(self, solver) -> None:
            for name, values in weights.items():
                values.append(solver.model.arrays()[f"{name}.weight"].copy())

    solver.callbacks = [Watch()]
    solver.fit(*blobs, epochs=3)
    moved = {name: [not np.array_equal(old, new) for old, new in pairwise(values)] for name, values in weights.items()}
    assert moved == {"1": [False, False, True], "3": [False, True, True], "5": [True, True, True]}


@pytest.mark.parametrize("step", [3, 4, 6, 8, 10])
def test_a_training_that_unfreezes_is_resumed_to_the_same_bits(step: int, make_solver, blobs) -> None:
    whole, first, second = (unfreezing(make_solver) for _ in range(3))
    states = []

    class Keep(Callback):
        def on_step_end(self, solver) -> None:
            if solver.step == step:
                states.append(deepcopy(solver.state()))

    first.callbacks = [Keep()]
    for solver in (whole, first):
        solver.fit(*blobs, epochs=4)
    second.load(*states[0])
    second.fit(*blobs, epochs=4)
    for name, value in whole.model.arrays().items():
        np.testing.assert_array_equal(second.model.arrays()[name], value)
