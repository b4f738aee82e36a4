"""The keys of a study that change how a training goes: limits, few batches, averages, unfreezing, figures by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from backhand import checkpoint
from backhand.experiments.run import work
from backhand.experiments.trainer import in_step
from backhand.study import load

QUICK = ["train.epochs=3", "model.hidden=[12]", "train.early_stopping={restore_best=false}"]


@pytest.fixture
def trained(base, tmp_path):
    def train(*overrides: str, name: str = "run"):
        metrics = work.run(load(base, [*QUICK, *overrides]), tmp_path / name, quiet=True)
        lines = (tmp_path / name / "history.jsonl").read_text().splitlines()
        return metrics, [json.loads(line) for line in lines], tmp_path / name

    return train


def best(folder: Path) -> dict[str, np.ndarray]:
    return checkpoint.load(folder / "best.safetensors")[0]


def test_a_limit_of_steps(trained) -> None:
    metrics, history, _ = trained("train.max_steps=15")
    assert metrics.training.steps == 15
    assert metrics.training.stopped == "the limit of 15 steps"
    assert history[-1]["step"] == 15


def test_a_limit_of_time(trained) -> None:
    metrics, history, _ = trained("train.max_seconds=1e-6")
    assert (len(history), history[0]["step"]) == (1, 1)
    assert metrics.training.stopped == "the limit of 1e-06 s"


def test_a_run_that_only_shows_that_everything_works(trained) -> None:
    metrics, history, _ = trained("train.fast_dev_run=true", "train.batch_size=20", "train.epochs=30")
    assert {split: sum(counts) for split, counts in metrics.data.splits.items()} == dict.fromkeys(
        ("train", "validation", "test"), 40
    )
    assert len(history) == 1
    assert metrics.test.count == 40


def test_few_batches_are_learnt_by_heart(trained) -> None:
    metrics, history, _ = trained("train.overfit_batches=1", "train.batch_size=20", "train.epochs=60")
    assert sum(metrics.data.splits["train"]) == sum(metrics.data.splits["validation"]) == 20
    assert history[-1]["validation_accuracy"] == 1


def test_micro_batches_give_the_same_network(trained) -> None:
    _, _, whole = trained(name="whole")
    _, _, divided = trained("train.accumulate=4", name="divided")
    for name, value in best(whole).items():
        np.testing.assert_allclose(best(divided)[name], value, rtol=1e-3, atol=1e-5)


def test_the_averaged_weights_are_kept(trained) -> None:
    _, plain, one = trained(name="plain")
    _, averaged, two = trained("train.average={kind='ema',decay=0.9}", name="averaged")
    assert not np.array_equal(best(one)["model.1.weight"], best(two)["model.1.weight"])
    assert [record["train_loss"] for record in plain] == [record["train_loss"] for record in averaged]
    assert averaged[-1]["validation_loss"] != plain[-1]["validation_loss"]
    assert trained("train.average={kind='swa',start=0.5}", name="swa")[0].test is not None


def test_a_layer_that_begins_later(trained) -> None:
    _, _, short = trained("train.unfreeze={3=['1']}", "train.epochs=2", name="short")
    _, _, start = trained("train.optimizer.lr=1e-30", "train.epochs=1", name="start")
    np.testing.assert_array_equal(best(short)["model.1.weight"], best(start)["model.1.weight"])
    _, _, long = trained("train.unfreeze={3=['1']}", name="long")
    assert not np.array_equal(best(long)["model.1.weight"], best(start)["model.1.weight"])


def test_rates_by_layer(trained) -> None:
    _, _, still = trained("train.layer_rates={1=0}", name="still")
    _, _, start = trained("train.optimizer.lr=1e-30", "train.epochs=1", name="start")
    np.testing.assert_array_equal(best(still)["model.1.weight"], best(start)["model.1.weight"])


def test_figures_by_name_can_be_monitored(trained) -> None:
    metrics, history, _ = trained(
        "train.metrics=['macro_f1','auc','top2_accuracy']",
        "train.early_stopping={monitor='validation_macro_f1',restore_best=true}",
    )
    kept = max(history, key=lambda record: record["validation_macro_f1"])
    assert metrics.training.chosen_epoch == kept["epoch"]
    assert {"validation_auc", "validation_top2_accuracy"} <= history[0].keys()


def test_such_trainings_go_alone(base) -> None:
    changes = [[], [], ["train.accumulate=2"], ["train.average={kind='ema'}"]]
    studies = [load(base, change) for change in changes]
    assert list(in_step(zip(studies, range(4), strict=True), 8)) == [[0, 1], [2], [3]]
