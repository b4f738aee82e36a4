"""New classes of a table with large numbers: every way of learning them sees the differences, the tree too."""

import numpy as np
import pytest

from backhand.data.standardize import Standardizer
from backhand.errors import DataError
from backhand.experiments.build import load_feeds
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.settings import read_study
from backhand.experiments.splits import load_study_splits
from tests.experiments.extension.extensions import extend, train


def cluster(rng, seconds, count=200):
    """Samples within ten seconds of these, which are one number in float32."""
    return np.stack([1.7e9 + seconds + 10 * rng.random(count), rng.normal(size=count)], axis=1)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The folder of a run on two classes, and of an extension by a third."""
    folder, rng = tmp_path_factory.mktemp("tables"), np.random.default_rng(0)
    x, y = np.concatenate([cluster(rng, 0), cluster(rng, 20)]), np.repeat(["a", "b"], 200)
    np.savez(folder / "old.npz", x=x, y=y)
    more = np.concatenate([cluster(rng, 40), cluster(rng, 60)])
    np.savez(folder / "new.npz", x=more, y=np.repeat(["c", "d"], 200))
    np.savez(folder / "far.npz", x=more * [1000, 1], y=np.repeat(["c", "d"], 200))
    run = train(
        folder, "data.name=npz", f"data.path={folder / 'old.npz'}", "data.classes=['a', 'b']", "train.batch_size=20"
    )
    record = extend(
        run, folder / "out", ways=("with-old", "without-old"), new={"name": "npz", "path": folder / "new.npz"}
    )
    return folder, record


def test_network_and_tree_learn_what_float32_could_not_tell_apart(tables):
    _, record = tables
    for figures in (record["tree"], record["ways"]["with-old"]):
        assert sum(figures["right"]) / sum(figures["counts"]) > 0.95


def test_samples_of_all_classes_are_on_the_scale_that_is_kept(tables):
    """Also where the network was trained on the new classes alone."""
    folder, _ = tables
    for way in ("with-old", "without-old"):
        classifier = load_classifier(folder / "out" / way)
        for name in ("old.npz", "new.npz"):
            assert np.isfinite(classifier.predict_proba(np.load(folder / name)["x"])).all()


def test_the_scale_is_that_of_the_old_run_to_the_last_bit(tables):
    folder, _ = tables
    feeds = load_feeds(read_study(folder / "first"))
    expected = Standardizer.fit(feeds.train.data.x, "feature")
    for run in (folder / "first", folder / "out" / "with-old"):
        saved = load_classifier(run).standardizer
        np.testing.assert_array_equal(saved.mean, expected.mean)
        np.testing.assert_array_equal(saved.scale, expected.scale)


def test_new_samples_on_another_scale_are_refused_as_predict_refuses_them(tables):
    folder, _ = tables
    study = read_study(folder / "out" / "with-old")
    far = study.model_copy(update={"extend": study.extend.model_copy(update={"path": folder / "far.npz"})})
    with pytest.raises(DataError, match=r"npz do not fit those of npz: .* where the training samples lie from"):
        load_study_splits(far)
    load_study_splits(study)
