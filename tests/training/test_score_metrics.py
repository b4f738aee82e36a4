"""Figures that need all scores, against scikit-learn."""

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score, top_k_accuracy_score

from backhand.data.dataset import Dataset
from backhand.errors import BackhandError
from backhand.ops.softmax_cross_entropy import predict_proba
from backhand.training.evaluate import Evaluation
from backhand.training.losses import LOSSES, loss
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


def test_scores_whose_probabilities_round_to_1_keep_their_order(rng: np.random.Generator) -> None:
    """Differences of 40, 50 and 60 are all the probability 1."""
    labels, margin = np.array([0, 1, 1, 0]), np.array([40, 50, 60, -3], np.float32)
    assert score_metric("auc")(evaluation(np.stack([0 * margin, margin], axis=1), labels)) == 1
    z, labels = 40 * rng.standard_normal((90, 4)), rng.integers(0, 4, 90)
    odds = np.stack([z[:, k] - logsumexp(np.delete(z, k, axis=1), axis=1) for k in range(4)], axis=1)
    wanted = np.mean([roc_auc_score(labels == k, odds[:, k]) for k in range(4)])
    assert score_metric("auc")(evaluation(z, labels)) == pytest.approx(wanted, abs=1e-14)
    rounded = np.mean([roc_auc_score(labels == k, predict_proba(z)[:, k]) for k in range(4)])
    assert abs(rounded - wanted) > 1e-4


def test_samples_without_finite_scores_have_no_class() -> None:
    scores, labels = np.array([[np.nan, np.nan, np.nan], [np.inf, 0, 1], [3, 1, 2]]), np.zeros(3, int)
    for k in (1, 2, 3):
        assert score_metric(f"top{k}_accuracy")(evaluation(scores, labels)) == pytest.approx(1 / 3)
    for k in (1, 2):
        assert score_metric(f"top{k}_accuracy")(evaluation(np.array([[np.nan], [-1.0]]), np.zeros(2, int))) == 0.5


def test_what_is_not_defined_is_nan() -> None:
    assert np.isnan(score_metric("auc")(evaluation(np.ones((3, 1)), np.ones(3, int))))
    assert np.isnan(score_metric("auc")(evaluation(np.array([[np.nan, 1], [0, 1]]), np.array([0, 1]))))


def test_a_single_score_has_one_best_and_two_classes() -> None:
    both = evaluation(np.array([[1.0], [1.0]]), np.array([1, 0]))
    assert score_metric("top1_accuracy")(both) == 0.5
    assert score_metric("top2_accuracy")(both) == 1


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(BackhandError, match=r'unknown metric "macro_f"; did you mean "macro_f1"\?'):
        by_name(["macro_f"], loss("softmax_cross_entropy"))


@pytest.mark.parametrize(
    ("name", "metrics", "said"),
    [
        ("huber", ("auc",), "auc: such metrics need classes, and huber is a loss of regression; give functions"),
        ("squared_error", {"mae": len}, 'the history has its own "mae"; .* than loss, rmse, mae, r2'),
        ("hinge", {"loss": len}, 'the history has its own "loss"; .* than loss, accuracy, error'),
        ("hinge", {"worst": 3}, "metrics must be functions of an Evaluation by name, not 'worst': 3"),
        ("hinge", {3: len}, "metrics must be functions of an Evaluation by name, not 3: "),
        ("hinge", "auc", r'metrics must be several names, such as metrics=\("auc",\), not one text'),
    ],
)
def test_metrics_that_do_not_fit_are_refused_before_the_training(make_solver, name: str, metrics, said: str) -> None:
    with pytest.raises(BackhandError, match=said):
        make_solver(loss=loss(name), metrics=metrics)


def test_a_regression_has_metrics_of_its_own(exact, make_solver, blobs, rng: np.random.Generator) -> None:
    largest = {"largest": lambda evaluation: float(np.abs(evaluation.predictions - evaluation.labels).max())}
    feed = exact(Dataset(rng.standard_normal((20, 2)), rng.standard_normal((20, 3))))
    record = make_solver(loss=loss("huber"), metrics=largest).fit(feed, feed, epochs=1)[0]
    assert record["validation_largest"] > record["validation_rmse"] > 0


@pytest.mark.parametrize("name", LOSSES)
def test_the_names_of_figures_are_those_of_every_history(name: str) -> None:
    measures = loss(name).measures()
    measures.add(np.zeros((2, 1)), np.zeros((2, 1)))
    assert (*measures.figures(),) == measures.names


def test_the_history_has_the_figures_of_each_epoch(make_solver, blobs) -> None:
    names = {"worst": lambda evaluation: float(evaluation.scores.min())}
    solver = make_solver(metrics=names)
    record = solver.fit(*blobs, epochs=1)[0]
    assert record["validation_worst"] == solver.model.predict(blobs[1].batch(slice(None))[0]).min()
    record = make_solver(metrics=["macro_f1", "auc"], evaluate_train=True).fit(*blobs, epochs=1)[0]
    assert {"validation_macro_f1", "validation_auc", "train_macro_f1", "train_auc"} <= record.keys()
