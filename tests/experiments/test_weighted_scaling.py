"""The weights of a study's samples, in the standardisation of samples and targets."""

import numpy as np
import pytest

from backhand.experiments.build import load_feeds, loss_for
from backhand.study import load

STUDY = """
name = "weighted"
[data]
name = "csv"
path = "t.csv"
target = "y"
sample_weight = "w"
[model]
name = "mlp"
[train]
epochs = 1
loss = "squared_error"
"""


def test_a_weight_is_a_number_of_samples(tmp_path, rng):
    rows = rng.normal(size=(100, 4))
    rows[:, 3] = rng.integers(0, 4, 100)
    np.savetxt(tmp_path / "t.csv", rows, delimiter=",", header="a,b,y,w", comments="")
    (tmp_path / "study.toml").write_text(STUDY)
    study = load(tmp_path / "study.toml")
    feeds = load_feeds(study)
    train = feeds.train.data
    assert train.weights is not None
    times = np.rint(train.weights / train.weights[train.weights > 0].min()).astype(int)  # the file's weights: 0 to 3
    assert set(times) == {0, 1, 2, 3}
    repeated = train.x.repeat(times, axis=0).astype(np.float64)
    assert feeds.train.standardizer.mean == pytest.approx(repeated.mean(0), rel=1e-6)
    assert 1 / feeds.train.standardizer.scale == pytest.approx(repeated.std(0), rel=1e-6)
    targets = train.y.repeat(times, axis=0)
    loss = loss_for(study, feeds)
    assert loss.center == pytest.approx(targets.mean(0))
    assert loss.scale == pytest.approx(targets.std(0))
