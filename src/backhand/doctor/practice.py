"""Settings that do not suit the data: batches too small for batch normalisation, and accuracy on uneven classes."""

import numpy as np

from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import NotMeasuredError, Subject
from backhand.doctor.words import counted, number, share

FEW = 4  # samples per batch below which the statistics of a batch are worth little
UNEVEN = 5.0  # the ratio of the largest to the smallest class


def examine_batches(subject: Subject) -> Measured:
    """Compare the size of the batches with what batch normalisation needs."""
    found = Collected()
    if subject.normalises is None:
        raise NotMeasuredError("whether the network normalises over the batch is not known")
    if not subject.normalises:
        raise NotMeasuredError("the network has no batch normalisation")
    if subject.batch_size is None:
        raise NotMeasuredError("the size of the batches is not known")
    if subject.batch_size < FEW:
        report = found.wrong if subject.batch_size == 1 else found.warn
        report(
            "batches too small",
            f"batch normalisation gets {counted(subject.batch_size, 'sample')} per batch",
            evidence=f"the batch size is {subject.batch_size}",
            why="A single sample has no variance over the batch, and that of two or three says little: the network "
            "trains on other values than it is tested on",
            remedy="Use batches of 16 samples or more, or leave the normalisation out",
        )
    return found.measured(f"{counted(subject.batch_size, 'sample')} per batch")


def examine_balance(subject: Subject) -> Measured:
    """Compare the sizes of the classes."""
    samples, found = subject.needs_samples(), Collected()
    counts = np.bincount(samples.train.labels, minlength=len(samples.classes))
    present = counts[counts > 0]
    ratio = float(present.max() / present.min())
    frequent = float(counts.max() / counts.sum())
    if ratio >= UNEVEN and not subject.weighted:
        smallest = int(np.where(counts > 0, counts, counts.max() + 1).argmin())
        large, small = samples.classes[int(counts.argmax())], samples.classes[smallest]
        found.warn(
            "uneven classes",
            "the classes differ much in size, and the accuracy is mostly that of the large ones",
            evidence=f'"{large}" has {counted(int(present.max()), "sample")} and "{small}" {int(present.min()):,}; '
            f"naming the largest class always is {share(frequent)} right",
            why="A network can be right on most samples and never name the small class",
            remedy='Read the recall of each class, and weigh them (`train.class_weights = "balanced"` in a study)',
        )
    return found.measured(f"the largest class is {number(ratio)} times the smallest")
