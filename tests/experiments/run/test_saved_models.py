"""A run as a model file: it predicts as the run does, and says where it comes from without telling paths."""

import json

import numpy as np
import pytest

import backhand
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.study import load


@pytest.fixture(scope="module")
def run(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "digits"
    work.run(load(base, ("train.epochs=2", "model.hidden=[8]")), folder, quiet=True)
    return folder


def test_the_file_of_a_run_predicts_the_same_bits(run, tmp_path, rng):
    classifier = load_classifier(run)
    classifier.save(tmp_path / "digits.safetensors")
    x = rng.integers(0, 256, (9, *classifier.sample_shape), dtype=np.uint8)
    loaded = backhand.load_model(tmp_path / "digits.safetensors")
    assert loaded.predict_proba(x).tobytes() == classifier.predict_proba(x).tobytes()


def test_a_run_says_where_it_comes_from(run, tmp_path):
    known, metrics = load_classifier(run).provenance, json.loads((run / "metrics.json").read_text("utf-8"))
    assert (known.name, known.data.name, known.training.epochs) == ("base", "digits", 2)
    accuracy = known.test.figures[0]
    assert (accuracy.name, accuracy.value) == ("accuracy", metrics["test"]["accuracy"])
    assert accuracy.interval == tuple(metrics["test"]["interval"])
    assert sum(known.data.counts["test"]) == known.test.count
    assert known.training.recipe.startswith("The network was trained by stochastic gradient descent")
    assert known.training.settings["model.hidden"] == [8]
    assert known.training.machine["backhand"] == backhand.__version__


def test_no_path_of_the_machine_is_told(run):
    known = load_classifier(run)
    text = known.provenance.model_dump_json()
    assert str(run) not in text + "".join(known.remarks)
    assert "/" not in json.dumps(json.loads(text)["training"]["settings"])


def test_a_run_that_goes_on_is_known_by_its_study_alone(run, tmp_path):
    for name in ("study.toml", "best.safetensors"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    known = load_classifier(tmp_path).provenance
    assert (known.name, known.data, known.training, known.test) == ("base", None, None, None)
