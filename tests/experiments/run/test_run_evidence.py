"""What a run leaves for the pictures of its report agrees with the trained model itself."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import load_file

from backhand.architectures import cnn, mlp, resnet, vgg_small
from backhand.experiments.build import build_model, load_feeds
from backhand.experiments.run import illustrations, layer_pictures
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.run.work import run
from backhand.layers import BatchNorm, Conv2d, Flatten, Linear, MaxPool2d, Residual
from backhand.model.sequential import Sequential
from backhand.study import Study
from backhand.training.evaluate import Evaluation, evaluate
from backhand.training.measures import Hits

STUDY = {
    "name": "small",
    "data": {"name": "digits", "train_size": 300},
    "model": {"name": "cnn", "blocks": [{"outputs": 10}, {"outputs": 4}], "batchnorm": True},
    "train": {"epochs": 2, "optimizer": {"kind": "sgd", "lr": 0.05}},
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A small convolutional network on digits: its evidence, its weights, its data."""
    folder = tmp_path_factory.mktemp("runs") / "small"
    study = Study.model_validate(STUDY)
    run(study, folder, quiet=True)
    classifier, feeds = load_classifier(folder), load_feeds(study)
    result = evaluate(classifier.model, study.train.make_loss(), feeds.test)
    arrays = load_file(folder / "evidence.safetensors")
    return SimpleNamespace(study=study, model=classifier.model, test=feeds.test, result=result, arrays=arrays)


def test_first_weights_are_those_before_and_after(trained: SimpleNamespace) -> None:
    initial = build_model(trained.study, (8, 8, 1), 10)
    np.testing.assert_array_equal(trained.arrays["first_weights_initial"], initial.layers[0].params["weight"])
    np.testing.assert_array_equal(trained.arrays["first_weights"], trained.model.layers[0].params["weight"])


def test_pictures_are_of_different_classes_the_last_the_most_confident_mistake(trained: SimpleNamespace) -> None:
    arrays, result = trained.arrays, trained.result
    assert len(set(arrays["map_labels"])) == layer_pictures.MAPPED
    np.testing.assert_array_equal(arrays["map_images"], trained.test.data.x[arrays["map_index"]])
    np.testing.assert_array_equal(arrays["map_labels"], result.labels[arrays["map_index"]])
    np.testing.assert_array_equal(arrays["map_predictions"], result.predictions[arrays["map_index"]])
    assert (arrays["map_labels"] == arrays["map_predictions"]).tolist() == [True, True, True, False]
    assert arrays["map_index"][-1] == arrays["mistake_index"][0]


def test_maps_are_the_outputs_of_the_layers_within_a_grey_level(trained: SimpleNamespace) -> None:
    """After conv, batch-norm, ReLU of both blocks: layers 2 and 6 of conv bn relu pool conv bn relu pool ..."""
    arrays = trained.arrays
    assert {name for name in arrays if name.startswith("maps.")} == {"maps.2", "maps.6"}
    x = trained.test.batch(arrays["map_index"])[0]
    for index, layer in enumerate(trained.model.layers):
        x = layer.forward(x)
        if index in (2, 6):
            means = x.mean(axis=(0, 1, 2))
            channels = np.argsort(-means, kind="stable")[: layer_pictures.CHANNELS]
            np.testing.assert_array_equal(arrays[f"map_channels.{index}"], channels)
            low, high = arrays[f"map_ranges.{index}"].T
            restored = low + arrays[f"maps.{index}"] / 255 * (high - low)
            np.testing.assert_allclose(restored, x[..., channels], atol=(high - low).max() / 255)


def test_signed_maps_keep_their_sign_and_constant_ones_are_no_trouble(rng: np.random.Generator) -> None:
    x = rng.normal(size=(3, 4, 4, 2)).astype(np.float32) - 5
    x[..., 1] = 0
    maps = layer_pictures.strongest(x)
    assert maps.channels.tolist() == [0, 1]
    np.testing.assert_allclose(maps.ranges, [[x[..., 0].min(), 0], [0, 0]])
    assert maps.maps[..., 0].min() == 0
    assert not maps.maps[..., 1].any()


@pytest.mark.parametrize(
    ("model", "shape", "indices"),
    [
        (mlp(3), (8, 8, 1), []),
        (cnn(3, hidden=(5,)), (8, 8, 1), [1, 4]),
        (vgg_small(3, (4, 4)), (8, 8, 1), [2, 9, 12]),  # each of the four ends with its ReLU
        (resnet(3, 18), (8, 8, 3), [2, 8, 14]),  # the last stage has maps of a single pixel
        (resnet(3, 18, preactivation=True), (16, 16, 3), [2, 10, 18]),
        (Sequential(MaxPool2d(), Flatten(), Linear(3)), (8, 8, 1), []),
    ],
)
def test_maps_are_taken_of_a_first_a_middle_and_a_last_layer(model: Sequential, shape: tuple, indices: list) -> None:
    assert layer_pictures._mapped_layers(model.build(shape)) == indices


@pytest.mark.parametrize(
    ("layers", "has_weights"),
    [
        ([Conv2d(2, 3), BatchNorm(), Flatten(), Linear(2)], True),
        ([Flatten(), Linear(2)], True),
        ([BatchNorm(), Conv2d(2, 3)], False),
        ([Residual([Conv2d(1, 3, padding=1)]), Conv2d(2, 3)], False),
        ([Flatten()], False),
    ],
)
def test_first_weights_are_those_of_the_first_layer_that_has_any(layers: list, has_weights: bool) -> None:
    model = Sequential(*(layer.fresh() for layer in layers)).build((5, 5, 1))
    weights = layer_pictures.first_weights(model)
    assert weights is next(iter(model.parameters)).value if has_weights else weights is None


def test_without_a_mistake_all_pictures_were_read_rightly() -> None:
    labels = np.array([4, 4, 2, 0, 1, 3])
    result = Evaluation(np.eye(5)[labels], labels, labels, 0.0, Hits())
    assert illustrations._mapped_samples(result, np.array([], np.int64)).tolist() == [3, 4, 2, 5]


def test_when_nothing_was_read_rightly_the_mistake_is_left() -> None:
    labels = np.array([1, 0])
    result = Evaluation(np.eye(2)[1 - labels], labels, 1 - labels, 0.0, Hits())
    assert illustrations._mapped_samples(result, np.array([1, 0])).tolist() == [1]


def test_nothing_is_cached_afterwards(trained: SimpleNamespace) -> None:
    illustrations._feature_maps(trained.model, trained.test, trained.result, np.array([], np.int64))
    assert all(layer._cache is None for layer in trained.model.layers[:7])


def test_a_perceptron_has_first_weights_and_no_maps(tmp_path: Path) -> None:
    study = Study.model_validate(STUDY | {"model": {"name": "mlp", "hidden": [8]}, "train": {"epochs": 1}})
    run(study, tmp_path / "mlp", quiet=True)
    arrays = load_file(tmp_path / "mlp" / "evidence.safetensors")
    assert arrays["first_weights"].shape == (64, 8)
    assert not [name for name in arrays if name.startswith("map")]
