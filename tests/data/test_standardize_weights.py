"""Weighted standardisation: a weight of 2 counts a sample twice, and 0 leaves it out."""

import numpy as np
import pytest

import backhand.data.columns
from backhand.data import Standardizer
from backhand.data.columns import column_statistics, moments
from backhand.data.shards import Shards
from backhand.errors import DataError


def samples(kind, rng):
    if kind == "images":
        return rng.integers(0, 256, (90, 4, 4, 3)).astype(np.uint8)
    x = rng.normal(3, 2, (90, 6))
    x[:, 1] = np.where(np.arange(90) == 5, 1, 7)  # a rare value
    x[:, 2] = 0.1
    x[:, 3] = 1e6 + x[:, 3]
    return np.rint(x) if kind == "integers" else x.astype(np.float32) if kind == "float32" else x


@pytest.mark.parametrize("chunk", [7, 1024])
@pytest.mark.parametrize("mode", ["feature", "channel", "global", "none"])
@pytest.mark.parametrize("kind", ["images", "float64", "float32", "integers"])
def test_a_weight_is_a_number_of_samples(kind, mode, chunk, monkeypatch, rng):
    if mode == "channel" and kind != "images":
        pytest.skip("only images have channels")
    monkeypatch.setattr(backhand.data.columns, "CHUNK", chunk)
    x, weights = samples(kind, rng), rng.integers(0, 5, 90)
    if mode in ("global", "none") and kind != "images":
        x = x[:, [0, 4, 5]]
    x[weights == 0] = 255  # which must not count
    repeated = Standardizer.fit(x.repeat(weights, axis=0), mode)
    for scaled in (weights, weights / 3, weights.astype(np.float32)):
        weighted = Standardizer.fit(x, mode, scaled)
        np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-7 if kind == "float32" else 1e-13)
        np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-7 if kind == "float32" else 1e-12)


def test_every_statistic_is_that_of_the_repeated_samples(rng):
    x, weights = samples("float64", rng), rng.integers(0, 5, 90)
    weights[5] = 2
    weighted, repeated = column_statistics(x, weights), column_statistics(x.repeat(weights, axis=0))
    for name in ("low", "high", "mean", "deviation", "uncommon_share"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-9, err_msg=name)
    assert weighted.uncommon_share[1] == pytest.approx(2 / weights.sum())
    assert weighted.uncommon_distance[1] == pytest.approx(6)
    assert weighted.deviation[2] == 0


def test_a_heavy_sample_has_the_common_value():
    x, weights = np.arange(3000.0)[:, None], np.ones(3000)
    weights[1234] = 1e6
    statistics = column_statistics(x, weights)
    assert statistics.uncommon_share[0] == pytest.approx(2999 / (1e6 + 2999))
    mean, variance = moments(x, weights=weights)
    assert mean[0] == pytest.approx(np.average(x[:, 0], weights=weights))
    assert variance[0] == pytest.approx(np.average((x[:, 0] - mean[0]) ** 2, weights=weights))


def test_weights_of_samples_on_disk(tmp_path, rng):
    x, weights = samples("float64", rng), rng.integers(0, 5, 90)
    np.save(tmp_path / "x.npy", x)
    on_disk = Standardizer.fit(Shards([tmp_path / "x.npy"]), "feature", weights)
    in_memory = Standardizer.fit(x, "feature", weights)
    np.testing.assert_array_equal(on_disk.scale, in_memory.scale)
    np.testing.assert_array_equal(on_disk.mean, in_memory.mean)


@pytest.mark.parametrize("kind", ["images", "float64"])
def test_some_sample_must_weigh_something(kind, rng):
    with pytest.raises(DataError, match="cannot standardise: the weights of all samples are 0"):
        Standardizer.fit(samples(kind, rng), "global", np.zeros(90))
