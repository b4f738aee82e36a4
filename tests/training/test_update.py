"""The update at the end of a step: penalty, clipping by value, then by norm, and the norm that is recorded."""

import numpy as np
import pytest

from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.penalty import L2


def test_the_penalty_pulls_and_is_reported_apart_from_the_loss(make_solver, blobs) -> None:
    plain, pulled = make_solver(), make_solver(penalty=L2(0.5))
    one, two = plain.fit(blobs[0], epochs=5)[-1], pulled.fit(blobs[0], epochs=5)[-1]
    assert one["penalty"] == 0
    assert two["penalty"] == pytest.approx(L2(0.5).forward(pulled.model))
    lengths = [np.linalg.norm(solver.model.layers[1].params["weight"]) for solver in (plain, pulled)]
    assert lengths[1] < 0.5 * lengths[0]


def test_the_gradient_norm_is_that_of_loss_and_penalty_before_clipping(make_solver, blobs) -> None:
    whole = {"batch_size": 150, "penalty": L2(0.1), "dtype": np.float64}
    solver = make_solver(**whole, optimizer=SGD(1.0, 0.0), clip_norm=0.01)
    before = solver.model.parameters.values.copy()
    twin = make_solver(**whole).model
    x, labels = blobs[0].batch(slice(None))
    loss = SoftmaxCrossEntropy()
    loss.forward(twin.forward(x, train=True), labels)
    twin.backward(loss.backward())
    L2(0.1).backward(twin)
    record = solver.fit(blobs[0], epochs=1)[0]
    assert record["gradient_norm"] == pytest.approx(np.linalg.norm(twin.parameters.grads), rel=1e-12)
    move = before - solver.model.parameters.values
    np.testing.assert_allclose(move, 0.01 * twin.parameters.grads / record["gradient_norm"], rtol=1e-9, atol=1e-15)


def test_values_are_clipped_before_the_norm_is_taken(make_solver, blobs) -> None:
    solver = make_solver(optimizer=SGD(1.0, 0.0), clip_value=1e-3, batch_size=150, dtype=np.float64)
    before = solver.model.parameters.values.copy()
    record = solver.fit(blobs[0], epochs=1)[0]
    move = before - solver.model.parameters.values
    assert np.abs(move).max() == pytest.approx(1e-3, rel=1e-9)
    assert record["gradient_norm"] == pytest.approx(np.linalg.norm(move), rel=1e-9)
