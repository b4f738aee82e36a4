"""A feed needs what the library guide says, and no more: a length, `batch`, and to train on `draw`."""

from typing import Any

import numpy as np
import pytest

from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.errors import DivergenceError
from backhand.experiments.run.gradients import check_gradients, check_rounding
from backhand.experiments.run.split_accuracy import SplitAccuracy
from backhand.training.callbacks import DivergenceGuard, EarlyStopping
from backhand.training.evaluate import evaluate
from backhand.training.lockstep import fit_together
from backhand.training.range_test import range_test


class Own:
    """Samples one by one, as a reader of files has them: it takes places, and no slice."""

    def __init__(self, feed: Feed) -> None:
        x, labels = feed.batch(slice(None))
        self.samples = list(zip(x, labels, strict=True))

    def __len__(self) -> int:
        return len(self.samples)

    def batch(self, index: Any) -> tuple[Any, Any]:
        chosen = [self.samples[place] for place in index]
        return np.stack([x for x, _ in chosen]), np.array([label for _, label in chosen])


class OwnToTrain(Own):
    def draw(self, index: Any, rng: np.random.Generator) -> tuple[Any, Any]:
        return self.batch(index)


@pytest.fixture
def own(blobs) -> tuple[OwnToTrain, Own]:
    return OwnToTrain(blobs[0]), Own(blobs[1])


@pytest.mark.parametrize("evaluate_train", [False, True])
def test_a_training_on_it_is_bit_for_bit_that_on_a_feed(make_solver, blobs, own, evaluate_train: bool) -> None:
    solvers = []
    for train, validation in (blobs, own):
        callbacks = [DivergenceGuard(), SplitAccuracy({"old": validation}), EarlyStopping(monitor="old_accuracy")]
        solver = make_solver(evaluate_train=evaluate_train, callbacks=callbacks)
        solver.fit(train, validation, epochs=3)
        solvers.append(solver)
    one, two = solvers
    np.testing.assert_array_equal(one.model.parameters.values, two.model.parameters.values)
    timed = {"seconds", "elapsed"}
    for a, b in zip(one.history, two.history, strict=True):
        assert {key: a[key] for key in a.keys() - timed} == {key: b[key] for key in b.keys() - timed}
    results = [evaluate(one.model, one.loss, feed) for feed in (blobs[1], own[1])]
    assert results[0].figures() == results[1].figures()
    np.testing.assert_array_equal(results[0].labels, results[1].labels)


def test_trainings_in_step_and_a_range_test_take_it(make_solver, blobs, own) -> None:
    for feeds in (blobs, own):
        solvers = [make_solver(), make_solver()]
        assert fit_together(solvers, *feeds, epochs=2) == [None, None]
        assert solvers[0].history[-1]["validation_loss"] == solvers[1].history[-1]["validation_loss"]
    one, two = (range_test(make_solver(), feeds[0], low=1e-3, steps=20) for feeds in (blobs, own))
    np.testing.assert_array_equal(one.loss, two.loss)


def test_gradients_are_checked_on_it(make_solver, blobs, own) -> None:
    solver = make_solver()
    assert check_gradients(solver, own[1]) == check_gradients(solver, blobs[1])
    assert check_rounding(solver, own[1]) == check_rounding(solver, blobs[1])


def test_a_divergence_on_it_is_explained(make_solver, own) -> None:
    solver = make_solver(callbacks=[DivergenceGuard()])
    solver.optimizer.lr = 1e9
    with pytest.raises(DivergenceError, match="Try a lower learning rate"):
        solver.fit(*own, epochs=3)


def test_only_a_feed_with_variants_is_evaluated_with_flips(make_solver, digits, own) -> None:
    solver = make_solver()
    assert evaluate(solver.model, solver.loss, own[1], EvaluationAugment()).loss > 0
    with pytest.raises(ValueError, match="Own has no method `variants`; evaluate it without flips and shift"):
        evaluate(solver.model, solver.loss, own[1], EvaluationAugment(flips=True))


def test_labels_are_those_of_the_batches(make_solver, blobs) -> None:
    """A feed may have something of its own under the name `data`."""

    class Turned(Own):
        data = Dataset(np.zeros((60, 2)), np.zeros(60, np.int64))

    solver = make_solver()
    np.testing.assert_array_equal(evaluate(solver.model, solver.loss, Turned(blobs[1])).labels, blobs[1].data.y)
