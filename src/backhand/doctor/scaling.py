"""The scaling of validation and test data, which must be that of the training data."""

import numpy as np

from backhand.arrays import Array
from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import NotMeasuredError, Samples, Split, Subject
from backhand.doctor.words import number

SAMPLES, FEWEST, FEATURES = 2000, 8, 512
ROUNDING = 1e-3  # the difference of two scalings, relative to the deviation, that rounding explains
EXACT = 2e-4  # how near to 0 and 1 the statistics of a split are that was scaled by itself
MANY_VALUES = 20  # distinct values of a feature that is no category
SHARE = 0.9  # of the features of which this has to be true


def examine(subject: Subject) -> Measured:
    """Compare the scaling of each held-out split with that of the training data."""
    samples, found = subject.needs_samples(), Collected()
    if not samples.held_out:
        raise NotMeasuredError("there are no validation or test data")
    for name, split in samples.held_out.items():
        if min(len(split), len(samples.train)) < FEWEST:
            continue
        difference = scaling_difference(samples.train, split)
        if difference > ROUNDING:
            _report(name, f"the same raw value becomes values that differ by {number(difference)} deviations", found)
        elif (both := _scaled_before(samples, split)) is not None:
            _report(name, f"{both}, in the training data and in the {name} data alike", found)
    return found.measured(f"training data and {' and '.join(samples.held_out)} data compared")


def _scaled_before(samples: Samples, split: Split) -> str | None:
    """What `scaled_by_itself` says of the split and the training data, also with validation data drawn from them."""
    wholes = [samples.train.raw]
    if samples.validation is not None and samples.validation is not split:
        wholes.append(np.concatenate([samples.train.raw, samples.validation.raw]))
    return next((both for whole in wholes if (both := scaled_by_itself(whole, split.raw)) is not None), None)


def scaling_difference(train: Split, other: Split) -> float:
    """How far apart the two splits scale the same raw value, in deviations of the scaled training data.

    The offset and the factor of each feature are fitted to the raw and the scaled values of each split.
    """
    fits = []
    low, high = None, None
    for split in (train, other):
        index = split.drawn(SAMPLES)
        raw = np.asarray(split.raw[index], np.float64).reshape(len(index), -1)
        scaled = np.asarray(split.scale(index), np.float64).reshape(len(index), -1)
        if raw.shape != scaled.shape:
            return 0.0  # the network is given other features than those that were read
        chosen = np.linspace(0, raw.shape[1] - 1, min(raw.shape[1], FEATURES)).astype(int)
        raw, scaled = raw[:, chosen], scaled[:, chosen]
        if low is None:
            low, high, spread = raw.mean(0) - raw.std(0), raw.mean(0) + raw.std(0), float(scaled.std())
        fits.append(_affine(raw, scaled))
    known = (fits[0][2] > 0) & (fits[1][2] > 0)
    if not known.any() or spread == 0 or low is None or high is None:
        return 0.0
    ends = [np.stack([offset + factor * low, offset + factor * high])[:, known] for offset, factor, _ in fits]
    difference = np.abs(ends[0] - ends[1]).max(0) / spread
    return float(np.median(difference)) if np.isfinite(difference).all() else float("inf")


def _affine(raw: Array, scaled: Array) -> tuple[Array, Array, Array]:
    """Offset, factor and deviation (F,) of each feature: scaled = offset + factor · raw."""
    mean, variance = raw.mean(0), raw.var(0)
    factor = ((raw - mean) * (scaled - scaled.mean(0))).mean(0) / np.where(variance > 0, variance, 1)
    return scaled.mean(0) - factor * mean, factor, np.sqrt(variance)


def scaled_by_itself(train: Array, other: Array) -> str | None:
    """What both arrays have to rounding although only one can have it by the scaling of the other; None for nothing.

    train, other: samples (N, ...) as they were read.
    """
    parts = [np.asarray(part, np.float64).reshape(len(part), -1) for part in (train, other)]
    if np.asarray(train).dtype.kind != "f" or not all(np.isfinite(part).all() for part in parts):
        return None
    if all(_standardised(part) for part in parts):
        return "every feature has mean 0 and deviation 1 to rounding"
    if all(_standardised(part.reshape(-1, 1)) for part in parts):
        return "all values together have mean 0 and deviation 1 to rounding"
    return "every feature runs from exactly 0 to exactly 1" if all(map(_from_0_to_1, parts)) else None


def _standardised(x: Array) -> bool:
    """Whether the features have mean 0 and deviation 1, by either formula of the deviation."""
    varying = x[:, x.std(0) > 1e-6]
    if not varying.shape[1] or varying.shape[1] < SHARE * x.shape[1] * 0.5:
        return False
    centred = np.abs(varying.mean(0)) < EXACT
    deviations = [np.abs(varying.std(0, ddof=ddof) - 1) < EXACT for ddof in (0, 1)]
    return bool((centred & (deviations[0] | deviations[1])).mean() >= SHARE)


def _from_0_to_1(x: Array) -> bool:
    """Whether the features run from 0 to 1, and are neither categories nor pixels."""
    if np.allclose(x * 255, np.round(x * 255), atol=1e-3):
        return False
    many = np.array([len(np.unique(column)) > MANY_VALUES for column in x[:, :FEATURES].T])
    kept = x[:, :FEATURES][:, many]
    return bool(kept.shape[1] and ((np.abs(kept.min(0)) < 1e-7) & (np.abs(kept.max(0) - 1) < 1e-7)).mean() >= SHARE)


def _report(name: str, evidence: str, found: Collected) -> None:
    found.wrong(
        "scaled by itself",
        f"the {name} data are scaled by their own statistics, not by those of the training data",
        evidence=evidence,
        why="The network then sees the same sample differently in training and in the test, and a single sample could "
        "not be scaled at all",
        remedy="Take mean and deviation (or minimum and maximum) from the training data, and use them for all splits",
    )
