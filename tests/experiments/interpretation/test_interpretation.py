"""An interpretation agrees with the run, the predictor or the model that it is of."""

import numpy as np
import pytest

import backhand as bh
from backhand import attribution
from backhand.data.frames.dataframes import frame_of
from backhand.errors import BackhandError, DataError, ModelError
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.run.record import read
from backhand.experiments.run.work import run
from backhand.study import Study
from tests.experiments.run.test_attributions import STUDY, TABLE
from tests.notebook.markup import Markup


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "small"
    run(Study.model_validate(STUDY), path, quiet=True)
    return path


@pytest.fixture(scope="module")
def seen(folder):
    return bh.interpret(folder)


@pytest.fixture(scope="module")
def test():
    return bh.load("digits").test


def test_of_a_run_it_has_the_figures_of_its_test(folder, seen):
    metrics = read(folder).metrics
    assert seen.accuracy == metrics.test.accuracy
    assert seen.confusion_matrix.tolist() == [list(row) for row in metrics.test.confusion]
    assert len(seen.labels) == metrics.test.count
    assert np.mean(seen.losses) == pytest.approx(metrics.test.loss, rel=1e-4)
    first = seen.most_confused()[0]
    off_diagonal = seen.confusion_matrix - np.diag(seen.confusion_matrix.diagonal())
    assert first.times == off_diagonal.max()
    assert all(pair.times >= 3 for pair in seen.most_confused(3))
    assert [row.errors for row in seen.errors_by_class] == off_diagonal.sum(axis=1).tolist()
    assert seen.calibration.mean_accuracy == pytest.approx(seen.accuracy)


def test_the_largest_losses_come_first(seen):
    top = seen.top_losses(5)
    assert [each.loss for each in top] == sorted(seen.losses, reverse=True)[:5]
    first = top[0]
    assert first.loss == pytest.approx(-np.log(seen.probabilities[first.sample, seen.labels[first.sample]]), rel=1e-5)
    assert first.label == seen.classes[seen.labels[first.sample]]
    assert first.confidence == seen.probabilities[first.sample].max()


def test_a_predictor_a_model_and_a_record_say_the_same_as_the_run(folder, seen, test):
    classifier = load_classifier(folder)
    x = classifier.standardizer.transform(test.x)
    for other in (
        bh.interpret(classifier, test.x, test.y),
        bh.interpret(classifier.model, x, test.y, classes=seen.classes),
        bh.interpret(read(folder)),
        bh.interpret(classifier, test.x, np.array(seen.classes)[test.y]),
    ):
        np.testing.assert_allclose(other.probabilities, seen.probabilities, atol=1e-5)
        assert other.classes == seen.classes
        assert other.labels.tolist() == seen.labels.tolist()
        np.testing.assert_allclose(other.saliency([3, 5]), seen.saliency([3, 5]), rtol=1e-4, atol=1e-6)


def test_attributions_are_those_of_the_model_for_the_predicted_class(folder, seen, test):
    model, x = load_classifier(folder).model, load_classifier(folder).standardizer.transform(test.x[[4, 7]])
    predicted = seen.predictions[[4, 7]]
    np.testing.assert_array_equal(seen.saliency([4, 7]), attribution.saliency(model, x, predicted))
    np.testing.assert_array_equal(seen.grad_cam([4, 7], 3, layer="2"), attribution.grad_cam(model, x, 3, layer="2"))
    np.testing.assert_array_equal(seen.feature_maps(4), attribution.feature_maps(model, x[:1]))
    np.testing.assert_array_equal(seen.weights(), model.layers[0].params["weight"])
    assert len(seen.saliency()) == 9


def test_every_plot_of_images_is_drawn(seen):
    shown = [
        seen.plot_confusion_matrix(),
        seen.plot_errors_by_class(),
        seen.plot_calibration(),
        seen.plot_top_losses(4),
        seen.plot_weights(),
        seen.plot_feature_maps([0, 1], "2"),
        seen.plot_attributions(k=3),
    ]
    for figure in shown:
        png, facts = figure._repr_png_()
        assert png.startswith(b"\x89PNG")
        assert facts["width"] == round(100 * figure.get_figwidth())
    shares = 100 * seen.confusion_matrix / seen.confusion_matrix.sum(1)[:, None]
    np.testing.assert_allclose(shown[0].axes[0].images[0].get_array(), shares)


def test_standardised_images_are_shown_from_their_lowest_to_their_highest_value(folder, test):
    classifier = load_classifier(folder)
    seen = bh.interpret(classifier.model, classifier.standardizer.transform(test.x), test.y)
    for figure in (seen.plot_attributions([3]), seen.plot_top_losses(1)):
        image = np.asarray(figure.axes[0].images[0].get_array())
        assert image.dtype == np.uint8
        assert (image.min(), image.max()) == (0, 255)


def test_a_table_has_the_importance_of_its_columns(tmp_path):
    run(Study.model_validate(TABLE | {"train": {"epochs": 2}}), tmp_path / "table", quiet=True)
    seen = bh.interpret(tmp_path / "table")
    saved = read(tmp_path / "table").evidence.importance
    np.testing.assert_allclose(seen.permutation_importance().losses, saved.losses, atol=1e-6)
    assert len(seen.plot_importance().axes[0].patches) == 20
    assert seen.saliency([0]).shape == (1, 30)
    for refused in (seen.plot_top_losses, seen.plot_attributions, seen.plot_weights):
        with pytest.raises(BackhandError, match=r"not images|no images"):
            refused()
    with pytest.raises(ModelError, match="no layer with feature maps"):
        seen.grad_cam([0])


def test_images_have_no_columns_and_indices_are_those_of_samples(seen):
    with pytest.raises(BackhandError, match="pixels instead of columns"):
        seen.permutation_importance()
    for indices in ([360], [-1], [0.5], [[1]]):
        with pytest.raises(BackhandError, match="whole numbers from 0 to 358"):
            seen.saliency(indices)


def test_a_notebook_shows_the_main_figures(seen):
    page = Markup(seen._repr_html_())
    assert f"{100 * seen.accuracy:.2f}%" in page.text
    assert "359 samples of 10 classes" in page.text
    pair = seen.most_confused()[0]
    assert f"{pair.true} → {pair.predicted}{pair.times}" in page.text


class Foreign:
    classes_ = np.array([1, 2])

    def predict_proba(self, x):
        return np.tile([0.25, 0.75], (len(x), 1))


def test_a_classifier_of_another_program_has_answers_but_no_gradients():
    seen = bh.interpret(Foreign(), np.zeros((4, 3)), [1, 2, 2, 2])
    assert seen.labels.tolist() == [0, 1, 1, 1]
    assert seen.accuracy == 0.75
    with pytest.raises(BackhandError, match="Foreign holds no network of Backhand"):
        seen.saliency()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((Foreign(), np.zeros((4, 3))), "give y"),
        ((Foreign(), np.zeros((4, 3)), [1, 2]), "4 samples need one label each"),
        ((Foreign(), np.zeros((2, 3)), [1, 5]), 'the label "5" is none of the classes 1, 2'),
        ((3, np.zeros((2, 3)), [1, 5]), "int has no predict_proba"),
        ((3,), "int is no folder of a run"),
    ],
)
def test_what_cannot_be_interpreted_is_refused(arguments, said):
    with pytest.raises((BackhandError, DataError), match=said):
        bh.interpret(*arguments)


@pytest.mark.parametrize("labels", [["cat", "dog", "dog"], [0, 1, 1], ["0", "1", "1"]])
def test_labels_are_given_by_the_names_of_the_caller_those_of_the_subject_or_numbers(labels):
    model = bh.Sequential(bh.Linear(2)).build((3,), seed=0)
    seen = bh.interpret(model, np.ones((3, 3), np.float32), labels, classes=("cat", "dog"))
    assert seen.labels.tolist() == [0, 1, 1]
    assert seen.classes == ("cat", "dog")


def test_numbers_are_those_of_the_subject_though_a_name_looks_like_one():
    assert bh.interpret(Foreign(), np.zeros((2, 3)), [1, 2], classes=("2", "1")).labels.tolist() == [0, 1]
    with pytest.raises(DataError, match='the label "bird" is none of the classes cat, dog'):
        bh.interpret(Foreign(), np.zeros((2, 3)), ["cat", "bird"], classes=("cat", "dog"))


def test_no_samples_are_refused():
    with pytest.raises(DataError, match="no samples to interpret"):
        bh.interpret(Foreign(), np.zeros((0, 3)), [])


def test_bars_of_importance_have_the_names_of_a_tables_columns(tmp_path):
    rng = np.random.default_rng(0)
    pairs = rng.normal(size=(80, 2))
    rows = [f"{a:.3f},{b:.3f},{'red' if a > 0 else 'blue'},{'yes' if a + b > 0 else 'no'}" for a, b in pairs]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,colour,y", *rows]), "utf-8")
    data = {"name": "csv", "path": str(tmp_path / "t.csv"), "label": "y"}
    study = {"name": "t", "data": data, "model": {"name": "mlp"}, "train": {"epochs": 2}}
    run(Study.model_validate(study), tmp_path / "run", quiet=True)
    predictor, frame = load_classifier(tmp_path / "run"), {"a": pairs[:6, 0], "b": pairs[:6, 1]}
    x = predictor.encoding.encode(frame_of(frame | {"colour": np.array(["red", "blue"] * 3)}))
    for seen in (bh.interpret(tmp_path / "run"), bh.interpret(predictor, x, ["yes", "no"] * 3)):
        names = {text.get_text() for text in seen.plot_importance().axes[0].get_yticklabels()}
        assert names == {"a", "b", "colour=red"}


def test_other_names_of_classes_than_there_are_probabilities_are_refused():
    with pytest.raises(DataError, match="3 names of classes do not fit probabilities of 2"):
        bh.interpret(Foreign(), np.zeros((2, 3)), [1, 2], classes=("a", "b", "c"))


def test_data_that_have_changed_are_refused(folder, tmp_path):
    import json
    from shutil import copytree

    other = copytree(folder, tmp_path / "other")
    metrics = json.loads((other / "metrics.json").read_text())
    metrics["data"]["sha256"] = "0" * 64
    (other / "metrics.json").write_text(json.dumps(metrics))
    seen = bh.interpret(other)
    assert seen.accuracy > 0
    with pytest.raises(DataError, match="have changed since it was trained"):
        seen.saliency()
