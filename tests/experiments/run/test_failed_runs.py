"""A training that failed is called so wherever a run counts as a success."""

import json
from pathlib import Path

import pytest

from backhand.experiments.build import load_feeds
from backhand.experiments.comparison.network import Network
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.run.record import read
from backhand.experiments.run.report.findings import findings
from backhand.experiments.series import training
from backhand.experiments.trainer import Trainer, data_of
from backhand.study import Study, load
from backhand.study.series import Part

STUDY = """
name = "dead"
[data]
name = "digits"
validation = 0.2
train_size = 500
standardize = "global"
[model]
name = "mlp"
hidden = [64, 64]
[train]
epochs = 3
batch_size = 20
optimizer = { kind = "sgd", lr = 0.7, momentum = 0.9 }
"""
SENTENCE = "answering the same for every sample has a loss of 2.30"


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    path = tmp_path_factory.mktemp("study") / "dead.toml"
    path.write_text(STUDY)
    return load(str(path))


@pytest.fixture(scope="module")
def run(study, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "run"
    work.run(study, path, quiet=True)
    return path


def test_the_record_and_the_report_say_so_first(run) -> None:
    failure = json.loads((run / "metrics.json").read_text())["training"]["failure"]
    assert SENTENCE in failure
    assert "such as train.optimizer.lr = 0.07" in failure
    (first, sentence), *others = findings(read(run))
    assert (first, sentence) == ("Training failed", failure)
    senseless = {"Overfitting", "Generalisation", "Calibration", "Hardest class", "Rare classes", "Most confused"}
    assert not senseless & {name for name, _ in others}


def test_the_terminal_says_so(study, tmp_path, capsys) -> None:
    work.run(study, tmp_path / "run")
    assert "\nwarning: the training failed. After 3 epochs" in capsys.readouterr().out


def test_a_prediction_of_it_comes_with_a_word(run) -> None:
    (remark,) = load_classifier(run).remarks
    assert "the training failed" in remark
    assert SENTENCE in remark


def test_a_series_says_so(study, tmp_path) -> None:
    light = training.result_of(Trainer.of(study, data_of(study)).fit(), {})
    whole = Part(name="whole", title="", study="", whole=True)
    of_whole = training.Training(whole, {}, study, tmp_path / "whole.json")
    (saved,) = training.train_whole([of_whole], data_dir=None, folder=tmp_path / "whole", quiet=True)
    assert SENTENCE in light.failure
    assert SENTENCE in saved.failure
    counts = {"train_count": 500, "validation_count": 288, "test_count": 359}
    for result in (light, saved):
        assert {key: result.figures[key] for key in counts} == counts


def test_a_comparison_says_so(study) -> None:
    splits = load_feeds(study).splits
    assert SENTENCE in Network(study).train_and_predict(splits).failure
