"""Studies and runs: the healthy ones that ship, and mistakes planted in their settings, data and folders."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from backhand.errors import CheckpointError
from backhand.experiments import ensemble
from backhand.experiments.doctor.subjects import examine_run, examine_study
from backhand.experiments.run import work
from backhand.study import load
from backhand.training.saving import STATE

SMALL = ("model.hidden=[32]", "model.dropout=0.0", "train.epochs=3")


def causes(diagnosis):
    return {problem.cause: problem.severity for _, problem in diagnosis.problems}


def result(diagnosis, symptom):
    return next(each for each in diagnosis.results if each.symptom == symptom)


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ('model.activation="tanh"',),
        ('train.optimizer={ kind = "adam", lr = 0.001 }',),
        ("train.optimizer.lr=0.01", "train.batch_size=8"),
        ('train.loss="hinge"', "train.label_smoothing=0.0", "train.optimizer.lr=0.01"),
        ('model={ name = "cnn", blocks = [{ outputs = 8, kernel = 3 }], hidden = [32] }',),
        ('data.standardize="none"',),
    ],
)
def test_healthy_studies_of_digits(overrides):
    diagnosis = examine_study(load("digits", overrides))
    assert causes(diagnosis) == {}
    assert diagnosis.status == 0
    assert result(diagnosis, "course").left_out == "it needs a run that has been trained"


@pytest.mark.parametrize(
    ("overrides", "cause", "severity"),
    [
        (("train.optimizer.lr=20",), "rate too large", "wrong"),
        (("train.optimizer.lr=1e-6",), "rate too small", "wrong"),
        (("model.init=1.0",), "scores too large: weights", "wrong"),
        (("model.init=1e-6",), "one batch is not learnt", "wrong"),
        (('model.activation="sigmoid"', "model.hidden=[32, 32, 32, 32, 32, 32]"), "gradient vanishes", "warning"),
    ],
)
def test_mistakes_in_the_settings(overrides, cause, severity):
    diagnosis = examine_study(load("digits", (*SMALL[1:], *overrides)))
    assert causes(diagnosis).get(cause) == severity, causes(diagnosis)


def test_features_that_are_not_scaled_are_the_cause_of_all_that_follows():
    diagnosis = examine_study(load("digits", ('data.name="breast_cancer"', 'data.standardize="none"', *SMALL)))
    found = causes(diagnosis)
    assert found["inputs not scaled"] == found["scores too large: inputs"] == "wrong"
    assert (
        causes(examine_study(load("digits", ('data.name="breast_cancer"', 'data.standardize="feature"', *SMALL)))) == {}
    )


@pytest.mark.parametrize("name", ["blobs", "spirals"])
def test_healthy_studies_of_the_other_sets_that_come_with_the_program(name):
    assert causes(examine_study(load("digits", (f'data.name="{name}"', "model.dropout=0.0")))) == {}


def archive(path, change=lambda arrays: None):
    """Two thousand samples of four classes as an npz archive with a test split, after a change of its arrays."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((4, 10)) * 1.5
    arrays = {}
    for part, count in (("train", 1500), ("test", 500)):
        y = rng.integers(0, 4, count)
        arrays |= {f"x_{part}": centres[y] + rng.standard_normal((count, 10)), f"y_{part}": y}
    change(arrays)
    np.savez(path, **arrays)
    text = f"""
name = "own"
[data]
name = "npz"
path = '{path.as_posix()}'
[model]
name = "mlp"
hidden = [16]
[train]
epochs = 3
optimizer = {{ kind = "sgd", lr = 0.05, momentum = 0.9 }}
"""
    study = path.with_suffix(".toml")
    study.write_text(text, "utf-8")
    return load(str(study))


def shuffle(arrays):
    arrays["y_train"] = np.random.default_rng(3).permutation(arrays["y_train"])


def renumber(arrays):
    arrays["y_test"] = (arrays["y_test"] + 1) % 4


def scale_apart(arrays):
    for name in ("x_train", "x_test"):
        arrays[name] = (arrays[name] - arrays[name].mean(0)) / arrays[name].std(0)


def copy_samples(arrays):
    arrays["x_test"][:200], arrays["y_test"][:200] = arrays["x_train"][:200], arrays["y_train"][:200]


def make_uneven(arrays):
    kept = (arrays["y_train"] != 0) | (np.arange(1500) % 20 == 0)
    arrays["x_train"], arrays["y_train"] = arrays["x_train"][kept], arrays["y_train"][kept]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda arrays: None, {}),
        (shuffle, {"labels shuffled": "wrong"}),
        (renumber, {"classes numbered differently": "wrong"}),
        (scale_apart, {"scaled by itself": "wrong"}),
        (copy_samples, {"test samples in the training data": "wrong"}),
        (make_uneven, {"uneven classes": "warning", "other class frequencies": "warning"}),
    ],
)
def test_mistakes_in_the_data(tmp_path, change, wanted):
    assert causes(examine_study(archive(tmp_path / "own.npz", change))) == wanted


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("doctor") / "run"
    work.run(load("digits", (*SMALL, "train.keep_states=true")), folder, quiet=True)
    return folder


@pytest.fixture
def folder(run, tmp_path):
    return Path(shutil.copytree(run, tmp_path / "copy"))


def test_a_finished_run_is_examined_with_its_best_and_last_weights_and_its_course(run):
    diagnosis = examine_run(run)
    assert causes(diagnosis) == {}
    assert diagnosis.looked_at[0] == ("run", "digits, finished after 3 epochs")
    assert list(result(diagnosis, "units").plots[0].series) == [
        "at the start",
        "with the best weights",
        "with the last weights",
    ]
    assert [plot.title for plot in result(diagnosis, "course").plots] == [
        "Loss of each epoch; dashed: of a constant answer"
    ]


def test_units_that_died_in_the_training_are_seen(folder):
    """The best weights of a training whose biases were thrown far below 0."""
    from backhand import checkpoint

    arrays, facts = checkpoint.load(folder / "best.safetensors")
    arrays["model.1.bias"][...] = -100
    checkpoint.save(folder / "best.safetensors", arrays, facts)
    assert causes(examine_run(folder)) == {"dead units with the best weights": "wrong"}


def test_a_run_that_was_interrupted_has_its_last_weights_alone(folder):
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    for name in ("best.safetensors", "evidence.safetensors"):
        (folder / name).unlink()
    (folder / "metrics.json").write_text(json.dumps(metrics | {"status": "running", "test": None}), "utf-8")
    diagnosis = examine_run(folder)
    assert causes(diagnosis) == {}
    assert list(result(diagnosis, "units").plots[0].series) == ["at the start", "with the last weights"]
    assert (folder / STATE).exists()


def test_a_run_that_diverged(tmp_path):
    from backhand.errors import DivergenceError

    with pytest.raises(DivergenceError):
        work.run(load("digits", (*SMALL, "train.optimizer.lr=1e4")), tmp_path / "run", quiet=True)
    found = causes(examine_run(tmp_path / "run"))
    assert found["diverged"] == "wrong"
    assert found["rate too large"] == "wrong"


def test_a_run_that_learnt_nothing(folder):
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text("utf-8").splitlines()]
    flat = [json.dumps(line | {"train_loss": 2.31}) for line in lines]
    (folder / "history.jsonl").write_text("\n".join(flat) + "\n", "utf-8")
    assert causes(examine_run(folder)) == {"nothing learnt": "wrong"}


def test_a_run_whose_data_are_gone_has_its_course_alone(tmp_path):
    study = archive(tmp_path / "own.npz")
    work.run(study, tmp_path / "run", quiet=True)
    (tmp_path / "own.npz").unlink()
    diagnosis = examine_run(tmp_path / "run")
    assert diagnosis.failure.startswith("the data cannot be read: ")
    assert diagnosis.status == 2
    assert [each.symptom for each in diagnosis.results if not each.left_out] == ["course"]


def test_another_kind_of_experiment_is_refused(tmp_path):
    (tmp_path / ensemble.KIND.mark).write_text("{}", "utf-8")
    with pytest.raises(CheckpointError, match="name a run in it"):
        examine_run(tmp_path)


def test_the_settings_of_the_command_line_are_those_that_are_examined():
    diagnosis = examine_study(load("digits", (*SMALL, "train.batch_size=7"), seed=7))
    assert ("training", "softmax_cross_entropy, SGD at 0.05, batches of 7") in diagnosis.looked_at
