"""Figures that need all scores, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score, top_k_accuracy_score

from backhand.errors import BackhandError
from backhand.ops.softmax_cross_entropy import predict_proba
from backhand.training.evaluate import Evaluation
from backhand.training.losses import loss
from backhand.training.score_metrics import by_name, score_metric


def evaluation(scores, labels) -> Evaluation:
    measure = loss("softmax_cross_entropy" if scores.shape[1] > 1 else "logistic")
    predictions, measures = measure.predict(scores), measure.measures()
    measures.add(predictions, labels)
    return Evaluation(scores, labels, predictions, 0.0, measures)


@pytest.fixture
def ten(rng: np.random.Generator) -> Evaluation:
    labels = rng.integers(0, 6, 200)
    return evaluation(rng.standard_normal((200, 6)) + 1.5 * np.eye(6)[labels], labels)


def test_figures_of_many_classes_are_those_of_scikit_learn(ten: Evaluation) -> None:
    labels, p = ten.labels, predict_proba(ten.scores)
    assert score_metric("macro_f1")(ten) == pytest.approx(f1_score(labels, ten.predictions, average="macro"))
    assert score_metric("balanced_accuracy")(ten) == pytest.approx(balanced_accuracy_score(labels, ten.predictions))
    assert score_metric("auc")(ten) == pytest.approx(roc_auc_score(labels, p, multi_class="ovr"))
    for k in (1, 2, 5):
        assert score_metric(f"top{k}_accuracy")(ten) == pytest.approx(top_k_accuracy_score(labels, ten.scores, k=k))


def test_the_area_counts_ties_half(rng: np.random.Generator) -> None:
    labels, score = rng.integers(0, 2, 60), rng.integers(0, 4, 60).astype(float)
    assert score_metric("auc")(evaluation(score[:, None], labels)) == pytest.approx(roc_auc_score(labels, score))
    two = np.stack([np.zeros(60), score], axis=1)
    assert score_metric("auc")(evaluation(two, labels)) == pytest.approx(roc_auc_score(labels, score))


def test_what_is_not_defined_is_nan() -> None:
    assert np.isnan(score_metric("auc")(evaluation(np.ones((3, 1)), np.ones(3, int))))
    assert np.isnan(score_metric("auc")(evaluation(np.array([[np.nan, 1], [0, 1]]), np.array([0, 1]))))


def test_a_single_score_has_one_best_and_two_classes() -> None:
    both = evaluation(np.array([[1.0], [1.0]]), np.array([1, 0]))
    assert score_metric("top1_accuracy")(both) == 0.5
    assert score_metric("top2_accuracy")(both) == 1


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(BackhandError, match=r'unknown metric "macro_f"; did you mean "macro_f1"\?'):
        by_name(["macro_f"])


def test_the_history_has_the_figures_of_each_epoch(make_solver, blobs) -> None:
    names = {"worst": lambda evaluation: float(evaluation.scores.min())}
    solver = make_solver(metrics=names)
    record = solver.fit(*blobs, epochs=1)[0]
    assert record["validation_worst"] == solver.model.predict(blobs[1].batch(slice(None))[0]).min()
    record = make_solver(metrics=["macro_f1", "auc"], evaluate_train=True).fit(*blobs, epochs=1)[0]
    assert {"validation_macro_f1", "validation_auc", "train_macro_f1", "train_auc"} <= record.keys()
