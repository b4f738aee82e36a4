"""What an export would lose: it is named, in every form, and nothing is written."""

import importlib.util
import re
from dataclasses import dataclass, fields

import numpy as np
import onnxruntime
import pytest
from onnx import checker, shape_inference

from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.errors import BackhandError, ModelError
from backhand.estimators import BackhandClassifier
from backhand.export import export_model
from backhand.layers import Flatten, Linear, ReLU
from backhand.model import Sequential
from backhand.predictors import Classifier
from backhand.training import losses
from tests.export.networks import LAYERS, built, classifier


@pytest.fixture
def predictor(rng):
    return classifier(built(*LAYERS["flatten"]), rng)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


class Mine(ReLU):
    op_name = "mine"


class LikeReLU(ReLU):
    pass


EVERY_FORM = ("out", "hats.onnx", "hats.py", "hats.safetensors")


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (Mine(), r"layer 1, Mine\(\), (has the op mine, which the export to|is of the class)"),
        (LikeReLU(), r"layer 1, LikeReLU\(\), (has the op relu in a class of its own, LikeReLU,|is of the class)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", EVERY_FORM)
def test_a_form_that_would_lose_a_layer_is_refused_and_nothing_is_written(tmp_path, name, layer, said):
    with pytest.raises(ModelError, match=said):
        export_model(Sequential(Linear(3), layer).build((2,)), tmp_path / name)
    assert files(tmp_path) == []


@dataclass(eq=False)
class Sharper(losses.SoftmaxCrossEntropy):
    """Its probabilities are those of a lower temperature, which no other program knows of."""

    def predict_proba(self, scores):
        return super().predict_proba(3 * scores)


class Darker(EvaluationAugment):
    def variants_of(self, x):
        yield x // 2


class Doubled(Standardizer):
    def transform(self, x):
        return 2 * super().transform(x)


class Sure(Classifier):
    def predict_proba(self, samples):
        return super().predict_proba(samples).round()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"loss": Sharper()},
            "the loss with the op softmax_cross_entropy is of the class Sharper, which is not",
        ),
        ({"evaluation_augment": Darker()}, "the augmentation at evaluation is of the class Darker"),
        ({"standardizer": Doubled}, "the standardisation is of the class Doubled"),
        ({"kind": Sure}, "the predictor is of the class Sure"),
    ],
    ids=["loss", "views", "standardisation", "predictor"],
)
@pytest.mark.parametrize("name", EVERY_FORM)
def test_what_a_class_of_ones_own_computes_is_not_lost_in_silence(predictor, tmp_path, name, change, said):
    pieces = {field.name: getattr(predictor, field.name) for field in fields(predictor)} | change
    kind = pieces.pop("kind", Classifier)
    if pieces["standardizer"] is Doubled:
        pieces["standardizer"] = Doubled(predictor.standardizer.mean, predictor.standardizer.scale)
    with pytest.raises(ModelError, match=said):
        export_model(kind(**pieces), tmp_path / name)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.nan, "the parameter 0.weight has values that are not finite; train"),
        (1e39, "the parameter 0.weight has values that are beyond float32, in which the file computes"),
    ],
)
@pytest.mark.parametrize("name", ["out", "hats.onnx", "hats.py"])
def test_weights_that_give_no_answer_are_named(tmp_path, name, value, said):
    model = Sequential(Linear(3)).build((2,), dtype=np.float64)
    model.parameters.values[0] = value
    with pytest.raises(ModelError, match=said):
        export_model(model, tmp_path / name)
    assert files(tmp_path) == []


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.longdouble])
def test_a_model_of_another_precision_becomes_one_of_float32(tmp_path, rng, dtype):
    model = Sequential(Linear(3), ReLU(), Linear(2)).build((2,), dtype=dtype)
    export_model(model, tmp_path / "hats.onnx")
    x = rng.standard_normal((5, 2)).astype(np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "hats.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"samples": x})[0], model.copy(np.float32).predict(x), rtol=1e-5)


@pytest.mark.parametrize("name", EVERY_FORM)
def test_an_estimator_is_exported_as_its_predictor(tmp_path, rng, name):
    fitted = BackhandClassifier(hidden_layer_sizes=(3,), max_iter=1, tol=0).fit(rng.normal(size=(9, 2)), [0, 1, 2] * 3)
    for thing in (Linear(3), BackhandClassifier()):
        with pytest.raises(BackhandError, match=f"a {type(thing).__name__} cannot be exported; give a Classifier or"):
            export_model(thing, tmp_path / name)
    assert files(tmp_path) == []
    export_model(fitted, tmp_path / name)
    export_model(fitted.predictor_, tmp_path / "again" / name)
    for path in (path for path in tmp_path.rglob("*.*") if "again" not in path.parts):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(tmp_path)).read_bytes()


def test_a_classifier_of_samples_of_another_shape_is_exported(tmp_path, rng):
    model = Sequential(Flatten(), Linear(3)).build((5, 4))
    x = rng.normal(50, 3, (40, 5, 4))
    predictor = Classifier(
        model=model,
        loss=losses.SoftmaxCrossEntropy(),
        standardizer=Standardizer.fit(x, "feature"),
        value_range=ValueRange.fit(x),
        classes=("a", "b", "c"),
    )
    export_model(predictor, tmp_path / "hats.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "hats.onnx", providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"samples": x})[1], predictor.predict_proba(x), rtol=1e-5)
    export_model(predictor, tmp_path / "hats.py")
    spec = importlib.util.spec_from_file_location("hats", tmp_path / "hats.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    np.testing.assert_allclose(module.predict_proba(module.load(), x), predictor.predict_proba(x), rtol=1e-5)


def test_scores_that_are_not_finite_are_not_compared(tmp_path):
    model = Sequential(Linear(2), Linear(2)).build((2,))
    model.parameters.values[:] = 1e30
    with pytest.raises(BackhandError, match="the scores of random samples are not finite, so that nothing can be comp"):
        export_model(model, tmp_path / "hats.onnx")
    assert files(tmp_path) == []


def test_nan_in_one_batch_alone_is_noticed(predictor, tmp_path, monkeypatch):
    real = onnxruntime.InferenceSession.run

    def run(session, names, feeds):
        scores, *others = real(session, names, feeds)
        return [scores * np.nan if len(scores) == 6 else scores, *others]

    monkeypatch.setattr(onnxruntime.InferenceSession, "run", run)
    with pytest.raises(BackhandError, match="differs from Backhand by nan of the largest score"):
        export_model(predictor, tmp_path / "hats.onnx")
    assert files(tmp_path) == []


@pytest.mark.parametrize("error", [checker.ValidationError, shape_inference.InferenceError])
def test_a_graph_that_is_not_valid_is_one_sentence(predictor, tmp_path, monkeypatch, error):
    def check_model(*_, **__):
        raise error("Field shape\n\nis missing")

    monkeypatch.setattr("onnx.checker.check_model", check_model)
    with pytest.raises(ModelError, match=r"^the graph is not valid ONNX: Field shape is missing; report it"):
        export_model(predictor, tmp_path / "hats.onnx")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch.py", '"torch.py" would hide the module torch; name the file otherwise'),
        ("safetensors.py", "would hide the module safetensors"),
        ("random.py", "would hide the module random"),
        ("a-b.py", 'Python cannot import a module from "a-b.py"; name the file with letters'),
        ("class.py", 'Python cannot import a module from "class.py"'),
        ("model.h5", 'an export has no form for the suffix ".h5"'),
        ("model.pt2", 'an export has no form for the suffix ".pt2"'),
        ("my.exports", 'an export has no form for the suffix ".exports"; name a file in .onnx'),
    ],
)
def test_names_that_do_not_fit_are_refused(predictor, tmp_path, name, said):
    with pytest.raises(BackhandError, match=re.escape(said)):
        export_model(predictor, tmp_path / name)
    assert files(tmp_path) == []


def test_a_folder_may_have_a_dot_in_its_name_where_it_is_meant(predictor, tmp_path):
    export_model(predictor, tmp_path / "v1.2", to=("card", "model"))
    assert files(tmp_path / "v1.2") == ["README.md", "model.safetensors"]
    export_model(predictor, tmp_path / "v1.2", to="torch", force=True)
    assert "torch_model.py" in files(tmp_path / "v1.2")
