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
from backhand.predictors import Classifier, Provenance
from backhand.predictors.provenance import Figure, TestFigures
from backhand.training import losses


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
    ],
)
def test_a_file_that_does_not_fit_itself_is_refused(of_images, tmp_path, change, said):
    of_images.save(tmp_path / "model")
    arrays, facts = checkpoint.load(tmp_path / "model")
    facts["loss_options"] = {}
    checkpoint.save(tmp_path / "model", arrays, facts | change)
    with pytest.raises(CheckpointError, match=f"model is damaged: {said}|model: .*{said}"):
        backhand.load_model(tmp_path / "model")


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
