"""The scaling of the splits, the inputs, equal samples, and the sizes of classes and batches."""

from dataclasses import replace

import numpy as np
import pytest

from backhand.doctor import inputs, overlap, practice, scaling
from backhand.doctor.subject import NotMeasuredError
from tests.doctor.smallnet import K, causes, clouds, samples, split, subject


def standardised(x):
    return (x - x.mean(0)) / x.std(0)


def test_healthy_data_have_no_problem():
    healthy = subject(samples=samples(), normalises=True)
    for examine in (
        scaling.examine,
        inputs.examine,
        overlap.examine,
        practice.examine_batches,
        practice.examine_balance,
    ):
        assert causes(examine(healthy)) == {}


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_split_that_is_scaled_by_itself_while_the_raw_values_are_known(part):
    raw, labels = clouds(200, 5)
    raw = 0.8 * raw + 0.3
    own = split(raw, labels, lambda x: (x - raw.mean(0)) / raw.std(0))
    measured = scaling.examine(subject(samples=samples(**{part: own})))
    assert causes(measured) == {"scaled by itself": "wrong"}
    assert measured.problems[0].headline.startswith(f"the {part} data are scaled by their own")


@pytest.mark.parametrize(
    "scale",
    [
        standardised,
        lambda x: (x - x.mean(0)) / x.std(0, ddof=1),
        lambda x: (x - x.mean()) / x.std(),
        lambda x: (x - x.min(0)) / (x.max(0) - x.min(0)),
        lambda x: standardised(x).astype(np.float32),
    ],
)
def test_a_split_that_was_scaled_by_itself_before_it_was_read(scale):
    (train, y), (test, t) = clouds(500, 0), clouds(200, 1)
    parts = samples(train=split(scale(train), y), test=split(scale(test), t), validation=None)
    assert causes(scaling.examine(subject(samples=parts))) == {"scaled by itself": "wrong"}
    mean, deviation = train.mean(0), train.std(0)
    parts = samples(train=split(standardised(train), y), test=split((test - mean) / deviation, t), validation=None)
    assert causes(scaling.examine(subject(samples=parts))) == {}


def test_pixels_from_0_to_1_are_no_scaling_by_itself():
    rng = np.random.default_rng(0)
    pixels = [rng.integers(0, 256, (300, 40)) / 255 for _ in range(2)]
    for x in pixels:
        x[0], x[1] = 0, 1
    assert scaling.scaled_by_itself(*pixels) is None


def test_without_held_out_data_there_is_nothing_to_compare():
    alone = subject(samples=samples(validation=None, test=None))
    for examine in (scaling.examine, overlap.examine):
        with pytest.raises(NotMeasuredError, match="no validation or test data"):
            examine(alone)


def given(x, labels=None):
    return subject(samples=samples(train=split(x, np.zeros(len(x), int) if labels is None else labels)))


@pytest.mark.parametrize(
    ("change", "cause", "severity"),
    [
        (lambda x: np.where(np.arange(len(x))[:, None] == 7, np.nan, x), "inputs not finite", "wrong"),
        (lambda x: np.clip(128 + 50 * x, 0, 255), "inputs not scaled", "wrong"),
        (lambda x: 1e-4 * x, "inputs too small", "warning"),
        (lambda x: np.where(x == x.max(), 1e4, x), "outliers", "warning"),
        (lambda x: np.where(np.arange(x.shape[1]) == 3, 1.0, x), "constant inputs", "warning"),
        (lambda x: np.ones_like(x), "constant inputs", "wrong"),
    ],
)
def test_inputs_that_no_network_should_get(change, cause, severity):
    x = standardised(clouds(2000)[0])
    found = causes(inputs.examine(given(change(x))))
    assert found[cause] == severity


def test_pixels_are_called_pixels():
    x = np.random.default_rng(0).integers(0, 256, (50, 8, 8, 1)).astype(np.float32)
    assert inputs.examine(given(x)).problems[0].headline == "the inputs are pixels from 0 to 255"


def test_empty_borders_of_pictures_are_usual():
    x = np.random.default_rng(0).standard_normal((50, 8, 8, 1))
    x[:, :2] = -0.5
    assert causes(inputs.examine(given(x))) == {}


@pytest.mark.parametrize(("copies", "severity"), [(0, None), (6, "warning"), (60, "wrong")])
def test_test_samples_that_are_in_the_training_data(copies, severity):
    parts = samples()
    raw = parts.test.raw.copy()
    raw[:copies] = parts.train.raw[:copies]
    measured = overlap.examine(subject(samples=replace(parts, test=replace(parts.test, raw=raw))))
    assert causes(measured) == ({} if severity is None else {"test samples in the training data": severity})
    assert f"{copies} of 200 test samples" in measured.summary


def test_features_of_few_values_are_left_out():
    x = np.random.default_rng(0).integers(0, 2, (600, 3)).astype(float)
    parts = samples(train=split(x, np.zeros(600, int)))
    with pytest.raises(NotMeasuredError, match="few values"):
        overlap.examine(subject(samples=parts))


@pytest.mark.parametrize(("size", "severity"), [(1, "wrong"), (2, "warning")])
def test_batches_too_small_for_batch_normalisation(size, severity):
    few = subject(normalises=True, batch_size=size)
    assert causes(practice.examine_batches(few)) == {"batches too small": severity}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"normalises": False}, "no batch normalisation"),
        ({"normalises": None}, "not known"),
        ({"normalises": True, "batch_size": None}, "size of the batches"),
    ],
)
def test_without_batch_normalisation_any_batch_will_do(facts, reason):
    with pytest.raises(NotMeasuredError, match=reason):
        practice.examine_batches(subject(**facts))


def test_uneven_classes_unless_they_are_weighed():
    labels = np.repeat(np.arange(K), [500, 40, 40, 20])
    parts = samples(train=split(clouds(600)[0], labels))
    measured = practice.examine_balance(subject(samples=parts))
    assert causes(measured) == {"uneven classes": "warning"}
    assert '"class 0" has 500 samples and "class 3" 20' in measured.problems[0].evidence
    assert causes(practice.examine_balance(subject(samples=parts, weighted=True))) == {}
