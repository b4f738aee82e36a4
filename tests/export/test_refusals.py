"""What an export would lose: it is named, in every form, and nothing is written."""

from dataclasses import dataclass, fields

import numpy as np
import onnxruntime
import pytest

from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.standardize import Standardizer
from backhand.errors import BackhandError, ModelError
from backhand.estimators import BackhandClassifier
from backhand.export import export_model
from backhand.layers import Linear, ReLU
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
def test_an_estimator_is_exported_by_its_predictor(tmp_path, rng, name):
    fitted = BackhandClassifier(hidden_layer_sizes=(3,), max_iter=1, tol=0).fit(rng.normal(size=(9, 2)), [0, 1, 2] * 3)
    with pytest.raises(BackhandError, match="a BackhandClassifier is exported by its predictor_; give that"):
        export_model(fitted, tmp_path / name)
    with pytest.raises(BackhandError, match="a Linear cannot be exported; give a Classifier or a Regressor"):
        export_model(Linear(3), tmp_path / name)
    assert files(tmp_path) == []
    export_model(fitted.predictor_, tmp_path / name)
