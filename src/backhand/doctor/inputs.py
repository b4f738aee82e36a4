"""The inputs as the network takes them: their range, and values that no network can use."""

import numpy as np

from backhand.arrays import Array
from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import Subject
from backhand.doctor.words import counted, listed, number, share

SAMPLES = 2000
FAR, WIDE, NARROW = 5.0, 10.0, 0.01  # of the mean, and of the deviation, of all inputs together
OUTLIER, TAIL = 50.0, 0.001  # deviations beyond which a value is an outlier, and the share of the tails
MOSTLY = 0.9  # the share of constant pixels above which pictures say nothing


def examine(subject: Subject) -> Measured:
    """Look for values that are not finite, for another range than that of standardised inputs, and for constants."""
    found = Collected()
    train = subject.needs_samples().train
    x = train.scale(train.drawn(SAMPLES))
    flat = np.asarray(x, np.float64).reshape(len(x), -1)
    if not np.isfinite(flat).all():
        _report_not_finite(flat, found)
        return found.measured("values that are not finite")
    usual = np.clip(flat, *np.quantile(flat, (TAIL, 1 - TAIL)))  # a few outliers have a problem of their own
    mean, deviation = float(usual.mean()), float(usual.std())
    _check_range(flat, mean, deviation, found)
    _check_constant(flat, is_image=x.ndim > 2, found=found)
    return found.measured(
        f"mean {number(mean)}, deviation {number(deviation)}, from {number(flat.min())} to {number(flat.max())}"
    )


def _report_not_finite(flat: Array, found: Collected) -> None:
    rows, columns = np.nonzero(~np.isfinite(flat))
    found.wrong(
        "inputs not finite",
        "the inputs hold values that are not finite",
        evidence=f"{counted(len(rows), 'value')}, the first in sample {rows[0]}, column {columns[0]}, counted from 0",
        why="A single NaN makes the loss and every gradient of its batch NaN",
        remedy="Correct or remove these samples, or fill in a value such as the mean of the column",
    )


def _check_range(flat: Array, mean: float, deviation: float, found: Collected) -> None:
    evidence = f"all but the outermost inputs have mean {number(mean)} and deviation {number(deviation)}, and run from "
    evidence += f"{number(float(flat.min()))} to {number(float(flat.max()))}"
    if abs(mean) > FAR or deviation > WIDE:
        pixels = flat.min() >= 0 and 127 < flat.max() <= 255
        found.wrong(
            "inputs not scaled",
            f"the inputs are {'pixels from 0 to 255' if pixels else 'not standardised'}",
            evidence=evidence,
            why="Initialisers and the usual rates are made for inputs of mean 0 and deviation 1: here the first scores "
            "and gradients are many times too large",
            remedy='Standardise by the statistics of the training data (`data.standardize = "global"` in a study)',
        )
    elif 0 < deviation < NARROW:
        found.warn(
            "inputs too small",
            "the inputs hardly differ from one another",
            evidence=evidence,
            why="The scores hardly depend on the sample then, and the weights would have to grow very large",
            remedy="Standardise by the statistics of the training data",
        )
    elif float(np.abs(flat).max()) > OUTLIER * max(deviation, 1.0):
        column = int(np.abs(flat).max(0).argmax())
        found.warn(
            "outliers",
            "some inputs are very far from all others",
            evidence=f"{evidence}; the farthest is in column {column}, counted from 0",
            why="One such value decides the gradient of its batch",
            remedy="Correct these values, cut them to a limit, or take the logarithm of that column",
        )


def _check_constant(flat: Array, *, is_image: bool, found: Collected) -> None:
    constant = np.flatnonzero(np.ptp(flat, axis=0) == 0)
    if len(flat) < 2 or not len(constant) or (is_image and len(constant) < MOSTLY * flat.shape[1]):
        return  # the borders of pictures are often empty
    everything = len(constant) == flat.shape[1]
    report = found.wrong if everything else found.warn
    columns = listed([str(column) for column in constant])
    report(
        "constant inputs",
        "all inputs are constant" if everything else f"{counted(len(constant), 'input')} never vary",
        evidence=f"columns {columns}, counted from 0, have one value in {len(flat)} samples"
        if not everything
        else f"{share(1.0)} of the columns have one value in {len(flat)} samples",
        why="A constant tells no sample from another",
        remedy="Look at how the data were read" if everything else "Remove these columns",
    )
