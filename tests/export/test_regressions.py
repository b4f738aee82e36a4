"""Regressions in every form: predictions in the units of the targets, with the digits that they need."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest

import backhand
from backhand.data.frames.encoding import EncodedColumn, Encoding
from backhand.data.standardize import Standardizer
from backhand.data.value_range import ValueRange
from backhand.export import export_model
from backhand.export.card import model_card
from backhand.export.pipeline import Pipeline
from backhand.layers import Linear, Tanh
from backhand.predictors import Regressor
from backhand.predictors.provenance import DataFacts, Figure, Provenance, TestFigures
from backhand.training import losses
from tests.export.networks import LAYERS, built
from tests.export.test_torch import module_of

pytestmark = pytest.mark.usefixtures("one_thread")
UNITS = {"center": (1e6, -2.0), "scale": (0.5, 3.0)}
COLUMNS = (
    EncodedColumn("area"),
    EncodedColumn("colour", ("blue", "green", "red")),
    EncodedColumn("new", ("no", "yes"), "no"),
)


@pytest.fixture
def regressor(rng):
    x = rng.standard_normal((40, 5)) * 1e-3 + 1e4
    return Regressor(
        model=built([Linear(8), Tanh(), Linear(2)], (5,)),
        loss=losses.SquaredError(**UNITS),
        standardizer=Standardizer.fit(x, "feature"),
        value_range=ValueRange.fit(x),
        targets=("price", "days"),
        encoding=Encoding(COLUMNS),
        provenance=Provenance(
            name="houses",
            data=DataFacts(name="csv", source="houses.csv", counts={"train": (40,), "test": (9,)}),
            test=TestFigures(
                count=9, figures=(Figure(name="R² of price", value=0.5, interval=(0.25, 0.75), interval_kind="95%"),)
            ),
        ),
    )


@pytest.fixture
def samples(regressor, rng):
    return Pipeline.of(regressor).random_samples(6, rng)


@pytest.fixture
def exported(regressor, tmp_path):
    export_model(regressor, tmp_path / "out")
    return tmp_path / "out"


def test_onnx_predicts_in_the_units_of_the_targets(regressor, samples, exported):
    session = onnxruntime.InferenceSession(exported / "model.onnx")
    assert [out.name for out in session.get_outputs()] == ["scores", "predictions"]
    _, predictions = session.run(None, {"samples": samples})
    ours = regressor.predict(samples)
    assert predictions.dtype == np.float64
    assert np.abs(predictions - ours).max() < 1e-5  # of a price of a million, which float32 knows to 0.06
    assert np.ptp(ours[:, 0]) > 0.1


def test_pytorch_does_so_too(regressor, samples, tmp_path):
    module = module_of(regressor, tmp_path)
    predictions = module.predict(module.load(), samples).numpy()
    assert np.abs(predictions - regressor.predict(samples)).max() < 1e-5
    assert module.TARGETS == ("price", "days")
    assert module.FEATURES == ("area", "colour=blue", "colour=green", "colour=red", "new=yes")


def test_the_file_gives_it_back(regressor, samples, exported):
    loaded = backhand.load_model(exported / "model.safetensors")
    assert loaded.predict(samples).tobytes() == regressor.predict(samples).tobytes()
    assert (loaded.targets, loaded.encoding) == (regressor.targets, regressor.encoding)


def test_the_metadata_names_targets_and_features(exported):
    said = {prop.key: prop.value for prop in onnx.load(exported / "model.onnx").metadata_props}
    assert json.loads(said["targets"]) == ["price", "days"]
    assert json.loads(said["features"])[1] == "colour=blue"
    assert "classes" not in said


def test_the_card_is_that_of_a_regression(regressor):
    from huggingface_hub import ModelCard

    text = model_card(Pipeline.of(regressor), ("onnx", "torch", "model"))
    assert ModelCard(text).data.pipeline_tag == "tabular-regression"
    assert (
        "A regression of price, days, of Backhand, with 66 parameters. Test R² of price 0.5 (0.25 to 0.75, 95%)."
        in text
    )
    assert "scores, predictions = session.run" in text
    assert "predictions = predict(model, x)" in text
    assert (
        'x = model.read_table("rows.csv")  # with the columns of the training\npredictions = model.predict(x)' in text
    )
    assert "Features, in their order: area, colour=blue," in text
    assert "| all | 40 | 9 |" in text
    assert "Beyond the range of the targets" in text
    assert "names one of them" not in text


def test_targets_that_were_not_scaled_are_the_scores(rng):
    model = built(*LAYERS["linear"])
    x = rng.standard_normal((9, 6))
    plain = Regressor(
        model=model,
        loss=losses.AbsoluteError(),
        standardizer=Standardizer.fit(x, "feature"),
        value_range=ValueRange.fit(x),
        targets=tuple("abcde"),
    )
    pipeline = Pipeline.of(plain)
    assert (pipeline.answers(plain.scores(x)) == plain.predict(x)).all()
    assert pipeline.answer == "predictions"
