"""The model card: the Hub reads its first lines, its figures are the run's, and what it shows to do works."""

import importlib
import re
import sys
from dataclasses import replace

import numpy as np
import pytest

from backhand.export import export_model
from backhand.export.card import model_card
from backhand.export.pipeline import Pipeline
from backhand.predictors.provenance import ClassFigures, DataFacts, Figure, Provenance, TestFigures, TrainingFacts
from backhand.training import losses
from tests.docs.markdown_pages import FENCE
from tests.export.networks import LAYERS, built, classifier

KNOWN = Provenance(
    name="hats",
    title="Hats: felt | straw",
    data=DataFacts(
        name="images",
        title="Hats",
        source="The attic of *somebody*",
        counts={"train": (9, 8, 7, 6), "test": (60, 9, 5, 6)},
    ),
    training=TrainingFacts(
        recipe="The network was trained.",
        epochs=3,
        chosen_epoch=2,
        seconds=1.25,
        seed=4,
        settings={"train.epochs": 3, "model.hidden": [8]},
        machine={"backhand": "0.1.0", "cpu": "a processor"},
    ),
    test=TestFigures(
        count=80,
        figures=(
            Figure(name="accuracy", value=0.9, interval=(0.8, 0.95), interval_kind="95% Wilson score"),
            Figure(name="loss", value=0.25),
            Figure(name="macro recall", value=0.75),
        ),
        per_class=(
            ClassFigures(name="class 0", precision=0.9, recall=0.95, f1=0.92, support=60),
            ClassFigures(name="class 1", precision=None, recall=0.5, f1=None, support=9),
            ClassFigures(name="class 2", precision=1.0, recall=1.0, f1=1.0, support=5),
            ClassFigures(name="class 3", precision=1.0, recall=0.9, f1=0.95, support=6),
        ),
    ),
)


@pytest.fixture
def predictor(rng):
    return classifier(built(*LAYERS["flatten"]), rng, provenance=KNOWN, remarks=("it has learnt little",))


@pytest.fixture
def card(predictor):
    return model_card(Pipeline.of(predictor), ("onnx", "torch", "model"))


def test_the_hub_reads_its_first_lines(card):
    from huggingface_hub import ModelCard

    data = ModelCard(card).data
    assert (data.library_name, data.pipeline_tag) == ("backhand", "image-classification")
    assert data.tags == ["backhand", "onnx", "pytorch", "safetensors"]
    assert data.license is None
    figures = {each.metric_type: each.metric_value for each in data.eval_results}
    assert figures == {"accuracy": 0.9, "loss": 0.25, "macro_recall": 0.75}
    assert {(each.dataset_name, each.dataset_type, each.dataset_split) for each in data.eval_results} == {
        ("Hats", "images", "test")
    }


def test_the_licence_is_left_to_the_person(card):
    assert "\n# license: mit  # choose one, and remove the first #" in card
    assert "Not chosen yet: the person who publishes this model chooses its licence" in card


def test_the_figures_have_their_intervals(card):
    assert "Test accuracy 90.00% (80.00% to 95.00%, 95% Wilson score)." in card
    assert "| accuracy | 90.00% | 80.00% to 95.00%, 95% Wilson score |" in card
    assert "| loss | 0.25 |  |" in card
    assert "| class 1 | – | 50.00% | – | 9 |" in card


def test_the_limits_are_those_of_this_model(card, predictor):
    said = card.partition("## Limits\n\n")[2].partition("\n\n")[0]
    for sentence in (
        "It has learnt little.",
        "It knows 4 classes",
        "tested on 80 samples only",
        "It recognises “class 1” least well: 50.00% of its 9 test samples.",
        "The classes differ in size",
        "trained on pixels from 0 to 255",
    ):
        assert f"- {sentence}" in said or sentence in said
    even = KNOWN.test.model_copy(update={"count": 5000, "per_class": ()})
    calm = replace(predictor, provenance=KNOWN.model_copy(update={"test": even}), remarks=())
    text = model_card(Pipeline.of(calm))
    assert "samples only" not in text
    assert "differ in size" not in text
    hinge = replace(predictor, loss=losses.Hinge())
    assert "is not trained to give probabilities" in model_card(Pipeline.of(hinge))


def test_data_and_training_are_there(card):
    assert "# Hats: felt \\| straw" in card
    assert "The attic of \\*somebody\\*." in card
    assert "| class 3 | 6 | 6 |" in card
    assert "| all | 30 | 80 |" in card
    assert "The network was trained. It took 3 epochs and 1.2 s; the weights of epoch 2 were kept." in card
    assert "| model.hidden | \\[8\\] |" in card
    assert "| cpu | a processor |" in card
    assert "| 0 | Conv2d(3, 2) | 8 × 7 × 3 | 51 |" in card


def test_a_model_of_unknown_origin_says_what_is_known(rng):
    text = model_card(Pipeline.of(classifier(built(*LAYERS["linear"]), rng)), ("model",))
    assert "# A network" in text
    assert 'pipeline_tag: "tabular-classification"' in text
    assert "## Result" not in text
    assert "model-index" not in text


def test_every_block_of_the_card_runs(predictor, tmp_path, monkeypatch, rng):
    export_model(predictor, tmp_path / "out")
    monkeypatch.chdir(tmp_path / "out")
    monkeypatch.syspath_prepend(str(tmp_path / "out"))
    importlib.invalidate_caches()
    blocks = [match["body"] for match in FENCE.finditer((tmp_path / "out" / "README.md").read_text("utf-8"))]
    assert len(blocks) == 3
    x = rng.integers(0, 256, (4, *predictor.sample_shape), dtype=np.uint8)
    for block in blocks:
        names = {"x": x}
        exec(block, names)
        assert np.abs(np.asarray(names["probabilities"]) - predictor.predict_proba(x)).max() < 1e-5
    sys.modules.pop("torch_model")


def test_no_section_is_empty(card):
    assert re.findall(r"^## (\w+)$", card, re.MULTILINE) == [
        *("Use", "Result", "Limits", "Data", "Training", "Network", "Purpose", "Licence"),
    ]
    assert "\n\n\n" not in card
