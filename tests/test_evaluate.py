"""Evaluation: every sample once, in inference mode, whatever the chunks."""

import numpy as np
import pytest

from backhand import evaluate as module
from backhand.evaluate import evaluate
from backhand.losses import SoftmaxCrossEntropy
from backhand.models import mlp


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
    parts = evaluate(model, SoftmaxCrossEntropy(), blobs[0])
    np.testing.assert_allclose(parts.scores, whole.scores, rtol=0, atol=1e-6)
    assert len(parts.scores) == 150
    assert parts.loss == pytest.approx(whole.loss, rel=1e-6)


def test_it_leaves_the_model_as_it_was_and_no_cache_behind(model, blobs) -> None:
    before = model.snapshot()
    evaluate(model, SoftmaxCrossEntropy(), blobs[0])
    for name, value in model.arrays().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    with pytest.raises(RuntimeError, match="before forward"):
        model.backward(np.zeros((150, 3), np.float32))
