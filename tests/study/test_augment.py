"""Studies with augmentation: what is made of the table, what is refused, training, resuming, and what is reported."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backhand import checkpoint
from backhand.architectures import mlp
from backhand.data.augment import Affine, Augment, Brightness, Contrast, Crop, Cutout, Flip, MixUp
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.data.standardize import Standardizer
from backhand.errors import StudyError
from backhand.experiments.build import load_feeds
from backhand.experiments.run.predict import load_classifier
from backhand.experiments.run.work import run
from backhand.layers import Flatten, Linear
from backhand.model.sequential import Sequential
from backhand.study import load
from backhand.study.augment import AugmentTable, refuse_unfit_evaluation
from backhand.training.callbacks import Callback
from backhand.training.evaluate import evaluate
from backhand.training.losses import SoftmaxCrossEntropy
from backhand.training.optimizers import SGD
from backhand.training.range_test import range_test
from backhand.training.solver import Solver

MEAN = np.float32([1, 2, 3])
AUGMENT = Augment((Flip(), Crop(1), Affine(10, 0.1, 0.1), Brightness(0.2), Contrast(0.2)), MixUp(0.4, 10))


def test_the_table_makes_what_is_asked_for_in_the_order_of_its_keys() -> None:
    everything = {"flip": True, "crop": 4, "rotate": 15, "shift": 0.1, "scale": 0.2, "brightness": 0.3}
    table = AugmentTable(**everything, contrast=0.4, cutout=8, mixup=0.2)
    made = table.make((32, 32, 3), MEAN, 10)
    *others, cutout = made.steps
    assert others == [Flip(), Crop(4), Affine(15, 0.1, 0.2), Brightness(0.3), Contrast(0.4)]
    assert isinstance(cutout, Cutout)
    assert (cutout.size, cutout.fill.tolist()) == (8, MEAN.tolist())
    assert made.mixup == MixUp(0.2, 10)
    assert AugmentTable(scale=0.1).make((8, 8, 1), MEAN, 2) == Augment((Affine(scale=0.1),))
    assert AugmentTable(mixup=0.1).make((8, 8, 1), MEAN, 2) == Augment((), MixUp(0.1, 2))
    assert AugmentTable().make((8, 8, 1), MEAN, 2) is None


@pytest.mark.parametrize(
    ("key", "pixels", "said"),
    [
        ("crop", 8, "data.augment.crop is 8 pixels, but images of 8 x 12 pixels allow at most 7; reduce it"),
        ("cutout", 9, "data.augment.cutout is 9 pixels, but images of 8 x 12 pixels allow at most 8; reduce it"),
    ],
)
def test_what_does_not_fit_the_image(key: str, pixels: int, said: str) -> None:
    assert AugmentTable(**{key: pixels - 1}).make((8, 12, 3), MEAN, 2) is not None
    with pytest.raises(StudyError, match=f"^{said}$"):
        AugmentTable(**{key: pixels}).make((8, 12, 3), MEAN, 2)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("data.augment.flip=true", "data.augment needs images, but the samples are rows of 2 features"),
        ("data.augment.mixup=0.1", "data.augment needs images"),
        ("train.test_flips=true", "train.test_flips needs images, but the samples are rows of 2 feat"),
        ("train.test_shift=1", "train.test_shift needs images, but the samples are rows of 2 features"),
    ],
)
def test_features_are_no_images(base: str, override: str, said: str) -> None:
    with pytest.raises(StudyError, match=f"^{said}.*; leave it out$"):
        load_feeds(load(base, ["data.name=blobs", override]))


def augmented(feeds: tuple[Feed, Feed], augment: Augment = AUGMENT) -> Feed:
    return Feed(feeds[0].data, feeds[0].standardizer, augment)


def solver(**options: Any) -> Solver:
    model = mlp(10, (12,), dropout=0.2).build((8, 8, 1), seed=1)
    return Solver(model, SoftmaxCrossEntropy(), SGD(0.05, 0.9), 16, **options)


def test_resuming_changes_no_bit_of_a_training_with_augmentation(digits: tuple[Feed, Feed], tmp_path: Path) -> None:
    train, whole, first, second = augmented(digits), solver(), solver(), solver()
    whole.fit(train, digits[1], epochs=4)
    first.fit(train, digits[1], epochs=2)
    checkpoint.save(tmp_path / "state.safetensors", *first.state())
    second.load(*checkpoint.load(tmp_path / "state.safetensors"))
    second.fit(train, digits[1], epochs=4)
    np.testing.assert_array_equal(second.model.parameters.values, whole.model.parameters.values)
    assert second.state()[1]["rng"] == whole.state()[1]["rng"]


def test_augmentation_moves_no_other_stream_and_has_its_own(digits: tuple[Feed, Feed]) -> None:
    plain, mixed, other = solver(), solver(), solver(seed=1)
    fresh = plain.streams.states()
    plain.fit(digits[0], epochs=1)
    mixed.fit(augmented(digits), epochs=1)
    other.fit(augmented(digits), epochs=1)
    *others, rested = plain.streams.states()
    assert mixed.streams.states()[:2] == others
    assert rested == fresh[2] != mixed.streams.augment.bit_generator.state != other.streams.augment.bit_generator.state


def test_the_solver_trains_on_draws_and_the_range_test_too(digits: tuple[Feed, Feed]) -> None:
    class Batches(Callback):
        def __init__(self) -> None:
            self.seen: list[tuple[np.ndarray, np.ndarray]] = []

        def on_loss(self, solver: Solver) -> None:
            self.seen.append(solver.batch)

    for train in (lambda s: s.fit(augmented(digits), epochs=1), lambda s: range_test(s, augmented(digits), steps=10)):
        batches = Batches()
        train(solver(callbacks=[batches]))
        plain = {row.tobytes() for row in digits[0].batch(slice(None))[0]}
        x, targets = batches.seen[0]
        assert targets.shape == (16, 10)
        assert not plain & {row.tobytes() for row in x}


def test_the_running_accuracy_counts_the_class_of_the_larger_share() -> None:
    """A model that reads the class off the brightest pixel, and does not learn: it names the larger share."""
    pixels = np.zeros((60, 1, 3, 1), np.uint8)
    labels = np.arange(60) % 3
    pixels[np.arange(60), 0, labels] = 255
    train = Feed(Dataset(pixels, labels), Standardizer.fit(pixels, "none"), Augment((), MixUp(1.0, 3)))
    model = Sequential(Flatten(), Linear(3)).build((1, 3, 1))
    model.layers[1].params["weight"][:] = 10 * np.eye(3)
    record = Solver(model, SoftmaxCrossEntropy(), SGD(1e-9, 0.0), 20).fit(train, epochs=1)[0]
    assert record["train_accuracy"] == 1
    assert record["train_loss"] > 0.1


def test_a_shift_must_fit_the_image() -> None:
    refuse_unfit_evaluation(EvaluationAugment(shift=7), (8, 12, 3))
    with pytest.raises(StudyError, match=r"^train.test_shift is 8 pixels, but images of 8 x 12 pixels allow at most 7"):
        refuse_unfit_evaluation(EvaluationAugment(shift=8), (8, 12, 3))


def test_flips_average_the_scores_of_both_views(digits: tuple[Feed, Feed]) -> None:
    feed, model = digits[1], solver().model
    mirrored = feed.standardizer.transform(feed.data.x[:, :, ::-1])
    expected = (model.forward(feed.batch(slice(None))[0]) + model.forward(mirrored)) / 2
    result = evaluate(model, SoftmaxCrossEntropy(), feed, EvaluationAugment(flips=True))
    np.testing.assert_allclose(result.scores, expected, atol=1e-6)
    np.testing.assert_array_equal(result.labels, feed.data.y)
    assert result.loss == pytest.approx(SoftmaxCrossEntropy().forward(expected, feed.data.y))
    assert np.abs(result.scores - evaluate(model, SoftmaxCrossEntropy(), feed).scores).max() > 0.01


@pytest.fixture(scope="module")
def folder(base: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every augmentation, tested with flips and shifts."""
    keys = ["flip=true", "crop=1", "rotate=10", "shift=0.1", "scale=0.1", "brightness=0.1", "contrast=0.1", "cutout=2"]
    overrides = [f"data.augment.{key}" for key in [*keys, "mixup=0.3"]]
    overrides += ["train.epochs=2", "data.train_size=200", "train.test_flips=true", "train.test_shift=1"]
    study = load(base, overrides)
    path = tmp_path_factory.mktemp("augmented") / "run"
    run(study, path, quiet=True)
    return path


def test_a_run_tells_how_it_was_augmented_and_tested(folder: Path) -> None:
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["data"]["augment"]["mixup"] == 0.3
    assert metrics["test"]["test_flips"] is True
    assert metrics["validation"]["test_flips"] is True
    assert metrics["test"]["test_shift"] == metrics["validation"]["test_shift"] == 1
    evidence, _ = checkpoint.load(folder / "evidence.safetensors")
    assert (evidence["augmented"].shape, evidence["augmented"].dtype) == ((6, 8, 8, 8, 1), np.uint8)
    np.testing.assert_allclose(evidence["augmented_targets"].sum(axis=2), 1, rtol=1e-6)
    assert (evidence["augmented_targets"][:, 0].max(axis=1) == 1).all()
    assert len(np.unique(evidence["augmented"].reshape(48, -1), axis=0)) == 48


def test_the_test_result_is_that_of_the_views(folder: Path, base: str) -> None:
    metrics = json.loads((folder / "metrics.json").read_text())
    classifier, test = load_classifier(folder), load_feeds(load(base)).test
    assert classifier.evaluation_augment == EvaluationAugment(flips=True, shift=1)
    plain = evaluate(classifier.model, classifier.loss, Feed(test.data, classifier.standardizer))
    both = evaluate(
        classifier.model, classifier.loss, Feed(test.data, classifier.standardizer), classifier.evaluation_augment
    )
    assert metrics["test"]["loss"] == pytest.approx(both.loss, rel=1e-6) != pytest.approx(plain.loss, rel=1e-6)
    probabilities = classifier.predict_proba(test.data.x)
    np.testing.assert_allclose(probabilities, classifier.loss.predict_proba(both.scores), atol=1e-6)
    np.testing.assert_allclose(probabilities, classifier.predict_proba(test.data.x[:, :, ::-1]), atol=1e-6)


def test_the_report_shows_augmented_samples(folder: Path) -> None:
    from backhand.experiments import reports

    reports.write(folder)
    text = (folder / "report.md").read_text("utf-8")
    assert "## 3. Augmented samples" in text
    assert "(data.augment: flip, crop 1, rotate 10.0, shift 0.1, scale 0.1," in text
    assert "The lines under a mixed picture give the shares of its classes" in text
    views = "of its mirror image and of each moved by 1 px towards two opposite corners"
    assert f"the mean of the scores of each picture and {views}" in text
    with Image.open(folder / "plots" / "augmented.png") as sheet:
        assert sheet.width > 800


def test_a_run_without_augmentation_shows_none(base: str, tmp_path: Path) -> None:
    from backhand.experiments import reports

    metrics = run(load(base, ["train.epochs=1", "data.train_size=100"]), tmp_path / "run", quiet=True)
    assert metrics.data.augment == {}
    assert metrics.test.test_flips is False
    reports.write(tmp_path / "run")
    text = (tmp_path / "run" / "report.md").read_text("utf-8")
    assert "Augmented samples" not in text
    assert "mirror image" not in text
