"""The learning-rate range test on blobs, and on data that are hard and few."""

import copy
import json

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.errors import BackhandError
from backhand.training.callbacks import Callback
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD, Adam
from backhand.training.range_test import BATCHES, SMOOTHING, RangeTest, RatesTooHighError, range_test
from backhand.training.schedules import Constant
from backhand.training.solver import Solver


def test_it_stops_where_the_loss_blows_up_and_suggests_a_tenth_of_the_best(make_solver, blobs) -> None:
    result = range_test(make_solver(), blobs[0], low=1e-5, high=1e3, steps=200)
    assert 20 < len(result.lr) < 200
    assert result.smoothed[-1] > 1.5 * result.smoothed.min()
    assert result.smoothed[-1] <= 4 * result.smoothed.min()
    assert result.lowest == result.lr[result.smoothed.argmin()]
    assert result.suggestion == pytest.approx(result.lowest / 10)
    assert 0.005 < result.suggestion < 0.5


def test_the_suggestion_trains_and_a_hundredfold_does_not(make_solver, blobs) -> None:
    rate = range_test(make_solver(), blobs[0], low=1e-5, high=1e3).suggestion
    good, bad = (make_solver(optimizer=SGD(lr, 0.9)).fit(*blobs, epochs=5)[-1] for lr in (rate, 100 * rate))
    assert good["validation_accuracy"] > 0.85
    assert not bad["train_loss"] < 2 * good["train_loss"]


def test_rates_grow_by_the_same_factor_and_each_step_uses_its_own(make_solver, blobs) -> None:
    solver, used = make_solver(schedule=Constant(5.0)), []
    step = solver.optimizer.step
    solver.optimizer.step = lambda *arguments: used.append(solver.optimizer.lr) or step(*arguments)
    result = range_test(solver, blobs[0], low=1e-4, high=1e-2, steps=21)
    np.testing.assert_allclose(result.lr, np.geomspace(1e-4, 1e-2, 21))
    np.testing.assert_array_equal(used, result.lr)


def test_the_losses_are_those_before_each_step_and_smoothed_without_bias(make_solver, blobs) -> None:
    solver = make_solver()
    x, labels = blobs[0].batch(slice(None))
    before = solver.loss.forward(solver.model.forward(x), labels)
    result = range_test(solver, blobs[0], low=1e-9, high=2e-9, steps=12)  # too small to change anything
    assert result.loss[:4].mean() == pytest.approx(before, rel=0.1)
    np.testing.assert_allclose(result.smoothed, result.loss[:4].mean())


def test_what_is_smoothed_is_the_change_of_each_batch(make_solver, blobs) -> None:
    result = range_test(make_solver(), blobs[0], low=1e-3, high=1, steps=30)
    assert len(result.loss) == 30
    change = result.loss - np.resize(result.loss[:BATCHES], 30)
    weights = SMOOTHING ** np.arange(29, -1, -1)
    assert result.smoothed[-1] == pytest.approx(result.loss[:4].mean() + np.average(change, weights=weights))
    assert result.smoothed[0] == pytest.approx(result.loss[:4].mean())


@pytest.mark.parametrize("seed", range(4))
def test_batches_of_unequal_loss_move_nothing(make_solver, blobs, seed: int) -> None:
    """A class of weight 30 makes the loss of a batch follow from how often it occurs there."""
    loss = SoftmaxCrossEntropy(class_weights=(0.1, 0.1, 3.0))
    result = range_test(make_solver(loss=loss, seed=seed, batch_size=4), blobs[0], low=1e-5, high=1e3)
    assert np.ptp(result.loss[:BATCHES]) > 0.2 * result.loss[:BATCHES].mean()
    np.testing.assert_allclose(result.smoothed[:8], result.smoothed[0], rtol=1e-3)
    assert result.halfway > 1e-3


def hard(seed: int) -> Feed:
    """960 samples whose labels follow from nothing: a loss on ever new batches would not fall at any rate."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((960, 40)).astype(np.float32), rng.permutation(np.arange(960) % 3)
    return Feed(Dataset(x, y), Standardizer.fit(x, "feature"))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("optimizer", "least", "most"), [(SGD(0.1, 0.9), 0.01, 0.2), (Adam(0.1), 2e-3, 0.05)], ids=["sgd", "adam"]
)
def test_what_is_told_of_few_and_hard_data_is_no_noise(optimizer, least: float, most: float, seed: int) -> None:
    model = mlp(3, (32,), batchnorm=True).build((40,), seed=seed)
    solver = Solver(model, SoftmaxCrossEntropy(), copy.deepcopy(optimizer), batch_size=32, seed=seed)
    result = range_test(solver, hard(seed))
    assert result.learned
    assert least < result.halfway < most
    assert result.halfway < result.lowest


def test_the_same_few_batches_come_again_and_again(make_solver, blobs) -> None:
    seen: list[tuple[bytes, bytes]] = []

    class Batches(Callback):
        def on_loss(self, solver: Solver) -> None:
            seen.append(tuple(each.tobytes() for each in solver.batch))

    range_test(make_solver(batch_size=20, callbacks=[Batches()]), blobs[0], low=1e-4, high=1e-2, steps=20)
    assert seen == seen[:BATCHES] * 5
    assert len(set(seen)) == BATCHES


def test_nothing_is_learnt_where_the_loss_does_not_fall(make_solver, blobs) -> None:
    assert not range_test(make_solver(), blobs[0], low=1e-9, high=2e-9, steps=12).learned


def test_a_range_test_is_kept_in_a_file(make_solver, blobs) -> None:
    result = range_test(make_solver(), blobs[0], steps=20)
    back = RangeTest(**{key: np.array(values) for key, values in json.loads(json.dumps(result.as_json())).items()})
    assert back.suggestion == result.suggestion
    np.testing.assert_array_equal(back.loss, result.loss)


@pytest.mark.parametrize(
    "wrong", [{"low": 0.0}, {"low": -1.0}, {"low": 1.0, "high": 1.0}, {"low": 2.0, "high": 1.0}, {"steps": 9}]
)
def test_what_is_no_range_is_refused(make_solver, blobs, wrong: dict[str, float]) -> None:
    with pytest.raises(BackhandError, match=r"^a range test needs 0 < low < high and 10 or more steps, not "):
        range_test(make_solver(), blobs[0], **wrong)


def test_rates_that_are_all_too_high_are_refused(make_solver, blobs) -> None:
    with pytest.raises(RatesTooHighError, match=r"^the loss diverged within \d steps at rates from 10000$"):
        range_test(make_solver(), blobs[0], low=1e4, high=1e9)


def test_a_loss_that_is_not_finite_before_any_step_is_no_matter_of_rates(make_solver, blobs) -> None:
    solver = make_solver()
    solver.model.parameters.values[:] *= 1e38
    with pytest.raises(BackhandError, match=r"^the loss of the first batch is (nan|inf) before any step; look for"):
        range_test(solver, blobs[0])
