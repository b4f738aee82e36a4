"""The published data sets, where this machine has them."""

import hashlib
import time

import numpy as np
import pytest

from backhand.data import Standardizer, load
from backhand.data.verify import verify


def test_mnist(real_data):
    result = verify("mnist", data_dir=real_data)
    splits = result.splits
    assert len(result.findings) == 5
    assert all("as published" in finding for finding in result.findings[:4])
    assert splits.train.x.shape == (60_000, 28, 28, 1)
    assert splits.train.y[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    assert splits.train.x.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert splits.train.x.std() / 255 == pytest.approx(0.3081, abs=5e-5)
    digest = hashlib.sha256(bytes([0, 0, 8, 3, 0, 0, 0xEA, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]) + splits.train.x.tobytes())
    assert digest.hexdigest() == "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"


def test_cifar10(real_data):
    if not (real_data / "cifar10-images.zip").is_file():
        pytest.skip("cifar10-images.zip is not here")
    splits = verify("cifar10", data_dir=real_data).splits
    assert splits.classes[0] == "airplane"
    assert splits.classes[-1] == "truck"
    assert all((count == count[0]).all() for count in splits.counts().values())
    assert splits.source == "CIFAR-10 (JPEG copy), 60,000 colour photographs of 32 x 32 pixels (Krizhevsky, 2009)"
    means = splits.train.x[::10].mean(axis=(0, 1, 2)) / 255  # of the original pixels: 0.4914, 0.4822, 0.4465
    np.testing.assert_allclose(means, [0.4914, 0.4822, 0.4465], atol=5e-3)
    start = time.perf_counter()
    again = load("cifar10", data_dir=real_data)
    assert time.perf_counter() - start < 10
    np.testing.assert_array_equal(again.test.x, splits.test.x)


def test_fer2013(real_data):
    if not (real_data / "fer2013-images.zip").is_file():
        pytest.skip("fer2013-images.zip is not here")
    splits = verify("fer2013", data_dir=real_data).splits
    assert splits.source.startswith(
        "FER2013, 35,887 grey faces of 48 x 48 pixels (Goodfellow et al., 2013), from image"
    )
    counts = {split: count.tolist() for split, count in splits.counts().items()}
    # Angry, disgust, fear, happy, sad, surprise, neutral, as fer2013.csv counts them.
    assert counts == {
        "train": [3995, 436, 4097, 7215, 4830, 3171, 4965],
        "validation": [467, 56, 496, 895, 653, 415, 607],
        "test": [491, 55, 528, 879, 594, 416, 626],
    }


def test_no_pixel_of_mnist_as_rows_outweighs_the_others(real_data):
    """Rim pixels are black in nearly all images; by its own deviation one dot would lie √n deviations away."""
    rows = load("mnist", data_dir=real_data).train.x[:10_000].reshape(10_000, -1).astype(np.float32)
    z = np.abs(Standardizer.fit(rows, "feature").transform(rows))
    own = np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1)
    assert np.abs((rows - rows.mean(axis=0)) / own).max() > 99
    assert z.max() < 25
    assert (z.max(axis=0) == 0).sum() == (rows.max(axis=0) == 0).sum() > 50
