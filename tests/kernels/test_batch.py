"""Batches by the kernel against the same in NumPy, from the same draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from backhand import backend
from backhand.data import Standardizer
from backhand.data.augment import Affine, Augment, Brightness, Contrast, Crop, Cutout, Flip, MixUp
from backhand.data.augment.evaluation import EvaluationAugment
from backhand.data.dataset import Dataset
from backhand.data.feed import Feed
from backhand.kernels import batch as kernel

COUNT, CLASSES = 11, 4
images = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 3, 7]))
modes = st.sampled_from(["none", "global", "channel", "feature"])
indices = st.lists(st.integers(-COUNT, COUNT - 1), min_size=1, max_size=5).map(np.array)
whole_pixels = st.one_of(st.just(Flip()), st.integers(0, 20).map(Crop), st.integers(1, 9).map(lambda n: Cutout(n, 90)))
factors = st.one_of(st.just(Brightness(0.9)), st.just(Contrast(0.9)))
moves = st.builds(Affine, st.sampled_from([0, 30, 180]), st.sampled_from([0, 0.9]), st.sampled_from([0, 0.5]))


@pytest.fixture(scope="module", autouse=True)
def _on_the_kernel():
    """Whatever backend the tests are run on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "kernel", lambda name, dtype: kernel)
        yield


def feed(shape, mode, augment=None):
    x = np.random.default_rng(0).integers(0, 256, (COUNT, *shape), dtype=np.uint8)
    return Feed(Dataset(x, np.arange(COUNT) % CLASSES), Standardizer.fit(x, mode), augment)


def both(own, index):
    """A draw by the kernel, and as NumPy makes it; they leave the generator in the same state."""
    before, first, second = own.data.x.copy(), np.random.default_rng(1), np.random.default_rng(1)
    found = own.draw(index, first)
    pixels, targets = own.augment(own.data.x[index], own.data.y[index], second)
    assert first.bit_generator.state == second.bit_generator.state
    np.testing.assert_array_equal(own.data.x, before)
    np.testing.assert_array_equal(found[1], targets)
    assert found[0].dtype == np.float32
    np.testing.assert_array_equal(found[0], own.draw(index, np.random.default_rng(1))[0])
    return found[0], own.standardizer.transform(pixels)


@given(shape=images, mode=modes, index=indices | st.slices(COUNT))
def test_images_are_gathered_to_the_bit(shape, mode, index):
    own = feed(shape, mode)
    x, labels = own.batch(index)
    wanted = own.standardizer.transform(own.data.x[index])
    assert (x.dtype, x.shape) == (np.float32, wanted.shape)
    np.testing.assert_array_equal(x, wanted)
    np.testing.assert_array_equal(labels, own.data.y[index])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_are_gathered_to_the_bit_nan_and_infinity_too(dtype):
    x = 1e3 + np.random.default_rng(2).normal(size=(COUNT, 5)).astype(dtype)
    scale = Standardizer.fit(x, "feature")
    x[3, :3] = np.nan, np.inf, -np.inf
    x.flags.writeable = False  # as arrays read from a file are
    index = np.array([3, 1, 10])
    found = Feed(Dataset(x, np.zeros(COUNT, np.int64)), scale).batch(index)[0]
    np.testing.assert_array_equal(found, scale.transform(x[index]))


@given(shape=images, mode=modes, index=indices, steps=st.lists(whole_pixels, min_size=1, max_size=4))
def test_whole_pixels_are_moved_and_hidden_to_the_bit(shape, mode, index, steps):
    found, wanted = both(feed(shape, mode, Augment(tuple(steps))), index)
    np.testing.assert_array_equal(found, wanted)


@settings(max_examples=200)
@given(
    shape=images, mode=modes, index=indices, mixup=st.sampled_from([None, MixUp(0.5, CLASSES)]),
    steps=st.lists(st.one_of(whole_pixels, factors, moves), max_size=6),
)  # fmt: skip
def test_steps_in_any_order_are_those_of_numpy(shape, mode, index, mixup, steps):
    own = feed(shape, mode, Augment(tuple(steps), mixup))
    found, wanted = both(own, index)
    rounding = 255 * own.standardizer.scale.max() * 1e-6 * max(1, len(steps))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=4 * rounding)


@pytest.mark.parametrize("values", [(3,), (5, 6, 3)])
def test_each_cutout_has_its_own_fill(values):
    fill = np.random.default_rng(3).uniform(0, 255, values).astype(np.float32)
    found, wanted = both(feed((5, 6, 3), "feature", Augment((Cutout(4, fill), Cutout(2, np.float32(7))))), np.arange(9))
    np.testing.assert_array_equal(found, wanted)


class Negative(Flip):
    """An augmentation that the kernel does not know."""

    kernel_name = ""

    def apply(self, x, drawn):
        return 255 - super().apply(x, drawn)


def test_what_the_kernel_does_not_know_runs_in_numpy():
    found, wanted = both(feed((4, 5, 3), "channel", Augment((Crop(1), Negative()))), np.arange(COUNT))
    np.testing.assert_array_equal(found, wanted)


def test_a_mirrored_feed_runs_in_numpy():
    own = feed((4, 5, 3), "feature")
    _, mirrored = own.variants(EvaluationAugment(flips=True))
    found = mirrored.batch(slice(2, 7))[0]
    np.testing.assert_array_equal(found, own.standardizer.transform(own.data.x[2:7, :, ::-1]))


@pytest.mark.parametrize("place", [COUNT, -COUNT - 1])
def test_no_memory_beyond_the_samples_is_read(place):
    with pytest.raises(IndexError, match="out of bounds"):
        feed((2, 2, 1), "none", Augment((Flip(),))).draw(np.array([place]), np.random.default_rng(0))
    with pytest.raises(IndexError, match="out of bounds"):
        feed((2, 2, 1), "none").batch(np.array([place]))


def test_every_step_of_the_kernel_is_an_augmentation_of_that_name():
    known = {each.kernel_name for each in (Flip, Crop, Affine, Brightness, Contrast, Cutout)}
    assert known == kernel.STEPS.keys()
