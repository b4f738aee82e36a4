"""Networks that learn new classes: their old outputs, their accuracies, resuming, and the report."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from backhand.check import check_model
from backhand.errors import StudyError
from backhand.experiments import reports
from backhand.experiments.build import build_model, init_weights, load_feeds
from backhand.experiments.extension import work as extension
from backhand.experiments.extension.plan import Plan
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.run.work import run
from backhand.experiments.settings import read_study
from backhand.study import Study
from backhand.study.extend import ExtendTable
from tests.experiments.extension.extensions import extend, train


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    return train(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def whole(first) -> Path:
    """An extension of all three ways, with a tree."""
    extend(first, first.parent / "whole")
    return first.parent / "whole"


@pytest.fixture(scope="module")
def grown(whole):
    """The network right after it has grown."""
    study = read_study(whole / "with-old")
    model = build_model(study, (8, 8, 1), 10)
    init_weights(study, model)
    return model


def record_of(folder: Path):
    return json.loads((folder / "extend.json").read_text())


def share(figures, classes: slice) -> float:
    """The share of the test samples of these classes that is classified correctly."""
    return sum(figures["right"][classes]) / sum(figures["counts"][classes])


def test_the_run_of_a_regression_is_refused_as_one(tmp_path):
    data, model = {"name": "diabetes"}, {"name": "mlp", "hidden": [4]}
    train = {"epochs": 1, "loss": "squared_error"}
    study = Study.model_validate({"name": "fit", "data": data, "model": model, "train": train})
    run(study, tmp_path / "run", quiet=True)
    with pytest.raises(StudyError, match="fit predicts numbers, and an extension needs classes"):
        extend(tmp_path / "run", tmp_path / "extended")
    assert not (tmp_path / "extended").exists()


def test_the_old_outputs_keep_their_bits_and_their_scores(first, whole, grown):
    old = load_classifier(first).model
    for name, value in old.arrays().items():
        np.testing.assert_array_equal(grown.arrays()[name][..., : value.shape[-1]], value)
    assert np.abs(grown.arrays()["3.weight"][:, 8:]).min() > 0
    feeds = load_feeds(read_study(whole / "with-old"))
    x, _ = feeds.test.batch(slice(None))
    np.testing.assert_allclose(grown.predict(x)[:, :8], old.predict(x), rtol=1e-5, atol=1e-5)


def test_the_gradients_of_a_grown_network_are_right(whole, grown):
    study = read_study(whole / "without-old")
    x, labels = load_feeds(study).train.batch(slice(12))
    assert set(labels) == {8, 9}
    assert all(result.passed for result in check_model(grown, study.train.make_loss(), x, labels))


def test_samples_are_scaled_as_the_old_network_knows_them_and_afresh_by_all_data(first, whole):
    old = load_classifier(first).standardizer
    for way, same in (("with-old", True), ("without-old", True), ("afresh", False)):
        classifier = load_classifier(whole / way)
        assert classifier.classes == tuple("0123456789")
        assert np.array_equal(classifier.standardizer.mean, old.mean) is same


def test_each_way_is_trained_on_what_it_says_and_tested_on_all(first, whole):
    for way, old_data in (("with-old", True), ("without-old", False), ("afresh", True)):
        metrics = json.loads((whole / way / "metrics.json").read_text())
        counts = np.array(metrics["data"]["counts"]["train"])
        assert (counts[:8] > 0).all() == old_data == (counts[:8] > 0).any()
        assert (counts[8:] > 0).all()
        assert np.array(metrics["data"]["counts"]["test"]).min() > 30
    before = json.loads((first / "metrics.json").read_text())["data"]["counts"]
    after = json.loads((whole / "with-old" / "metrics.json").read_text())["data"]["counts"]
    assert {split: counts[:8] for split, counts in after.items()} == before


def test_with_the_old_data_it_learns_without_forgetting_and_without_it_forgets(whole):
    record = record_of(whole)
    before, after, alone = share(record["old"], slice(8)), record["ways"]["with-old"], record["ways"]["without-old"]
    assert share(after, slice(8)) > before - 0.05
    assert share(after, slice(8, 10)) > 0.85
    assert share(alone, slice(8, 10)) > 0.85
    assert share(alone, slice(8)) < before - 0.3
    assert share(record["ways"]["afresh"], slice(10)) > 0.85
    assert 0.7 < share(record["tree"], slice(10)) < share(after, slice(10))


def test_old_and_new_classes_are_watched_after_each_epoch(whole):
    for way, figures in record_of(whole)["ways"].items():
        history = [json.loads(line) for line in (whole / way / "history.jsonl").read_text().splitlines()]
        assert figures["curves"] == {key: [epoch[f"{key}_accuracy"] for epoch in history] for key in ("old", "new")}
        assert len(history) == 6
    alone = record_of(whole)["ways"]["without-old"]["curves"]
    last = json.loads((whole / "without-old" / "history.jsonl").read_text().splitlines()[-1])
    assert alone["new"][-1] == last["validation_accuracy"]


def test_the_report_tells_the_figures_and_is_the_same_each_time(whole):
    page = reports.write(whole).read_bytes()
    assert reports.write(whole).read_bytes() == page
    record, text = record_of(whole), (whole / "report.md").read_text()
    before, after = share(record["old"], slice(8)), share(record["ways"]["without-old"], slice(8))
    sentence = f"fell by {100 * (before - after):.2f} percentage points, from {before:.2%} to {after:.2%}"
    assert sentence in text
    assert f"| decision tree, on all data | {share(record['tree'], slice(8)):.2%} |" in text
    assert (whole / "plots" / "new-classes.png").exists()
    assert reports.write(whole / "without-old").exists()


def test_the_report_holds_settings_machine_and_command(whole):
    reports.write(whole)
    text, environment = (whole / "report.md").read_text(), json.loads((whole / "environment.json").read_text())
    assert "Settings, and how to repeat this extension" in text
    assert f"    {environment['command']}\n" in text
    assert "The settings that all trainings share (with-old.toml, without-old.toml, afresh.toml)." in text
    assert re.search(r"\| extend\.old\\?_data \| true \| false \| true \|", text)


def test_options_change_the_network_that_goes_on_alone(first, tmp_path):
    extend(first, tmp_path / "out", ways=("with-old", "afresh"), epochs=2, lr=0.01, freeze=(":-1",), tree=False)
    old, new = (load_classifier(run).model.arrays() for run in (first, tmp_path / "out" / "with-old"))
    np.testing.assert_array_equal(new["1.weight"], old["1.weight"])
    study, fresh = (read_study(tmp_path / "out" / way).train for way in ("with-old", "afresh"))
    assert (study.optimizer.lr, study.epochs, study.freeze) == (0.01, 2, (":-1",))
    assert (fresh.optimizer.lr, fresh.epochs, fresh.freeze) == (0.1, 2, ())
    assert record_of(tmp_path / "out")["with_tree"] is False
    assert "decision tree" not in (reports.write(tmp_path / "out").parent / "report.md").read_text()


def test_one_class_of_ones_own_pictures_of_another_size(tmp_path):
    """And a network whose layers are listed, without a validation split."""
    layers = 'model={name="sequential", layers=[{kind="flatten"}, {kind="linear", outputs=8}]}'
    first = train(tmp_path, layers, "data.validation=0", "train.epochs=2")
    (tmp_path / "pictures" / "nine").mkdir(parents=True)
    digits = load_digits()
    for i, image in enumerate(digits.images[digits.target == 9][:60]):
        picture = Image.fromarray((image * 15).astype(np.uint8))
        picture.resize((20, 20)).save(tmp_path / "pictures" / "nine" / f"{i:02}.png")
    new = {"name": "images", "path": tmp_path / "pictures", "resize": True}
    record = extend(first, tmp_path / "out", ways=("with-old",), new=new)
    assert record["ways"]["with-old"]["classes"] == [*"01234567", "nine"]
    assert record["ways"]["with-old"]["counts"][8] == 12
    assert share(record["ways"]["with-old"], slice(8, 9)) > 0.5
    assert record["ways"]["with-old"]["curves"] == {}
    page = reports.write(tmp_path / "out").with_suffix(".md").read_text()
    assert "validation accuracy after each epoch" not in page


def test_a_single_new_sample_is_too_few_for_batch_normalisation_and_is_refused_at_once(tmp_path):
    run = train(tmp_path, "model.batchnorm=true", "data.validation=0", "train.epochs=1")
    for split in ("train", "test"):
        (tmp_path / "new" / split / "x").mkdir(parents=True)
        Image.fromarray((load_digits().images[9] * 15).astype(np.uint8)).save(tmp_path / "new" / split / "x" / "0.png")
    table = ExtendTable(run=run, name="images", path=str(tmp_path / "new"))
    with pytest.raises(StudyError, match=r"there is 1 training sample: layer 2, BatchNorm\(\)"):
        extension.run(Plan(table, ("without-old",)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("weights", ['"balanced"', "[2, 1, 1]"])
def test_class_weights_are_those_that_can_be_known(tmp_path, weights):
    classes = ('data.classes=["0", "1", "2"]', "train.epochs=1", f"train.class_weights={weights}")
    first = train(tmp_path, *classes)
    new = {"name": "digits", "classes": ["3"]}
    extend(first, tmp_path / "out", ways=("with-old", "without-old"), new=new, tree=False)
    class_weights = {way: read_study(tmp_path / "out" / way).train.class_weights for way in ("with-old", "without-old")}
    assert class_weights == {"with-old": "balanced" if "b" in weights else None, "without-old": None}


def test_a_convolution_as_the_head_grows_under_a_hinge_loss(tmp_path):
    layers = [
        *('{kind="conv2d", outputs=6, kernel=3}', '{kind="batchnorm"}', '{kind="relu"}'),
        *('{kind="conv2d", outputs=3, kernel=1}', '{kind="global_avg_pool2d"}'),
    ]
    model = f'model={{name="sequential", layers=[{", ".join(layers)}]}}'
    first = train(tmp_path, model, 'data.classes=["0", "1", "2"]', "train.loss=hinge", "train.epochs=1")
    new = {"name": "digits", "classes": ["3", "4"]}
    extend(first, tmp_path / "out", ways=("with-old",), new=new, freeze=(":3",), lr=1e-30, tree=False)
    old, new = (load_classifier(run).model.arrays() for run in (first, tmp_path / "out" / "with-old"))
    assert new["3.weight"].shape == (1, 1, 6, 5)
    for name, value in old.items():
        np.testing.assert_array_equal(new[name][..., : value.shape[-1]], value)


def test_an_extended_network_is_extended_again(tmp_path):
    first = train(tmp_path, 'data.classes=["0", "1", "2"]', "train.epochs=2")
    extend(first, tmp_path / "once", ways=("with-old",), new={"name": "digits", "classes": ["3"]}, tree=False)
    again = {"name": "digits", "classes": ["4", "5"]}
    record = extend(tmp_path / "once" / "with-old", tmp_path / "twice", ways=("without-old",), new=again)
    assert record["old"]["classes"] == ["0", "1", "2", "3"]
    assert record["ways"]["without-old"]["classes"] == ["0", "1", "2", "3", "4", "5"]


def test_killed_and_resumed_it_ends_the_same(first, whole, tmp_path):
    out, options = tmp_path / "out", ["--data", "digits", "--classes", "8,9", "--no-tree"]
    command = [sys.executable, "-m", "backhand", "extend"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, str(first), *options, "--out", str(out)], **quiet)
    while not (out / "without-old" / "state.safetensors").exists() and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    extension.resume(out, quiet=True)
    assert record_of(out)["ways"] == record_of(whole)["ways"]
