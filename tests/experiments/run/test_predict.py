"""Which runs are classifiers: none that diverged, none whose weights are no numbers; and what is said of others."""

import copy
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from backhand import checkpoint
from backhand.data import Standardizer
from backhand.errors import BackhandError, CheckpointError, DataError, DivergenceError
from backhand.experiments.extension import work as extension
from backhand.experiments.extension.plan import Plan as Planned
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.files import jsontext
from backhand.study import load
from backhand.study.extend import ExtendTable
from backhand.weights import transfer

QUICK = "train.epochs=1", "model.hidden=[8]", "train.optimizer.lr=0.1"


@pytest.fixture(scope="module")
def finished(base, tmp_path_factory):
    run = tmp_path_factory.mktemp("finished") / "run"
    work.run(load(base, QUICK), run, quiet=True)
    return run


@pytest.fixture(scope="module")
def diverged(base, tmp_path_factory):
    """A run that has the weights of its first epoch, and diverged in a later one."""
    run = tmp_path_factory.mktemp("diverged") / "run"
    settings = (
        "train.epochs=99",
        "train.optimizer.lr=0.01",
        'train.schedule={kind="linear", end=50, over=99}',
        "train.save_every=0",
    )
    with pytest.raises(DivergenceError):
        work.run(load(base, settings), run, quiet=True)
    assert (run / "best.safetensors").exists()
    return run


@pytest.fixture
def picture(tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "black.png")
    return tmp_path / "black.png"


@pytest.fixture
def altered(finished, tmp_path):
    """A copy of the finished run to spoil."""

    def copied(**metrics):
        run = tmp_path / "run"
        run.mkdir()
        for name in ("study.toml", "best.safetensors", "metrics.json"):
            (run / name).write_bytes((finished / name).read_bytes())
        changed = json.loads((run / "metrics.json").read_text("utf-8")) | metrics
        (run / "metrics.json").write_text(jsontext.dumps(changed), "utf-8")
        return run

    return copied


def test_a_run_that_diverged_classifies_nothing(diverged, picture, cli):
    with pytest.raises(CheckpointError, match="a training that diverged, which are useless; the training diverged at"):
        load_classifier(diverged)
    status, text = cli("predict", diverged, picture)
    assert status == 2
    assert "%" not in text


def test_nor_does_a_training_start_from_it(diverged, base, tmp_path, cli):
    for source in (diverged, diverged / "best.safetensors", diverged / "state.safetensors"):
        study = load(base, (*QUICK, f'train.init_from="{source}"'))
        with pytest.raises(CheckpointError, match=r"train\.init_from: .* a training that diverged"):
            work.run(study, tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_nor_is_it_extended(diverged, tmp_path):
    plan = Planned(ExtendTable(run=diverged, name="digits"))
    with pytest.raises(BackhandError, match="weights of a training that diverged"):
        extension.run(plan, tmp_path / "out", quiet=True)


def test_weights_that_are_no_numbers_classify_nothing(altered):
    run = altered()
    arrays, facts = checkpoint.load(run / "best.safetensors")
    name = next(name for name in arrays if name.endswith("weight"))
    arrays[name][0, 0] = np.nan
    checkpoint.save(run / "best.safetensors", arrays, facts)
    with pytest.raises(CheckpointError, match=rf"{name.removeprefix('model.')} holds NaN or infinity"):
        load_classifier(run)


def test_a_run_that_is_not_finished_says_so(altered, picture, cli):
    run = altered(status="running")
    remark = "the run is not finished: these are its best weights so far, of epoch 1"
    assert load_classifier(run).remarks == (remark,)
    status, text = cli("predict", run, picture)
    assert status == 0
    assert f"note: {remark}" in text
    changes = transfer(copy.deepcopy(load_classifier(run).model), run).changes
    assert changes == ("that run has not finished, and these are its best weights so far",)


def test_so_does_one_that_has_learnt_nothing(altered):
    run = altered()
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    count, right = metrics["test"]["count"], metrics["test"]["count"] // 10
    confusion = np.zeros((10, 10), int)
    confusion[0, :2] = right, count - right
    share = {"accuracy": right / count, "error": 1 - right / count, "correct": right, "interval": [0.08, 0.13]}
    metrics["test"] |= share | {"confusion": confusion.tolist()}
    (run / "metrics.json").write_text(jsontext.dumps(metrics), "utf-8")
    (remark,) = load_classifier(run).remarks
    assert "has learnt little: on test data it is right in 9.75%" in remark
    assert str(run) not in remark  # which may be published


def test_a_finished_run_says_nothing(finished):
    assert load_classifier(finished).remarks == ()


def test_weights_and_a_study_alone_are_enough(altered):
    run = altered()
    (run / "metrics.json").unlink()
    assert load_classifier(run).remarks == ()


def test_scores_that_are_not_finite_give_no_class(finished):
    classifier = replace(load_classifier(finished), standardizer=Standardizer(np.zeros(()), np.array(1e38)))
    images = np.zeros((3, 8, 8, 1), np.uint8)
    images[1] = 255
    with pytest.raises(DataError, match="the scores of sample 1 are not finite"):
        classifier.predict_proba(images)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_a_copied_classifier_predicts_the_same(finished, copied, rng):
    classifier = load_classifier(finished)
    images = rng.integers(0, 255, (5, 8, 8, 1)).astype(np.uint8)
    other = copied(classifier)
    np.testing.assert_array_equal(other.predict_proba(images), classifier.predict_proba(images))
    assert not np.shares_memory(other.model.parameters.values, classifier.model.parameters.values)
