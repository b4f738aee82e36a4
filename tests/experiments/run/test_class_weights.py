"""Class weights from the study to the trained run: what is minimised, what is written down, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from backhand import checkpoint
from backhand.architectures import mlp
from backhand.data import load as load_data
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.errors import StudyError
from backhand.experiments.run import work
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.run.record import read
from backhand.experiments.run.report.tables import class_counts
from backhand.study import load
from backhand.training.evaluate import evaluate
from backhand.training.losses import SoftmaxCrossEntropy, class_weights
from backhand.training.optimizers import SGD
from backhand.training.solver import Solver

SMALL = ("train.epochs=2", "model.hidden=[16]", "data.train_size=301")


@pytest.fixture(scope="module")
def balanced_run(base: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weighted") / "run"
    work.run(load(base, [*SMALL, "train.class_weights=balanced"]), path, quiet=True)
    return path


def test_a_run_writes_down_the_weights_of_its_training_part(balanced_run: Path) -> None:
    data = json.loads((balanced_run / "metrics.json").read_text())["data"]
    counts = np.array(data["counts"]["train"])
    assert counts.sum() == 301
    np.testing.assert_allclose(data["class_weights"], 301 / (10 * counts))
    table = class_counts(read(balanced_run).metrics)
    assert table.head == ("class", "train", "validation", "test", "total", "weight")
    assert [row[-1] for row in table.rows] == [*(f"{301 / (10 * n):.4g}" for n in counts), ""]


def test_losses_are_weighted_and_accuracies_are_not(balanced_run: Path) -> None:
    metrics = json.loads((balanced_run / "metrics.json").read_text())
    evidence, _ = checkpoint.load(balanced_run / "evidence.safetensors")
    p, labels = evidence["probabilities"].astype(float), evidence["labels"]
    losses, weights = -np.log(p[np.arange(len(labels)), labels]), np.array(metrics["data"]["class_weights"])
    assert metrics["test"]["loss"] == pytest.approx((weights[labels] * losses).mean(), rel=1e-5)
    assert abs(metrics["test"]["loss"] / losses.mean() - 1) > 1e-4
    assert metrics["test"]["accuracy"] == (p.argmax(1) == labels).mean()


def test_predictions_need_the_run_folder_alone(balanced_run: Path) -> None:
    evidence, _ = checkpoint.load(balanced_run / "evidence.safetensors")
    test = load_data("digits").test
    p = load_classifier(balanced_run).predict_proba(test.x[:20])
    np.testing.assert_allclose(p, evidence["probabilities"][:20], rtol=1e-4, atol=1e-6)


def test_the_heavier_the_rare_class_the_more_of_it_is_recognised() -> None:
    """Two clouds of 450 and 50 points that overlap, and a linear model."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [450, 50])
    data = Dataset(rng.standard_normal((500, 2)) + 1.5 * y[:, None], y)
    feed, recalls = Feed(data, Standardizer.fit(data.x, "feature")), []
    for power in (0.0, 0.5, 1.0):
        loss = SoftmaxCrossEntropy(class_weights=class_weights(np.bincount(y), power))
        solver = Solver(mlp(2, ()).build((2,), seed=0), loss, SGD(0.1, 0.9), batch_size=50)
        solver.fit(feed, epochs=10)
        result = evaluate(solver.model, loss, feed)
        recalls.append((result.predictions[y == 1] == 1).mean())
    assert recalls[0] + 0.05 < recalls[1] < recalls[2] - 0.05


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["train.class_weights=[1, 2]"], r"train.class_weights has 2 numbers for 10 classes; give one for each"),
        (
            ["train.class_weights=sqrt", "data.train_size=5"],
            r'class "\d" has no training samples, so train.class_weights = "sqrt" cannot weigh it; raise',
        ),
    ],
)
def test_weights_that_do_not_fit_the_data_are_refused_before_anything_is_written(
    base: str, tmp_path: Path, overrides: list[str], sentence: str
) -> None:
    with pytest.raises(StudyError, match=sentence):
        work.run(load(base, [*SMALL, *overrides]), tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_numbers_are_used_as_they_are(base: str, tmp_path: Path) -> None:
    given = [1, 1, 1, 1, 1, 1, 1, 1, 1, 2.5]
    metrics = work.run(load(base, [*SMALL, f"train.class_weights={given}"]), tmp_path / "run", quiet=True)
    assert list(metrics.data.class_weights) == given
