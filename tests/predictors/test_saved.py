"""Predictors in files: they answer by themselves, bit for bit, and refuse what the original refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

import backhand
from backhand import checkpoint
from backhand.architectures import cnn, mlp
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.formats.resize import Resize
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import CheckpointError, DataError
from backhand.layers import LAYERS, ReLU
from backhand.model import Sequential
from backhand.predictors import Classifier, Provenance, Regressor
from backhand.predictors.provenance import Figure, TestFigures, TrainingFacts
from backhand.training import losses

RANGE = {"pixels": True, "low": [0.0], "high": [255.0], "flattest": 0.0, "brightest": 255.0}


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (20, 8, 6, 3), dtype=np.uint8)


@pytest.fixture
def of_images(images):
    model = cnn(3, batchnorm=True, hidden=(5,)).build(images.shape[1:], seed=1)
    return Classifier(
        model=model,
        loss=losses.SoftmaxCrossEntropy(smoothing=0.1, class_weights=(1.0, 2.0, 3.0)),
        standardizer=Standardizer.fit(images, "channel"),
        classes=("hat", "Hut", "帽子"),
        value_range=ValueRange.fit(images),
        evaluation_augment=EvaluationAugment(flips=True, shift=2),
        remarks=("it has learnt little",),
        resize=Resize((8, 6), "letterbox"),
        provenance=Provenance(name="hats", test=TestFigures(count=20, figures=(Figure(name="accuracy", value=0.5),))),
    )


def of_rows(x, loss, classes):
    model = mlp(loss.outputs(len(classes)), (7,)).build(x.shape[1:])
    return Classifier(
        model=model,
        loss=loss,
        standardizer=Standardizer.fit(x, "feature"),
        classes=classes,
        value_range=ValueRange.fit(x),
    )


def again(predictor, tmp_path):
    predictor.save(tmp_path / "model.safetensors")
    return backhand.load_model(tmp_path / "model.safetensors")


def test_a_classifier_of_images_answers_the_same_bits(of_images, images, tmp_path):
    loaded = again(of_images, tmp_path)
    assert loaded.predict_proba(images).tobytes() == of_images.predict_proba(images).tobytes()
    assert loaded.classes == of_images.classes
    assert repr(loaded.loss) == repr(of_images.loss)
    same = ("evaluation_augment", "remarks", "resize", "provenance", "sample_shape")
    assert all(getattr(loaded, name) == getattr(of_images, name) for name in same)
    assert loaded.value_range.facts() == of_images.value_range.facts()


@pytest.mark.parametrize("loss", [losses.Logistic(), losses.BinaryHinge(), losses.Hinge()], ids=str)
def test_a_classifier_of_rows_answers_the_same_bits(rng, loss, tmp_path):
    x = rng.standard_normal((40, 5)) * [1, 1e-3, 1e6, 1, 1] + [0, 0, 1e9, 0, 0]
    predictor = of_rows(x, loss, ("no", "yes"))
    loaded = again(predictor, tmp_path)
    assert loaded.predict_proba(x).tobytes() == predictor.predict_proba(x).tobytes()
    assert loaded.predict_proba(x).shape == (40, 2)
    with pytest.raises(DataError, match="where the training samples lie from"):
        loaded.predict_proba(x * 1e6)


def test_a_second_file_is_equal_to_the_first(of_images, tmp_path):
    of_images.save(tmp_path / "first")
    backhand.load_model(tmp_path / "first").save(tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_a_network_can_start_from_the_file(of_images, tmp_path):
    of_images.save(tmp_path / "hats")
    model = cnn(3, batchnorm=True, hidden=(5,)).build((8, 6, 3), seed=9)
    assert backhand.transfer(model, tmp_path / "hats").changes == ()
    assert all((value == of_images.model.arrays()[name]).all() for name, value in model.arrays().items())


def test_a_layer_of_ones_own_is_refused_and_nothing_is_written(of_images, tmp_path):
    class Mine(ReLU):
        pass

    model = Sequential(*of_images.model.fresh().layers, Mine()).build((8, 6, 3))
    with pytest.raises(backhand.ModelError, match=r"Mine\(\), is of the class"):
        replace(of_images, model=model).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())
    assert "mine" not in LAYERS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"own": {"classes": ["a", "b"]}}, "2 classes do not fit a model of the outputs"),
        ({"own": {}}, "classes is missing; save the model again"),
        ({"loss": "square"}, 'unknown loss "square"'),
        ({"test_shift": -1}, "test_shift: input should be greater"),
        ({"range": {"pixels": True}}, "range.low: field required"),
        ({"range": RANGE | {"low": [0, 0]}}, "the range has 2 lowest and 1 highest values"),
        ({"range": RANGE | {"low": [0, 0], "high": [1, 1]}}, "the range has 2 lowest and 2 highest values"),
        ({"loss_options": {"delta": 1.0}}, ".*unexpected keyword argument 'delta'"),
        ({"loss_options": {"smoothing": "much"}}, "loss_options.smoothing"),
        ({"loss_options": {"smoothing": [0.1]}}, "'<=' not supported"),
        ({"loss": "squared_error"}, ".* is a loss of regression"),
        ({"range": RANGE | {"pixels": False}}, "the range has 1 lowest and 1 highest values"),
        ({"own": {"classes": [["a"], "b", "c"]}}, "own.classes.0"),
        ({"own": {"classes": "abc"}}, "own.classes: input should be a valid tuple"),
        ({"columns": [{"name": "a", "kind": "odd"}]}, "columns gives 1 features, and a sample has the shape"),
        ({"columns": [{"categories": ["a"]}]}, "columns.0.name: field required"),
        ({"columns": [{"name": "a", "categories": ["b", "a"]}]}, "columns.0: .* must be in order"),
        ({"columns": [{"name": "a", "fill": "b"}]}, "columns.0: .* is none of its values: b"),
        ({"test_shift": 6}, "samples of the shape .* have no views with flips and a shift of 6"),
        ({"resize": "fold"}, "resize: input should be"),
    ],
)
def test_a_file_that_does_not_fit_itself_is_refused(of_images, tmp_path, change, said):
    of_images.save(tmp_path / "model")
    arrays, facts = checkpoint.load(tmp_path / "model")
    checkpoint.save(tmp_path / "model", arrays, facts | {"loss_options": {}} | change)
    with pytest.raises(CheckpointError, match=f"model is damaged: {said}|model: .*{said}"):
        backhand.load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"resize": "crop"}, r"resize needs images, and a sample has the shape \(5,\)"),
        ({"test_flips": True}, r"samples of the shape \(5,\) have no views"),
    ],
)
def test_facts_of_images_do_not_fit_rows(rng, tmp_path, change, said):
    of_rows(rng.standard_normal((40, 5)), losses.Hinge(), ("no", "yes")).save(tmp_path / "model")
    arrays, facts = checkpoint.load(tmp_path / "model")
    checkpoint.save(tmp_path / "model", arrays, facts | change)
    with pytest.raises(CheckpointError, match=f"model is damaged: {said}"):
        backhand.load_model(tmp_path / "model")


def test_a_scaling_of_other_samples_is_refused(of_images, tmp_path):
    of_images.save(tmp_path / "model")
    arrays, facts = checkpoint.load(tmp_path / "model")
    checkpoint.save(tmp_path / "model", arrays | {"standardizer.mean": np.zeros(4)}, facts)
    with pytest.raises(CheckpointError, match=r"model is damaged: the standardisation is of the shape \(4,\)"):
        backhand.load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("version", "said"), [(2, "later .* update Backhand"), (0, "earlier .* train the model again")]
)
def test_of_two_versions_the_older_is_named(of_images, tmp_path, version, said):
    of_images.save(tmp_path / "model")
    arrays, facts = checkpoint.load(tmp_path / "model")
    checkpoint.save(tmp_path / "model", arrays, facts | {"version": version})
    with pytest.raises(CheckpointError, match=f"has the form of version {version}, {said}"):
        backhand.load_model(tmp_path / "model")


def test_options_and_settings_may_be_numbers_of_numpy(rng, tmp_path):
    x = rng.standard_normal((40, 5))
    loss = losses.SoftmaxCrossEntropy(smoothing=np.float32(0.1), class_weights=np.array([1, 2], np.float32))
    training = TrainingFacts(settings={"train.lr": np.float32(0.5), "train.decay": (np.int64(2), np.float64(3))})
    predictor = replace(of_rows(x, loss, ("no", "yes")), provenance=Provenance(training=training))
    loaded = again(predictor, tmp_path)
    assert loaded.predict_proba(x).tobytes() == predictor.predict_proba(x).tobytes()
    assert (loaded.loss.smoothing, loaded.loss.class_weights) == (float(np.float32(0.1)), (1, 2))
    assert loaded.provenance.training.settings == {"train.lr": 0.5, "train.decay": [2, 3]}


def test_a_regression_with_a_delta_of_numpy_answers_the_same_bits(rng, tmp_path):
    x = rng.standard_normal((40, 5))
    loss = losses.Huber(delta=np.float32(1.5)).fitted(rng.standard_normal((40, 2)))
    predictor = Regressor(
        model=mlp(2, (7,)).build(x.shape[1:]),
        loss=loss,
        standardizer=Standardizer.fit(x, "feature"),
        targets=("a", "b"),
        value_range=ValueRange.fit(x),
    )
    loaded = again(predictor, tmp_path)
    assert loaded.predict(x).tobytes() == predictor.predict(x).tobytes()
    assert loaded.loss.delta == 1.5


def test_the_scaling_may_not_be_missing(of_images, tmp_path):
    of_images.save(tmp_path / "model")
    arrays, facts = checkpoint.load(tmp_path / "model")
    del arrays["standardizer.mean"]
    checkpoint.save(tmp_path / "model", arrays, facts)
    with pytest.raises(CheckpointError, match="model: the standardisation's mean is missing"):
        backhand.load_model(tmp_path / "model")


def test_the_facts_are_json_that_names_everything(of_images, tmp_path):
    of_images.save(tmp_path / "model")
    _, facts = checkpoint.load(tmp_path / "model")
    assert json.loads(json.dumps(facts)) == facts
    assert (facts["kind"], facts["version"], facts["backhand"]) == ("classifier", 1, backhand.__version__)
    assert facts["own"] == {"classes": ["hat", "Hut", "帽子"]}
    assert facts["loss_options"] == {"smoothing": 0.1, "class_weights": [1.0, 2.0, 3.0]}
