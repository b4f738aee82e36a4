"""Evaluation: every sample once, in inference mode, whatever the chunks."""

from dataclasses import replace

import numpy as np
import pytest

from backhand.architectures import mlp
from backhand.data.dataset import Dataset
from backhand.layers import Flatten, Linear
from backhand.model.sequential import Sequential
from backhand.training import evaluate as module
from backhand.training.evaluate import evaluate, listed
from backhand.training.losses import CLASSIFICATION, Hinge, SoftmaxCrossEntropy, loss
from backhand.training.range_test import range_test


@pytest.fixture
def model():
    return mlp(3, (6,), batchnorm=True, dropout=0.5).build((2,), seed=2)


def test_scores_loss_and_accuracy_are_those_of_the_whole_set(model, blobs) -> None:
    feed = blobs[0]
    x, labels = feed.batch(slice(None))
    scores = model.forward(x)
    result = evaluate(model, SoftmaxCrossEntropy(), feed)
    np.testing.assert_array_equal(result.scores, scores)
    np.testing.assert_array_equal(result.labels, labels)
    np.testing.assert_array_equal(result.predictions, scores.argmax(1))
    assert result.loss == SoftmaxCrossEntropy().forward(scores, labels)
    assert result.accuracy == np.mean(scores.argmax(1) == labels)
    assert result.figures() == {"loss": result.loss, "accuracy": result.accuracy, "error": 1 - result.accuracy}


def test_chunks_do_not_show(model, blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = evaluate(model, SoftmaxCrossEntropy(), blobs[0])
    monkeypatch.setattr(module, "CHUNK", 40)  # 150 samples: three chunks and a shorter one
    chunked = evaluate(model, SoftmaxCrossEntropy(), blobs[0])
    np.testing.assert_allclose(chunked.scores, whole.scores, rtol=0, atol=1e-6)
    assert len(chunked.scores) == 150
    assert chunked.loss == pytest.approx(whole.loss, rel=1e-6)


def test_it_leaves_the_model_as_it_was_and_no_cache_behind(model, blobs) -> None:
    before = model.snapshot()
    evaluate(model, SoftmaxCrossEntropy(), blobs[0])
    for name, value in model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    with pytest.raises(RuntimeError, match="before forward"):
        model.backward(np.zeros((150, 3), np.float32))


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf, 1e38], ids=str)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_sample_whose_scores_are_not_finite_has_no_class(model, exact, rng, strange, dtype) -> None:
    """1e38 is finite, and its products overflow float32."""
    x = rng.normal(size=(9, 2))
    x[[3, 7]] = strange
    feed = exact(Dataset(x.astype(dtype), rng.integers(0, 3, 9)))
    result = evaluate(model, SoftmaxCrossEntropy(), feed)
    assert result.not_finite.tolist() == [3, 7]
    assert result.predictions[[3, 7]].tolist() == [-1, -1]
    right = [i for i in range(9) if result.scores[i].argmax() == feed.data.y[i] and i not in (3, 7)]
    assert result.accuracy == len(right) / 9
    assert np.isnan(result.loss)
    assert result.remark("test").startswith("The scores of 2 of the 9 test samples are not finite (samples 3, 7): ")


def test_figures_that_are_finite_need_no_remark(model, blobs) -> None:
    result = evaluate(model, SoftmaxCrossEntropy(), blobs[0])
    assert result.remark("test") == ""
    assert len(result.not_finite) == 0


def test_a_loss_that_overflows_while_the_scores_do_not_is_said(blobs) -> None:
    model = Sequential(Linear(3)).build((2,))
    model.layers[0].params["bias"][:] = [3e38, -3e38, 0]
    result = evaluate(model, Hinge(), blobs[0])
    assert len(result.not_finite) == 0
    assert result.remark("test") == "The loss over the 150 test samples is too large for a number."


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_every_loss_names_no_class_for_scores_that_are_not_finite(name) -> None:
    measure = loss(name)
    scores = np.array([[1.0], [np.nan], [-1.0], [np.inf]])
    scores = scores if measure.binary else np.hstack([scores, np.zeros((4, 2))])
    assert measure.predict(scores).tolist() == [1 if measure.binary else 0, -1, 0 if measure.binary else 1, -1]


def test_samples_are_listed_in_words() -> None:
    assert listed(np.array([4])) == "sample 4"
    assert listed(np.arange(7)) == "samples 0, 1, 2, 3, 4 and 2 more"


class Reused:
    """A feed that draws every batch into the same memory, as those do that read ahead."""

    def __init__(self, feed, size: int) -> None:
        self.feed, (x, y) = feed, feed.batch(slice(0, size))
        self.x, self.y = x.copy(), y.copy()

    def __len__(self) -> int:
        return len(self.feed)

    def batch(self, index):
        x, y = self.feed.batch(index)
        self.x[: len(x)], self.y[: len(y)] = x, y
        return self.x[: len(x)], self.y[: len(y)]

    def draw(self, index, _rng):
        return self.batch(index)


def test_a_feed_may_use_its_memory_again(make_solver, blobs, monkeypatch) -> None:
    monkeypatch.setattr("backhand.training.evaluate.CHUNK", 32)
    solver, feed = make_solver(), Reused(blobs[0], 64)
    solver.fit(blobs[0], epochs=2)
    wanted, result = (evaluate(solver.model, solver.loss, each) for each in (blobs[0], feed))
    np.testing.assert_array_equal(result.labels, wanted.labels)
    assert result.figures() == wanted.figures()
    flat, two = Sequential(Flatten()).build((2,)), replace(blobs[0], data=Dataset(blobs[0].data.x, blobs[0].data.y % 2))
    np.testing.assert_array_equal(*(evaluate(flat, solver.loss, each).scores for each in (two, Reused(two, 64))))
    tests = [range_test(make_solver(), each, steps=40) for each in (blobs[0], feed)]
    np.testing.assert_array_equal(tests[0].loss, tests[1].loss)
