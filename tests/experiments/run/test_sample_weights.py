"""The weights of a table's samples: their unit does not matter, and the losses that are compared are weighted alike."""

from pathlib import Path

import numpy as np
import pytest

from backhand.data.sources import ArraySource
from backhand.errors import DataError
from backhand.experiments.build import load_feeds
from backhand.experiments.course import constant_loss, typical_loss
from backhand.experiments.run import work
from backhand.experiments.run.metrics import Metrics
from backhand.study import load
from backhand.training.evaluate import evaluate
from backhand.training.losses import loss

STUDY = """
name = "weighted"
data = { name = "csv", path = "rows.csv", label = "y", sample_weight = "w", drop = ["price"] }
model = { name = "mlp", hidden = [4] }
train = { epochs = 2, batch_size = 20 }
"""


def written(folder: Path, unit: float) -> Path:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 120)
    rows = [f"{a:.4f},{k},{unit * (1 + 3 * k):g},{a * 7:.3f}" for a, k in zip(rng.normal(y, 1), y, strict=True)]
    folder.mkdir()
    (folder / "rows.csv").write_text("\n".join(["a,y,w,price", *rows]))
    (folder / "s.toml").write_text(STUDY)
    return folder / "s.toml"


def trained(folder: Path, unit: float) -> Metrics:
    return work.run(load(written(folder, unit)), folder / "run", quiet=True)


def test_the_unit_of_the_weights_changes_nothing(tmp_path) -> None:
    one, small, large = (trained(tmp_path / str(unit), unit) for unit in (1, 1e-3, 100))
    assert small.test.loss == pytest.approx(one.test.loss, rel=1e-5)
    assert large.test.loss == pytest.approx(one.test.loss, rel=1e-5)
    assert small.training.constant_loss == pytest.approx(one.training.constant_loss, rel=1e-5)


def test_weights_that_are_all_0_are_refused(tmp_path) -> None:
    study = written(tmp_path / "zero", 0)
    with pytest.raises(DataError, match="the weights of all training samples are zero; at least one must be above 0"):
        work.run(load(study), tmp_path / "run", quiet=True)


def test_the_losses_that_are_compared_are_weighted(tmp_path) -> None:
    study = load(written(tmp_path / "w", 1))
    feeds = load_feeds(study)
    for feed in feeds.by_split.values():
        assert feed.data.weights.mean() == pytest.approx(1)
    y, w = feeds.train.data.y, feeds.train.data.weights
    share = w[y == 1].sum() / w.sum()
    assert constant_loss(study, feeds) == pytest.approx(-share * np.log(share) - (1 - share) * np.log(1 - share))


def test_a_typical_loss_has_the_weights_of_its_samples(make_solver, blobs) -> None:
    solver, own = make_solver(), loss("softmax_cross_entropy")
    x, y = blobs[0].batch(slice(None))
    weights = np.where(y == 0, 3.0, 1.0)
    plain, weighted = (evaluate(solver.model, own, ArraySource(x, y, w)) for w in (None, weights))
    largest = np.abs(plain.scores).max(axis=1)
    kept = np.argsort(largest, kind="stable")[: int(0.95 * len(y))]
    each = [own.forward(plain.scores[[k]], y[[k]]) for k in kept]
    assert typical_loss(plain, own) == pytest.approx(np.mean(each), rel=1e-5)
    assert typical_loss(weighted, own) == pytest.approx(np.average(each, weights=weights[kept]), rel=1e-5)
