"""Samples that are both in the training data and in data that are held out."""

import hashlib
from collections.abc import Iterable

import numpy as np

from backhand.arrays import Array
from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import NotMeasuredError, Subject
from backhand.doctor.words import counted, share

WRONG, WARNING = 0.1, 0.01  # shares of the held-out samples
FEW_VALUES = 8  # features of fewer distinct samples than this share is not expected to tell samples apart


def examine(subject: Subject) -> Measured:
    """Count the held-out samples that are equal to a training sample in every value."""
    samples, found = subject.needs_samples(), Collected()
    if not samples.held_out:
        raise NotMeasuredError("there are no validation or test data")
    known = set(_digests(samples.train.raw))
    if len(known) < len(samples.train) / FEW_VALUES:
        raise NotMeasuredError("most training samples are equal to others, since their features have few values")
    parts = []
    for name, split in samples.held_out.items():
        shared = sum(digest in known for digest in _digests(split.raw))
        fraction = shared / len(split)
        parts.append(f"{shared:,} of {len(split):,} {name} samples")
        if fraction < WARNING:
            continue
        report = found.wrong if fraction >= WRONG else found.warn
        report(
            f"{name} samples in the training data",
            f"{share(fraction)} of the {name} samples are in the training data as well",
            evidence=f"{counted(shared, 'sample')} of {len(split):,} are equal to a training sample in every value",
            why="What the network has learnt by heart then counts as understood, and the figures are too good",
            remedy="Divide the data after equal samples have been removed, and keep copies of one sample in one split",
        )
    return found.measured(f"in the training data too: {', '.join(parts)}")


def _digests(x: Array) -> Iterable[bytes]:
    rows = np.ascontiguousarray(x).reshape(len(x), -1)
    return (hashlib.blake2b(row.data, digest_size=12).digest() for row in rows)
