"""Numbers whose size float32 cannot hold: trained on, compared on, predicted; notes on data where people see them."""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from backhand import checkpoint, data
from backhand.data.dataset import Dataset
from backhand.errors import BackhandError, DataError, ModelError
from backhand.experiments import reports
from backhand.experiments.comparison import work as comparison
from backhand.experiments.comparison.peers import PEERS
from backhand.experiments.comparison.plan import Plan
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.layers import Flatten, Linear
from backhand.model.sequential import Sequential
from backhand.predictors.images import read_image
from backhand.study import load
from backhand.study.data import DataTable

STUDY = """
name = "large"
[data]
name = "npz"
path = "{path}"
[model]
name = "mlp"
hidden = [16]
[train]
epochs = 30
batch_size = 20
optimizer = {{ kind = "sgd", lr = 0.1, momentum = 0.9 }}
"""


def saved(folder, **arrays):
    """The path of a study on these arrays."""
    np.savez(folder / "large.npz", **arrays)
    (folder / "large.toml").write_text(STUDY.format(path=folder / "large.npz"), "utf-8")
    return str(folder / "large.toml")


def crossed(rng, count=600):
    """Within 100 Unix seconds and a tenth of a day: halves of the one, exclusive or, halves of the other."""
    u = rng.random((count, 2))
    x = np.stack([1.7e9 + 100 * u[:, 0], 20240101 + 0.1 * u[:, 1]], axis=1)
    return x, ((u[:, 0] > 0.5) ^ (u[:, 1] > 0.5)).astype(np.int64)


def test_a_network_learns_what_scikit_learns_does(tmp_path, rng):
    x, y = crossed(rng)
    study = load(saved(tmp_path, x=x, y=y))
    metrics = work.run(study, tmp_path / "run", quiet=True)
    train, test = data.load("npz", path=study.data.path).train, data.load("npz", path=study.data.path).test
    theirs = make_pipeline(StandardScaler(), MLPClassifier((16,), random_state=0, max_iter=1000)).fit(train.x, train.y)
    assert metrics.test.accuracy > 0.9
    assert metrics.test.accuracy > theirs.score(test.x, test.y) - 0.05
    arrays, _ = checkpoint.load(tmp_path / "run" / "best.safetensors")
    assert {arrays[f"standardizer.{name}"].dtype for name in ("mean", "scale")} == {np.dtype(np.float64)}
    right = load_classifier(tmp_path / "run").predict_proba(x).argmax(1) == y
    assert right.mean() > 0.9


@pytest.mark.parametrize("name", [name for name in PEERS if name != "logistic"])
def test_the_peers_of_a_comparison_get_the_numbers_as_they_were(rng, name):
    x, y = crossed(rng)
    splits = (Dataset(x[:400], y[:400]), Dataset(x[400:], y[400:]))
    outcome = PEERS[name].train_and_predict(data.Splits("crossed", ("0", "1"), *splits))
    assert (outcome.predictions == y[400:]).mean() > 0.9


def test_so_does_logistic_regression(rng):
    x = 1.7e9 + 100 * rng.random((400, 1))
    y = (x[:, 0] > x.mean()).astype(np.int64)
    outcome = PEERS["logistic"].train_and_predict(data.Splits("half", ("0", "1"), Dataset(x, y), Dataset(x, y)))
    assert (outcome.predictions == y).mean() > 0.97


def test_notes_on_the_data_are_in_the_terminal_the_record_and_the_report(tmp_path, rng, capsys):
    images, y = rng.integers(0, 256, (120, 3, 16, 3), dtype=np.uint8), np.array(["cat", "dog"])[np.arange(120) % 2]
    study = load(saved(tmp_path, x=images, y=y), ["train.epochs=1", "train.optimizer.lr=0.01"])
    metrics = work.run(study, tmp_path / "run")
    output = capsys.readouterr().out
    page = (reports.write(tmp_path / "run").parent / "report.md").read_text("utf-8")
    table = DataTable(name="npz", path=study.data.path)
    comparison.run(Plan(table, (study,), ("tree",), folds=2), tmp_path / "compare")
    compared = capsys.readouterr().out
    reports.write(tmp_path / "compare")
    for words in ("is read as images 3 pixels high and 16 wide", "text, numbered in sorted order: cat, dog"):
        assert any(words in note for note in metrics.data.notes.values())
        assert words in output
        assert words in page
        assert words in compared
        assert words in (tmp_path / "compare" / "report.md").read_text("utf-8")


def test_one_scale_for_all_that_would_lose_a_feature_is_refused(tmp_path, rng):
    x, y = crossed(rng)
    for mode in ("none", "global"):
        study = load(saved(tmp_path, x=x, y=y), [f"data.standardize={mode}"])
        with pytest.raises(DataError, match=f'"{mode}" would round away'):
            work.run(study, tmp_path / "run", quiet=True)


def test_images_of_four_channels_are_classified_as_arrays_alone(tmp_path, rng):
    x, y = rng.integers(0, 256, (60, 9, 8, 4), dtype=np.uint8), np.arange(60) % 2
    study = load(saved(tmp_path, x=x, y=y), ["train.epochs=1", "train.optimizer.lr=0.01"])
    metrics = work.run(study, tmp_path / "run", quiet=True)
    assert "4 channels" in metrics.data.notes["axes"]
    classifier = load_classifier(tmp_path / "run")
    assert classifier.predict_proba(x).shape == (60, 2)
    with pytest.raises(BackhandError, match="images of 4 channels"):
        read_image(tmp_path / "one.png", classifier.sample_shape, resize=True)


def test_images_with_channels_first_are_refused_by_data_and_models(rng):
    images, y = rng.integers(0, 256, (9, 3, 16, 16), dtype=np.uint8), np.zeros(9, np.int64)
    with pytest.raises(DataError, match=r"channels come last, as in \(9, 16, 16, 3\): write x.transpose\(0, 2, 3, 1\)"):
        Dataset(images, y)
    model = Sequential(Flatten(), Linear(2)).build((16, 16, 3))
    with pytest.raises(ModelError, match=r"channels come last: write x.transpose\(0, 2, 3, 1\)"):
        model.predict(images)
    model.predict(images.transpose(0, 2, 3, 1))
