"""The losses of regression as objects, and a training with them against PyTorch."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from backhand.architectures import mlp
from backhand.data.dataset import Dataset
from backhand.training.evaluate import evaluate
from backhand.training.losses import REGRESSION, loss
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver

TORCH = {
    "squared_error": lambda s, t: 0.5 * F.mse_loss(s, t),
    "absolute_error": F.l1_loss,
    "huber": lambda s, t: F.huber_loss(s, t, delta=1.0),
}


@pytest.fixture
def plane(exact, rng: np.random.Generator):
    """200 points of a bent plane, with two targets of unlike units."""
    x = rng.standard_normal((200, 3))
    y = np.stack([300 + 40 * x[:, 0] - 10 * x[:, 1] * x[:, 2], 0.01 * np.tanh(x[:, 2])], axis=1)
    return exact(Dataset(x, y))


@pytest.mark.parametrize("name", REGRESSION)
def test_targets_are_standardised_and_predictions_are_in_their_units(name: str, rng: np.random.Generator) -> None:
    targets = np.array([5.0, -3.0]) + np.array([10.0, 0.1]) * rng.standard_normal((400, 2))
    fitted = loss(name).fitted(targets)
    assert fitted.outputs(2) == 2
    exact = (targets - targets.mean(0)) / targets.std(0)
    assert fitted.forward(exact, targets) == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(fitted.predict(exact), targets, rtol=1e-12)
    assert fitted.predict(exact.astype(np.float32)).dtype == np.float64


def test_a_constant_target_is_only_moved() -> None:
    assert loss("huber").fitted(np.full((4, 1), 7.0)).scale == [1.0]


@pytest.mark.parametrize("value", [7.0, 0.1, 1e300])
@pytest.mark.parametrize("weights", [None, np.array([0.1, 0.3, 0.7])])
def test_rounding_makes_no_scale_of_a_constant_target(value, weights) -> None:
    assert loss("huber").fitted(np.full((3, 1), value), weights).scale == [1.0]


def test_weights_count_targets_several_times(rng: np.random.Generator) -> None:
    targets, weights = 1e4 + rng.exponential(size=(50, 2)), rng.integers(0, 4, 50)
    weighted, repeated = (
        loss("huber").fitted(targets, weights / 7),
        loss("huber").fitted(targets.repeat(weights, axis=0)),
    )
    assert weighted.center == pytest.approx(repeated.center, rel=1e-14)
    assert weighted.scale == pytest.approx(repeated.scale, rel=1e-11)
    assert weighted.scale != pytest.approx(loss("huber").fitted(targets).scale, rel=1e-3)


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_constant_is_the_best_of_all(name: str, weighted: bool, rng: np.random.Generator) -> None:
    targets = rng.exponential(size=(51, 1))
    weights = np.where(targets[:, 0] > 1, 10 * rng.random(51), 0.1) if weighted else None
    fitted = loss(name).fitted(targets)
    standardised = (targets - targets.mean()) / targets.std()
    candidates = np.linspace(standardised.min(), standardised.max(), 4001)
    least = min(fitted.forward(np.full((51, 1), c), targets, weights) for c in candidates)
    assert (1 - 1e-4) * least <= fitted.constant(targets, weights) <= least + 1e-12


@pytest.mark.parametrize("name", REGRESSION)
def test_a_weight_of_2_is_a_sample_twice_and_0_is_none(name: str, rng: np.random.Generator) -> None:
    targets, weights = rng.exponential(size=(40, 2)) * [1, 50], rng.integers(0, 3, 40)
    repeated = np.repeat(targets, weights, axis=0)
    share = len(repeated) / len(targets)  # the sum of the losses is divided by the number of samples
    assert loss(name).constant(targets, weights * 1.0) == pytest.approx(share * loss(name).constant(repeated))
    assert loss(name).constant(targets, np.zeros(40)) == 0


@pytest.mark.parametrize("name", REGRESSION)
def test_30_steps_equal_those_of_torch(name: str, plane) -> None:
    model = mlp(2, (7,), activation="tanh").build((3,), seed=3, dtype=np.float64)
    fitted = loss(name).fitted(plane.data.y)
    twin = [torch.tensor(p.value.copy(), requires_grad=True) for p in model.parameters]
    solver = Solver(model, fitted, SGD(0.05), batch_size=40)
    x, y = torch.tensor(plane.data.x), torch.tensor((plane.data.y - fitted.center) / fitted.scale)
    optimizer = torch.optim.SGD(twin, lr=0.05)
    for step in range(30):
        part = slice(step % 5 * 40, step % 5 * 40 + 40)
        solver.train_step(*plane.batch(part))
        optimizer.zero_grad()
        w1, b1, w2, b2 = twin
        TORCH[name](torch.tanh(x[part] @ w1 + b1) @ w2 + b2, y[part]).backward()
        optimizer.step()
    for parameter, tensor in zip(model.parameters, twin, strict=True):
        np.testing.assert_allclose(parameter.value, tensor.detach().numpy(), rtol=1e-9, atol=1e-12)


def test_a_fit_records_errors_in_the_units_of_the_targets(plane) -> None:
    model = mlp(2, (20,)).build((3,), seed=0, dtype=np.float64)
    solver = Solver(model, loss("squared_error").fitted(plane.data.y), SGD(0.1, 0.9), batch_size=20)
    history = solver.fit(plane, plane, epochs=60)
    last = history[-1]
    assert {"train_loss", "train_rmse", "train_mae", "train_r2", "validation_r2"} <= last.keys()
    assert "train_accuracy" not in last
    assert last["validation_r2"] > 0.98
    result = evaluate(model, solver.loss, plane)
    error = result.predictions - plane.data.y
    assert result.figures()["rmse"] == pytest.approx(np.sqrt((error**2).mean(0)).mean())
    assert np.abs(error[:, 0]).mean() < 3
    assert np.abs(error[:, 1]).mean() < 1e-3


def test_an_interrupted_epoch_of_a_regression_goes_on(plane) -> None:
    def make() -> Solver:
        model = mlp(2, (5,)).build((3,), seed=0, dtype=np.float64)
        return Solver(model, loss("huber").fitted(plane.data.y), SGD(0.1), batch_size=30)

    whole, first, second = make(), make(), make()
    whole.fit(plane, epochs=2)
    first.begin_fit(plane, 2)
    first.begin_epoch()
    for index in list(first.remaining_batches(plane))[:3]:
        first.train_step(*plane.draw(index, first.streams.augment))
    second.load(*first.state())
    second.fit(plane, epochs=2)
    np.testing.assert_array_equal(second.model.parameters.values, whole.model.parameters.values)
    for name in ("train_loss", "train_rmse", "train_r2"):
        assert [r[name] for r in second.history] == [r[name] for r in whole.history]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scale": (1.0,)}, "0 centers and 1 scales"),
        ({"center": (1.0,), "scale": (0.0,)}, "finite and above 0"),
    ],
)
def test_bad_units_are_refused(options, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        loss("squared_error", **options)


def test_targets_and_units_must_agree() -> None:
    with pytest.raises(ValueError, match="there are 1 scales for 2 targets"):
        loss("squared_error", center=(0.0,), scale=(1.0,)).outputs(2)
    with pytest.raises(ValueError, match="delta must be above 0 and finite, not -1"):
        loss("huber", delta=-1)
