"""ONNX graphs of every layer and architecture compute what Backhand does, and say what they are."""

import json
import sys
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

from backhand.errors import BackhandError, ModelError
from backhand.export.onnx import onnx_file
from backhand.export.onnx.file import IR_VERSION, OPSET
from backhand.export.onnx.layers import EXPORTED as ONNX_LAYERS
from backhand.export.pipeline import Pipeline
from backhand.export.torch.modules import EXPORTED as TORCH_LAYERS
from backhand.extras import MissingExtraError
from backhand.layers import LAYERS as LAYER_CLASSES
from backhand.layers import BatchNorm, GroupNorm, LayerNorm, Linear, ReLU, Residual, Tanh
from backhand.model import Sequential
from backhand.predictors.provenance import DataFacts, Figure, Provenance, TestFigures, TrainingFacts
from backhand.training import losses
from tests.export.networks import ARCHITECTURES, LAYERS, VIEWS, architecture, built, classifier

TOLERANCE = 1e-5


def answers(content, x):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return dict(zip((out.name for out in session.get_outputs()), session.run(None, {"samples": x}), strict=True))


def agree(ours, theirs):
    assert theirs.shape == ours.shape
    assert np.abs(theirs - ours).max() <= TOLERANCE * np.abs(ours).max()


@pytest.mark.parametrize("fold", [False, True], ids=["", "folded"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(name, fold, rng):
    model = built(*LAYERS[name])
    x = rng.standard_normal((5, *model.input_shape)).astype(np.float32)
    agree(model.predict(x), answers(onnx_file(model, fold_batchnorm=fold), x)["scores"])


@pytest.mark.parametrize("fold", [False, True], ids=["", "folded"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture(name, fold, rng):
    predictor = classifier(architecture(name), rng)
    x = Pipeline.of(predictor).random_samples(7, rng)
    out = answers(onnx_file(predictor, fold_batchnorm=fold), x)
    agree(predictor.scores(x), out["scores"])
    assert np.abs(out["probabilities"] - predictor.loss.predict_proba(predictor.scores(x))).max() < TOLERANCE


@pytest.mark.parametrize("views", VIEWS)
def test_the_views_of_an_image_are_in_the_file(views, rng):
    predictor = classifier(built(*LAYERS["flatten"]), rng, evaluation_augment=VIEWS[views])
    for count in (1, 6):
        x = rng.integers(0, 256, (count, *predictor.sample_shape), dtype=np.uint8)
        agree(predictor.scores(x), answers(onnx_file(predictor), x)["scores"])


@pytest.mark.parametrize("mode", ["none", "global", "channel", "feature"])
def test_every_standardisation_is_in_the_file(mode, rng):
    predictor = classifier(built(*LAYERS["flatten"]), rng)
    x = rng.integers(0, 256, (9, *predictor.sample_shape), dtype=np.uint8)
    predictor = replace(predictor, standardizer=type(predictor.standardizer).fit(x, mode))
    agree(predictor.scores(x), answers(onnx_file(predictor), x)["scores"])


@pytest.mark.parametrize("loss", [losses.Logistic(), losses.BinaryHinge()], ids=str)
def test_one_score_gives_two_probabilities(loss, rng):
    predictor = classifier(built([Linear(4), Tanh(), Linear(1)], (6,)), rng, loss)
    x = Pipeline.of(predictor).random_samples(5, rng)
    out = answers(onnx_file(predictor), x)
    assert out["probabilities"].shape == (5, 2)
    assert np.abs(out["probabilities"] - predictor.predict_proba(x)).max() < 1e-6


def test_rows_keep_their_digits_where_the_mean_is_large(rng):
    """The samples differ by 1e-3 around 1e6, which float32 could not tell apart."""
    predictor = classifier(built([Linear(5)], (6,)), rng)
    x = predictor.standardizer.mean + rng.standard_normal((5, 6)) / predictor.standardizer.scale
    out = answers(onnx_file(predictor), x)
    assert np.ptp(out["scores"], axis=0).min() > 0.1
    agree(predictor.scores(x), out["scores"])


def test_a_model_in_float64_is_exported_too(rng):
    model = built(*LAYERS["residual, shortcut"]).copy(np.float64)
    x = rng.standard_normal((3, *model.input_shape)).astype(np.float32)
    agree(model.predict(x), answers(onnx_file(model), x)["scores"])


def test_folding_removes_batch_normalisation(rng):
    model = architecture("vgg_small")
    kinds = [
        [node.op_type for node in onnx.load_from_string(onnx_file(model, fold_batchnorm=fold)).graph.node]
        for fold in (False, True)
    ]
    assert [ops.count("BatchNormalization") for ops in kinds] == [4, 0]
    assert kinds[0].count("Conv") == kinds[1].count("Conv") == 4


def test_the_axis_of_the_batch_has_a_name_and_any_length(rng):
    graph = onnx.load_from_string(onnx_file(classifier(built(*LAYERS["flatten"]), rng))).graph
    dims = [
        [dim.dim_param or dim.dim_value for dim in each.type.tensor_type.shape.dim]
        for each in (*graph.input, *graph.output)
    ]
    assert dims == [["N", 9, 8, 4], ["N", 4], ["N", 4]]
    assert [each.name for each in (*graph.input, *graph.output)] == ["samples", "scores", "probabilities"]


def test_the_file_says_where_it_comes_from(rng):
    known = Provenance(
        name="hats",
        title="Hats “of all kinds”",
        data=DataFacts(name="hats", source="the attic", sha256="abc"),
        training=TrainingFacts(recipe="It was trained.", started="2026-01-01"),
        test=TestFigures(
            count=9, figures=(Figure(name="accuracy", value=0.5, interval=(0.25, 0.75), interval_kind="95%"),)
        ),
    )
    predictor = classifier(built(*LAYERS["linear"]), rng, provenance=known, remarks=("little was learnt",))
    model = onnx.load_from_string(onnx_file(predictor))
    said = {prop.key: prop.value for prop in model.metadata_props}
    assert json.loads(said["classes"]) == list(predictor.classes)
    assert said["title"] == "Hats “of all kinds”"
    assert said["test_accuracy"] == "0.5 (95% 0.25 to 0.75)"
    assert said["remarks"] == "little was learnt"
    assert said["input"] == "float64 rows (N, 6)"
    assert (model.producer_name, model.ir_version, model.opset_import[0].version) == ("backhand", IR_VERSION, OPSET)


def test_equal_models_give_equal_files():
    model = built(*LAYERS["concatenate"])
    assert onnx_file(model) == onnx_file(model.copy())


class Mine(ReLU):
    op_name = "mine"

    def forward(self, x, *, train=False, rng=None):
        return abs(x)


def test_a_layer_that_onnx_does_not_know_is_named():
    model = Sequential(Linear(3), Residual([Linear(3), Mine()])).build((2,))
    with pytest.raises(
        ModelError, match=r"layer 1.body.1, Mine\(\), has the op mine, which the export to ONNX does not"
    ):
        onnx_file(model)


def test_a_normalisation_of_other_samples_is_named():
    with pytest.raises(ModelError, match=r"layer 0, BatchNorm\(\), normalises samples of shape \(2, 3\)"):
        onnx_file(Sequential(BatchNorm()).build((2, 3)))
    with pytest.raises(ModelError, match=r"layer 0, GroupNorm\(1\), normalises samples of shape \(2, 3\)"):
        onnx_file(Sequential(GroupNorm(1)).build((2, 3)))


def test_layer_normalisation_of_samples_with_two_axes():
    model = built([LayerNorm()], (2, 3))
    x = np.random.default_rng(1).standard_normal((4, 2, 3)).astype(np.float32)
    agree(model.predict(x), answers(onnx_file(model), x)["scores"])


def test_a_runtime_that_differs_is_refused(monkeypatch):
    model = built(*LAYERS["linear"])
    run = onnxruntime.InferenceSession.run
    monkeypatch.setattr(
        onnxruntime.InferenceSession, "run", lambda *args: [out * np.float32(1.0001) for out in run(*args)]
    )
    with pytest.raises(
        BackhandError, match=r"differs from Backhand by 1.0e-04 of the largest score.*nothing was written"
    ):
        onnx_file(model)


def test_a_model_that_is_not_built_and_other_things_are_refused():
    with pytest.raises(ModelError, match="must be built before it is exported"):
        onnx_file(Sequential(Linear(3)))
    with pytest.raises(BackhandError, match="a Linear cannot be exported; give a Classifier or a Regressor"):
        onnx_file(Linear(3))


def test_without_the_packages_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"needs onnxruntime; install it by `pip install 'backhand\[export\]'`"):
        onnx_file(built(*LAYERS["linear"]))


def test_every_layer_that_ships_has_a_counterpart_in_both_forms():
    assert set(LAYER_CLASSES.values()) <= ONNX_LAYERS.keys() & TORCH_LAYERS.keys()
    tried = {type(inner) for layers, _ in LAYERS.values() for layer in layers for _, inner in layer.walk("0")}
    assert set(LAYER_CLASSES.values()) <= tried
