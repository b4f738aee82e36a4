"""Sentences that the numbers themselves make: each is written only where it is true."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backhand.report.metrics import GradientCheck, TestScore
from backhand.report.numbers import count, counted, decimal, duration, percent
from backhand.report.run import Run
from backhand.report.scores import calibration

Finding = tuple[str, str]


class Confusion(NamedTuple):
    """How often samples of one class were given another; `share` is of the true class."""

    true: str
    predicted: str
    times: int
    share: float


def findings(run: Run) -> tuple[Finding, ...]:
    """All that can be said of this run, the most important first."""
    test = run.metrics.test
    found = [
        *([_result(test), _baseline(run, test)] if test else []),
        _divergence(run),
        _choice(run),
        _gap(run),
        _overfitting(run),
        *([_imbalance(test) or _weakest(test), _commonest(run, test)] if test else []),
        _confidence(run),
        _speed(run),
        _gradients(run.metrics.gradient_check),
    ]
    return tuple(finding for finding in found if finding)


def _result(test: TestScore) -> Finding:
    low, high = map(percent, test.interval)
    return (
        "Result",
        f"{count(test.correct)} of {counted(test.count, 'test sample')} were classified correctly: accuracy "
        f"{percent(test.accuracy)}, error {percent(test.error)} ({test.interval_kind} interval {low} to {high}).",
    )


def _baseline(run: Run, test: TestScore) -> Finding:
    support = [row.support for row in test.per_class]
    share = max(support) / test.count
    name = run.classes[support.index(max(support))]
    low, high = test.interval
    verdict = "lies wholly above that" if low > share else "lies wholly below that" if high < share else "includes that"
    return (
        "Baseline",
        f"Always giving the same answer, at best “{name}”, would score {percent(share)}; the interval of this network "
        f"{verdict}.",
    )


def _divergence(run: Run) -> Finding | None:
    if run.metrics.status != "diverged" or not run.history:
        return None
    first, last = run.history[0], run.history[-1]
    start = f"{decimal(first.train_loss)} at epoch {first.epoch} and " if first is not last else ""
    return (
        "Divergence",
        f"The training loss was {start}{decimal(last.train_loss)} at epoch {last.epoch}, with a learning rate of "
        f"{last.lr:.4g}.",
    )


def _choice(run: Run) -> Finding | None:
    training, chosen = run.metrics.training, run.chosen
    if chosen is None:
        return None
    reason = f" ({training.chosen_by})" if training.chosen_by else ""
    stopped = f" Training ended: {training.stopped}." if training.stopped else ""
    return "Kept epoch", f"The weights of epoch {chosen.epoch} of {training.epochs} were kept{reason}.{stopped}"


def _gap(run: Run) -> Finding | None:
    chosen = run.chosen
    if chosen is None or math.isnan(chosen.validation_accuracy) or math.isnan(chosen.train_accuracy):
        return None
    gap = 100 * (chosen.train_accuracy - chosen.validation_accuracy)
    how = "the same" if gap == 0 else f"{abs(gap):.2f} percentage points {'higher' if gap < 0 else 'lower'}"
    return (
        "Generalisation",
        f"At the kept epoch the training accuracy was {percent(chosen.train_accuracy)} and the validation accuracy "
        f"{percent(chosen.validation_accuracy)}: {how} on samples that were not trained on.",
    )


def _overfitting(run: Run) -> Finding | None:
    """Only where training went on to fit better while validation got worse."""
    chosen, last = run.chosen, run.history[-1] if run.history else None
    if chosen is None or last is None or chosen is last:
        return None
    if not (last.train_loss < chosen.train_loss and last.validation_loss > chosen.validation_loss):
        return None
    return (
        "Overfitting",
        f"From epoch {chosen.epoch} to epoch {last.epoch} the training loss still fell, from "
        f"{decimal(chosen.train_loss)} to {decimal(last.train_loss)}, while the validation loss rose from "
        f"{decimal(chosen.validation_loss)} to {decimal(last.validation_loss)}.",
    )


def _imbalance(test: TestScore) -> Finding | None:
    """Where the macro-averaged recall lies below the interval of the accuracy: the frequent classes carry that."""
    mean = test.macro.recall
    if mean is None or mean >= test.interval[0]:
        return None
    who, lowest = _least_recognised(test)
    return (
        "Rare classes",
        f"With each class counting the same, {percent(mean)} are recognised (macro-averaged recall, or balanced "
        f"accuracy): {100 * (test.accuracy - mean):.2f} percentage points below the accuracy; on the whole, the "
        f"frequent classes are recognised more often than the rare ones. {who} recognised least "
        f"often: recall {percent(lowest)}.",
    )


def _weakest(test: TestScore) -> Finding | None:
    who, lowest = _least_recognised(test)
    return None if lowest == 1 else ("Hardest class", f"{who} recognised least often: recall {percent(lowest)}.")


def _least_recognised(test: TestScore) -> tuple[str, float]:
    """The class of the lowest recall, or how many share it, as the beginning of a sentence; that recall."""
    lowest = min(row.recall for row in test.per_class if row.recall is not None)
    weak = [row for row in test.per_class if row.recall == lowest]
    if len(weak) > 1:
        return f"{len(weak)} classes, “{weak[0].name}” among them, were", lowest
    return f"“{weak[0].name}” ({counted(weak[0].support, 'test sample')}) was", lowest


def confusions(run: Run, test: TestScore) -> list[Confusion]:
    """The mix-ups of classes, the most frequent first."""
    counts: NDArray[np.int64] = np.array(test.confusion)
    support = counts.sum(axis=1)
    pairs = [(i, j) for i, j in np.argwhere(counts) if i != j]
    pairs.sort(key=lambda pair: -counts[pair])
    return [
        Confusion(run.classes[i], run.classes[j], int(counts[i, j]), float(counts[i, j] / support[i])) for i, j in pairs
    ]


def _commonest(run: Run, test: TestScore) -> Finding:
    found = confusions(run, test)
    if not found:
        return "Confusions", "No test sample was given a wrong class."
    return "Most confused", in_words(found[0]) + "."


def in_words(mixup: Confusion) -> str:
    """“4” was taken for “9” 5 times (14.29% of its test samples)."""
    times = {1: "once", 2: "twice"}.get(mixup.times, f"{count(mixup.times)} times")
    return f"“{mixup.true}” was taken for “{mixup.predicted}” {times} ({percent(mixup.share)} of its test samples)"


def _confidence(run: Run) -> Finding | None:
    found = calibration(run.evidence)
    if found is None:
        return None
    above = found.mean_confidence - found.mean_accuracy
    word = "above" if above > 0 else "below" if above < 0 else "equal to"
    return (
        "Calibration",
        f"The mean confidence in its answers was {percent(found.mean_confidence)}, {word} the accuracy of "
        f"{percent(found.mean_accuracy)}; the expected calibration error is {percent(found.error)}.",
    )


def _speed(run: Run) -> Finding | None:
    if not run.history:
        return None
    seconds, samples = run.history[-1].elapsed, sum(run.metrics.data.splits.get("train", ()))
    rate = f", {count(round(len(run.history) * samples / seconds))} samples per second" if seconds > 0 else ""
    return (
        "Speed",
        f"{counted(len(run.history), 'epoch')} of {counted(samples, 'training sample')} took "
        f"{duration(seconds)}{rate}.",
    )


def _gradients(checks: tuple[GradientCheck, ...]) -> Finding | None:
    if not checks:
        return None
    bad = [check.name for check in checks if check.verdict == "failed"]
    if bad:
        return "Gradients", f"The gradient check does not pass for {', '.join(bad)}."
    compared = [(check.worst, check.name) for check in checks if check.worst is not None]
    if not compared:
        return (
            "Gradients",
            "No gradient could be compared with finite differences: every entry tried lay beside a kink.",
        )
    error, name = max(compared)
    left = f"; {len(checks) - len(compared)} could not be compared, beside kinks" if len(compared) < len(checks) else ""
    return (
        "Gradients",
        f"All {counted(len(compared), 'gradient')} compared agree with finite differences; the worst relative error is "
        f"{error:.1e} ({name}){left}.",
    )
