"""The labels: whether they have anything to do with the samples, and whether all splits number the classes alike."""

import numpy as np

from backhand.arrays import Labels
from backhand.doctor.learners import chance_of, flat_features, predictions
from backhand.doctor.records import Collected, Measured
from backhand.doctor.subject import NotMeasuredError, Samples, Split, Subject
from backhand.doctor.words import counted, listed, share

SAMPLES, FEWEST, ENOUGH = 2000, 60, 400
RELATED = 0.002  # the p-value up to which predictions and labels are taken to be related
LOST, REGAINED = 0.6, 0.8  # shares of the accuracy on training data: before and after the classes are renumbered
DISTANCE = 0.2  # the total variation distance of the class frequencies of two splits that is worth a warning
RARE = 1e-6  # how improbable that distance has to be


def examine(subject: Subject) -> Measured:
    """Compare what simple learners predict with the labels, in the training data and across the splits."""
    samples, found = subject.needs_samples(), Collected()
    train = samples.train
    _check_range(samples, found)
    if len(np.unique(train.labels)) < 2:
        _report_constant(train, found)
        return found.measured("all training labels are equal")
    if found.problems:
        return found.measured("labels outside the classes")
    _check_classes(samples, found)
    if len(train) < FEWEST:
        if found.problems:
            return found.measured(f"{len(train)} training samples")
        raise NotMeasuredError(f"it needs {FEWEST} training samples or more, and there are {len(train)}")
    accuracy, related = _check_relation(train, found)
    if related:
        for name, split in samples.held_out.items():
            _check_held_out(samples, name, split, accuracy, found)
    best = max(accuracy, key=lambda name: accuracy[name])
    frequent = float(np.bincount(train.labels).max() / len(train))
    return found.measured(f"{best} {share(accuracy[best])}, the most frequent class {share(frequent)}")


def _check_range(samples: Samples, found: Collected) -> None:
    K = len(samples.classes)
    for name, split in ({"training": samples.train} | samples.held_out).items():
        low, high = int(split.labels.min()), int(split.labels.max())
        if low < 0 or high >= K:
            found.wrong(
                "labels of another base",
                f"the {name} labels run from {low} to {high}, and {K} classes are numbered 0 to {K - 1}",
                evidence=f"smallest label {low}, largest label {high}",
                why="A loss that indexes the scores by the label reads the score of another class",
                remedy=f"Subtract {low} from the labels of that split" if high - low < K else "Add the missing classes",
            )


def _report_constant(train: Split, found: Collected) -> None:
    found.wrong(
        "constant labels",
        "all training samples have the same label",
        evidence=f"{counted(len(train), 'sample')} of class {int(train.labels[0])}",
        why="A network learns to name that class, whatever the sample",
        remedy="Look at how the labels were read, and shuffle before a part of the data is taken",
    )


def _check_classes(samples: Samples, found: Collected) -> None:
    """Compare the class frequencies of the splits."""
    K = len(samples.classes)
    known = np.bincount(samples.train.labels, minlength=K)
    for name, split in samples.held_out.items():
        counts = np.bincount(split.labels, minlength=K)
        missing = [samples.classes[k] for k in np.flatnonzero((known == 0) & (counts > 0))]
        if missing:
            found.wrong(
                "classes missing in training",
                f"the {name} data have classes that the training data lack: {listed(missing)}",
                evidence=f"{counted(int(counts[known == 0].sum()), name + ' sample')} of these classes, and no "
                f"training sample",
                why="A class without training samples is never predicted",
                remedy="Divide the data anew, by a stratified draw",
            )
        elif (distance := _distance(known, counts)) > DISTANCE and _is_improbable(known, counts):
            found.warn(
                "other class frequencies",
                f"the classes are as frequent in the {name} data as in no draw from the training data",
                evidence=f"{share(distance)} of the samples would have to change their class for equal frequencies",
                why="Figures on data of another composition say little about the training",
                remedy="Divide the data anew, by a stratified draw, unless the difference is meant",
            )


def _distance(a: Labels, b: Labels) -> float:
    return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)


def _is_improbable(known: Labels, counts: Labels) -> bool:
    """Whether a chi-square test refuses the counts as a draw from the frequencies; by its normal approximation."""
    expected = known / known.sum() * counts.sum()
    chi = float((((counts - expected) ** 2) / np.maximum(expected, 1e-9))[expected > 0].sum())
    free = max(int((expected > 0).sum()) - 1, 1)
    return (chi - free) / np.sqrt(2 * free) > -np.log10(RARE)


def _check_relation(train: Split, found: Collected) -> tuple[dict[str, float], bool]:
    """Train the learners on half of the training data, and test them on the other half."""
    index = np.random.default_rng(1).permutation(train.drawn(SAMPLES))
    first, second = index[: len(index) // 2], index[len(index) // 2 :]
    labels = train.labels[second]
    predicted = predictions(flat_features(train.raw[first]), train.labels[first], flat_features(train.raw[second]))
    accuracy = {name: float((classes == labels).mean()) for name, classes in predicted.items()}
    chances = {name: chance_of(classes, labels) for name, classes in predicted.items()}
    if min(chances.values()) <= RELATED:
        return accuracy, True
    tests = [f"{name} {share(accuracy[name])} right, p = {chances[name]:.2f}" for name in predicted]
    report = found.wrong if len(second) >= ENOUGH else found.warn
    report(
        "labels shuffled",
        "the labels seem to have nothing to do with the samples",
        evidence=f"on {len(second)} samples that they had not seen: {'; '.join(tests)}; shuffled labels do as well",
        why="There is nothing to learn but the samples by heart: the training loss falls, and every other figure "
        "stays at chance",
        remedy="Look for samples and labels that were shuffled or sorted apart, and look at some samples with their "
        "labels (`backhand data show`)",
    )
    return accuracy, False


def _check_held_out(samples: Samples, name: str, split: Split, accuracy: dict[str, float], found: Collected) -> None:
    """Test learners of the training data on another split, also with the classes renumbered."""
    known, asked = samples.train.drawn(SAMPLES), split.drawn(SAMPLES)
    labels = split.labels[asked]
    if len(asked) < FEWEST:
        return
    raw, other = flat_features(samples.train.raw[known]), flat_features(split.raw[asked])
    predicted = predictions(raw, samples.train.labels[known], other)
    best = max(accuracy, key=lambda learner: accuracy[learner])
    classes = predicted[best]
    right, usual = float((classes == labels).mean()), accuracy[best]
    mapping = _renumbering(classes, labels, len(samples.classes))
    mapped = float((mapping[classes] == labels).mean())
    evidence = f"a {best} that is {share(usual)} right within the training data is {share(right)} right on "
    evidence += f"{counted(len(labels), name + ' sample')}"
    if right < LOST * usual and mapped > REGAINED * usual:
        moved = [f"{k} is {int(to)} there" for k, to in enumerate(mapping) if k != to]
        found.wrong(
            "classes numbered differently",
            f"the {name} data number the classes in another way than the training data",
            evidence=f"{evidence}, and {share(mapped)} once the classes are renumbered: {listed(moved)}",
            why=f"Every figure on the {name} data is then wrong, however good the network is",
            remedy="Use one list of class names, in one order and with one base, for all splits",
        )
    elif min(chance_of(each, labels) for each in predicted.values()) > RELATED:
        found.wrong(
            f"labels of the {name} data shuffled",
            f"the {name} labels seem to have nothing to do with their samples",
            evidence=f"{evidence}, no more than with shuffled labels",
            why=f"Every figure on the {name} data stays at chance, however good the network is",
            remedy="Look for samples and labels of that split that were shuffled or sorted apart",
        )


def _renumbering(predicted: Labels, labels: Labels, K: int) -> Labels:
    """For each class that is predicted, the label that its samples have most often."""
    counts = np.zeros((K, K), np.int64)
    np.add.at(counts, (predicted, labels), 1)
    return np.where(counts.sum(1) > 0, counts.argmax(1), np.arange(K))
