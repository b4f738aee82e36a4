"""What a run saves of what its network looks at agrees with the trained network itself."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand import attribution
from backhand.experiments.build import load_feeds
from backhand.experiments.run import attributions, evidence, record, report
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.run.work import run
from backhand.study import Study
from backhand.training.evaluate import Evaluation, evaluate
from backhand.training.measures import Hits

STUDY = {
    "name": "small",
    "data": {"name": "digits", "train_size": 300},
    "model": {"name": "cnn", "blocks": [{"outputs": 10}, {"outputs": 4}], "batchnorm": True},
    "train": {"epochs": 2, "optimizer": {"kind": "sgd", "lr": 0.05}},
}
TABLE = {"name": "table", "data": {"name": "breast_cancer"}, "model": {"name": "mlp", "hidden": [8]}}


def trained(folder: Path, settings: dict) -> SimpleNamespace:
    study = Study.model_validate(settings)
    run(study, folder, quiet=True)
    classifier, feeds = load_classifier(folder), load_feeds(study)
    result = evaluate(classifier.model, study.train.make_loss(), feeds.test)
    saved = evidence.read(folder, len(classifier.classes))
    return SimpleNamespace(model=classifier.model, loss=classifier.loss, test=feeds.test, result=result, saved=saved)


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> SimpleNamespace:
    return trained(tmp_path_factory.mktemp("runs") / "small", STUDY)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> SimpleNamespace:
    return trained(tmp_path_factory.mktemp("runs") / "table", TABLE | {"train": {"epochs": 5}})


def test_the_most_confident_mistakes_come_first_then_right_answers_of_different_classes(images) -> None:
    saved, mistakes = images.saved.attributions, images.saved.mistakes
    wrong = saved.labels != saved.predictions
    assert wrong.tolist() == [True] * 8 + [False] * (len(wrong) - 8)
    np.testing.assert_array_equal(saved.index[:8], mistakes.index[:8])
    np.testing.assert_array_equal(saved.confidence[:8], mistakes.confidence[:8])
    assert len(set(saved.labels[8:])) == len(saved.labels) - 8 > 3
    np.testing.assert_array_equal(saved.images, images.test.data.x[saved.index])
    np.testing.assert_array_equal(saved.labels, images.test.data.y[saved.index])
    np.testing.assert_array_equal(saved.predictions, images.result.predictions[saved.index])


def test_saliency_and_grad_cam_are_those_of_the_kept_weights(images) -> None:
    saved, model = images.saved.attributions, images.model
    x = images.test.batch(saved.index)[0]
    assert saved.layer == "6"  # conv bn relu pool conv bn relu
    np.testing.assert_allclose(saved.saliency, attribution.saliency(model, x, saved.predictions), rtol=1e-5)
    for maps, classes in ((saved.grad_cam, saved.predictions), (saved.grad_cam_true, saved.labels)):
        np.testing.assert_allclose(maps, attribution.grad_cam(model, x, classes), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(saved.grad_cam[8:], saved.grad_cam_true[8:])
    assert (saved.grad_cam[:8] != saved.grad_cam_true[:8]).any()


def test_a_perceptron_on_images_has_saliency_alone(tmp_path: Path) -> None:
    run(Study.model_validate(STUDY | {"model": {"name": "mlp", "hidden": [8]}}), tmp_path / "mlp", quiet=True)
    arrays = load_file(tmp_path / "mlp" / "evidence.safetensors")
    assert arrays["saliency"].shape[1:] == (8, 8)
    assert not [name for name in arrays if name.startswith("grad_cam")]


def test_the_importance_is_what_the_accuracy_loses(table) -> None:
    saved, test = table.saved.importance, table.test
    assert saved.losses.shape == (30, attributions.REPEATS)
    assert saved.rows.tolist() == [len(test)] == [114]
    assert table.saved.attributions is None

    def accuracy(x: np.ndarray) -> float:
        return float((table.model.predict(test.standardizer.transform(x)).argmax(1) == test.data.y).mean())

    expected = attribution.permutation_importance(accuracy, test.data.x, repeats=attributions.REPEATS)
    np.testing.assert_allclose(saved.losses, expected, atol=1e-6)
    assert saved.losses.max() > 0


def test_a_figure_that_should_be_low_loses_by_rising(table) -> None:
    accuracy, error = (
        attributions.importance_of(table.model, table.loss, table.test, key) for key in ("accuracy", "error")
    )
    np.testing.assert_allclose(accuracy.losses, error.losses, atol=1e-6)


def test_of_a_large_table_only_some_rows_are_shuffled_or_nothing_is(table, monkeypatch) -> None:
    whole = attributions.REPEATS * 30 * table.model.work()
    monkeypatch.setattr(attributions, "WORK", 60 * whole)
    assert attributions.importance_of(table.model, table.loss, table.test).rows.tolist() == [60]
    monkeypatch.setattr(attributions, "WORK", 10 * whole)
    assert attributions.importance_of(table.model, table.loss, table.test) is None


def test_without_an_answer_or_with_infinite_ones_nothing_is_saved(images) -> None:
    labels = images.result.labels
    nothing = Evaluation(np.full((len(labels), 10), np.nan), labels, np.full(len(labels), -1), np.nan, Hits())
    none, share = np.array([], np.int64), np.ones(len(labels), np.float32)
    assert attributions.attributions_of(images.model, images.test, nothing, share, none) is None
    broken = images.model.copy()
    broken.arrays()["0.weight"][...] = np.inf
    assert attributions.attributions_of(broken, images.test, images.result, share, none) is None


def test_of_a_regression_it_is_the_rise_of_the_rmse(tmp_path: Path) -> None:
    train = {"loss": "squared_error", "epochs": 10, "optimizer": {"kind": "adam", "lr": 0.01}}
    settings = {"name": "line", "data": {"name": "diabetes"}, "model": {"name": "mlp", "hidden": [8]}, "train": train}
    run(Study.model_validate(settings), tmp_path / "line", quiet=True)
    read = record.read(tmp_path / "line")
    losses = read.evidence.importance.losses
    assert losses.shape == (len(read.metrics.data.features), attributions.REPEATS)
    assert losses.mean(axis=1).max() > 0.5
    page = report.page(tmp_path / "line")
    (chapter,) = (section for section in page.sections if section.key == "attributions")
    assert "root mean square error (RMSE) rises" in chapter.blocks[0].text
    best = read.metrics.data.features[int(losses.mean(axis=1).argmax())]
    assert chapter.blocks[1].items[0].alt.endswith(f"the most important is {best}")
