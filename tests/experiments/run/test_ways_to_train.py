"""The keys of a study that change how a training goes: limits, few batches, averages, unfreezing, figures by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from backhand import checkpoint
from backhand.errors import StudyError
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_predictor
from backhand.experiments.run.record import read
from backhand.experiments.run.report.summary import notices
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
    metrics, history, folder = trained("train.fast_dev_run=true", "train.batch_size=20", "train.epochs=30")
    assert {split: sum(counts) for split, counts in metrics.data.splits.items()} == dict.fromkeys(
        ("train", "validation", "test"), 40
    )
    assert len(history) == 1
    assert metrics.test.count == 40
    assert "a trial of one epoch on 2 batches of each split" in load_predictor(folder).remarks[0]
    assert notices(read(folder))[0].startswith("The run is a trial of one epoch on 2 batches of each split")


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
    _, _, short = trained("train.unfreeze={3=['1']}", "train.max_steps=15", name="short")  # amid epoch 2
    _, _, start = trained("train.optimizer.lr=1e-30", "train.epochs=1", name="start")
    np.testing.assert_array_equal(best(short)["model.1.weight"], best(start)["model.1.weight"])
    _, _, long = trained("train.unfreeze={3=['1']}", name="long")
    assert not np.array_equal(best(long)["model.1.weight"], best(start)["model.1.weight"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("train.layer_rates={9=0.1}", r'^train\.layer_rates: there is no layer "9"; the layers are 0 to 3$'),
        ("train.unfreeze={2=['head']}", r'^train\.unfreeze: there is no layer "head"; the layers are 0 to 3$'),
        ("train.unfreeze={2=[':']}", r"^train\.unfreeze: with : frozen, nothing is left to train"),
        ("train.unfreeze={4=['1']}", r"^train\.unfreeze: epoch 4 never comes, because train\.epochs is 3; choose an e"),
    ],
)
def test_layers_and_epochs_that_are_not_there_are_refused_before_anything_is_written(
    trained, tmp_path: Path, change: str, said: str
) -> None:
    with pytest.raises(StudyError, match=said):
        trained(change)
    assert not (tmp_path / "run").exists()


def test_a_run_that_shows_that_everything_works_need_not_come_to_the_epoch_of_a_layer(trained) -> None:
    assert len(trained("train.fast_dev_run=true", "train.unfreeze={3=['1']}")[1]) == 1


def test_a_resumed_run_keeps_its_averaged_weights(trained, tmp_path: Path) -> None:
    settings = ("train.average={kind='ema'}", "train.keep_states=true")
    trained(*settings)
    before = (tmp_path / "run" / "best.safetensors").read_bytes()
    work.run(load(str(tmp_path / "run" / "study.toml")), tmp_path / "run", resume=True, quiet=True)
    assert (tmp_path / "run" / "best.safetensors").read_bytes() == before


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


def test_figures_by_name_are_those_of_the_training_split_where_it_is_evaluated(trained) -> None:
    asked = ("train.metrics=['macro_f1']", "train.early_stopping.monitor='train_macro_f1'")
    with pytest.raises(StudyError, match=r'monitor cannot be "train_macro_f1"; it is one of .*, validation_macro_f1$'):
        trained(*asked)
    _, history, _ = trained(*asked, "train.evaluate_train=true")
    assert "train_macro_f1" in history[0]


def test_such_trainings_go_alone(base) -> None:
    changes = [[], [], ["train.accumulate=2"], ["train.average={kind='ema'}"]]
    studies = [load(base, change) for change in changes]
    assert list(in_step(zip(studies, range(4), strict=True), 8)) == [[0, 1], [2], [3]]
