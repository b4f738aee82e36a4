"""The Python for PyTorch computes what Backhand does, and its weights come back bit for bit."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from backhand.errors import CheckpointError, ModelError
from backhand.export.pipeline import Pipeline
from backhand.export.torch import torch_files
from backhand.layers import BatchNorm, GroupNorm, LayerNorm, Linear, ReLU, Residual, Tanh
from backhand.model import Sequential
from backhand.predictors.provenance import Provenance
from backhand.training import losses
from backhand.weights import transfer
from tests.export.networks import ARCHITECTURES, LAYERS, VIEWS, architecture, built, classifier

pytestmark = pytest.mark.usefixtures("one_thread")
TOLERANCE = 3e-6  # two orders of summation in float32


def module_of(exported, folder, **options):
    """The Python file of an export, imported."""
    for name, content in torch_files(exported, "net", **options).items():
        (folder / name).write_bytes(content)
    specification = importlib.util.spec_from_file_location("net", folder / "net.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def agree(ours, theirs):
    assert theirs.shape == ours.shape
    assert np.abs(np.asarray(theirs) - ours).max() <= TOLERANCE * np.abs(ours).max()


@pytest.mark.parametrize("fold", [False, True], ids=["", "folded"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name, fold, rng, tmp_path):
    model = built(*LAYERS[name])
    module = module_of(model, tmp_path, fold_batchnorm=fold)
    x = rng.standard_normal((5, *model.input_shape)).astype(np.float32)
    agree(model.predict(x), module.scores(module.load(), x))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_there_and_back(name, rng, tmp_path):
    predictor = classifier(architecture(name), rng)
    module = module_of(predictor, tmp_path)
    x = Pipeline.of(predictor).random_samples(7, rng)
    net = module.load()
    agree(predictor.scores(x), module.scores(net, x))
    expected = predictor.loss.predict_proba(predictor.scores(x))
    assert np.abs(module.predict_proba(net, x).numpy() - expected).max() < TOLERANCE * np.abs(predictor.scores(x)).max()
    assert predictor.classes == module.CLASSES
    torch.save(net.state_dict(), tmp_path / "net.pth")
    for file in ("net_weights.safetensors", "net.pth"):
        back = predictor.model.fresh().build(predictor.sample_shape, seed=9)
        assert transfer(back, tmp_path / file).changes == ()
        assert all(value.tobytes() == back.arrays()[key].tobytes() for key, value in predictor.model.arrays().items())


@pytest.mark.parametrize("name", ["flatten", "residual, shortcut", "avg pool, uneven, not counted"])
def test_in_float64_nothing_but_rounding_differs(name, rng, tmp_path):
    model = built(*LAYERS[name])
    net = module_of(model, tmp_path).load().double()
    x = rng.standard_normal((5, *model.input_shape))
    ours, theirs = model.copy(np.float64).predict(x), net(torch.from_numpy(x)).detach().numpy()
    assert np.abs(ours - theirs).max() < 1e-13 * np.abs(ours).max()


@pytest.mark.parametrize("views", VIEWS)
def test_the_views_of_an_image_are_in_the_file(views, rng, tmp_path):
    predictor = classifier(built(*LAYERS["flatten"]), rng, evaluation_augment=VIEWS[views])
    module = module_of(predictor, tmp_path)
    x = rng.integers(0, 256, (6, *predictor.sample_shape), dtype=np.uint8)
    agree(predictor.scores(x), module.scores(module.load(), x))
    assert hasattr(module, "views") == (views != "one")


@pytest.mark.parametrize("mode", ["none", "global", "channel", "feature"])
def test_every_standardisation_is_in_the_file(mode, rng, tmp_path):
    predictor = classifier(built(*LAYERS["flatten"]), rng)
    x = rng.integers(0, 256, (9, *predictor.sample_shape), dtype=np.uint8)
    predictor = replace(predictor, standardizer=type(predictor.standardizer).fit(x, mode))
    module = module_of(predictor, tmp_path)
    agree(predictor.scores(x), module.scores(module.load(), x))


def test_one_score_gives_two_probabilities(rng, tmp_path):
    predictor = classifier(built([Linear(4), Tanh(), Linear(1)], (6,)), rng, losses.Logistic())
    module, x = module_of(predictor, tmp_path), Pipeline.of(predictor).random_samples(5, rng)
    assert np.abs(module.predict_proba(module.load(), x).numpy() - predictor.predict_proba(x)).max() < 1e-6


def test_the_names_are_readable(rng, tmp_path):
    module_of(built(*LAYERS["branches in branches"]), tmp_path)
    names = load_file(tmp_path / "net_weights.safetensors")
    assert "block1.body.concatenate1.1.block1.body.conv1.weight" in names
    model = architecture("cnn")
    module = module_of(model, tmp_path)
    assert [name for name, _ in module.load().named_children()] == [
        *("channels_first", "conv1", "batchnorm1", "relu1", "max_pool1", "block1", "max_pool2", "flatten1"),
        *("linear1", "batchnorm2", "relu2", "linear2"),
    ]


def test_training_goes_on_in_pytorch_and_comes_back(rng, tmp_path):
    predictor = classifier(architecture("vgg_small"), rng)
    net = module_of(predictor, tmp_path).load().train()
    x, y = Pipeline.of(predictor).random_samples(8, rng), torch.arange(8) % 3
    torch.nn.functional.cross_entropy(net(torch.from_numpy(x)), y).backward()
    torch.optim.SGD(net.parameters(), 0.1).step()
    torch.save(net.eval().state_dict(), tmp_path / "trained.pth")
    back = predictor.model.fresh().build(predictor.sample_shape)
    transfer(back, tmp_path / "trained.pth")
    ours = replace(predictor, model=back).scores(x)
    agree(ours, net(torch.from_numpy(x)).detach())
    assert np.abs(ours - predictor.scores(x)).max() > 1e-2


def test_a_head_of_another_size_keeps_its_own_weights(rng, tmp_path):
    model = architecture("lenet")
    module_of(model, tmp_path)
    other = Sequential(*model.fresh().layers[:-1], Linear(5)).build(model.input_shape)
    (change,) = transfer(other, tmp_path / "net_weights.safetensors").changes
    assert change == "the head, layer 11, starts from new weights: 3 -> 5 outputs"


def test_weights_of_another_model_are_refused(rng, tmp_path):
    module_of(architecture("lenet"), tmp_path)
    with pytest.raises(CheckpointError, match="fit the model that they were exported from"):
        transfer(architecture("mlp"), tmp_path / "net_weights.safetensors")


def test_titles_and_names_cannot_break_the_python(rng, tmp_path):
    title = 'Hats """ \\ of\nall kinds {braces}'
    odd = 'it\'s "odd" \\ {k}', "b", "c", "d"
    predictor = classifier(built(*LAYERS["flatten"]), rng, provenance=Provenance(title=title), classes=odd)
    assert odd == module_of(predictor, tmp_path).CLASSES
    compile(torch_files(predictor, "odd")["odd.py"], "odd", "exec")


class Mine(ReLU):
    op_name = "mine"


def test_a_layer_that_pytorch_does_not_know_is_named():
    model = Sequential(Linear(3), Residual([Linear(3), Mine()])).build((2,))
    with pytest.raises(
        ModelError, match=r"layer 1.body.1, Mine\(\), has the op mine, which the export to PyTorch does"
    ):
        torch_files(model, "net")
    with pytest.raises(ModelError, match=r"layer 0, BatchNorm\(\), normalises samples of shape \(2, 3\)"):
        torch_files(Sequential(BatchNorm()).build((2, 3)), "net")
    with pytest.raises(ModelError, match=r"layer 0, LayerNorm\(\), normalises samples of shape \(2, 3\)"):
        torch_files(Sequential(LayerNorm()).build((2, 3)), "net")
    with pytest.raises(ModelError, match=r"layer 0, GroupNorm\(1\), normalises samples of shape \(2, 3\)"):
        torch_files(Sequential(GroupNorm(1)).build((2, 3)), "net")
