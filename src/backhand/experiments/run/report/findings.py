"""Findings: sentences on the figures of a run, each of which is written only where it is true."""

import math

from backhand.experiments.run.metrics import Epoch, GradientCheck
from backhand.experiments.run.record import Run
from backhand.experiments.run.report import regression
from backhand.experiments.run.report.classes import Finding, commonest_confusion, rare_or_hard
from backhand.experiments.run.report.course import course_of
from backhand.experiments.run.report.scores import calibration
from backhand.experiments.run.split_scores import TestScore
from backhand.page.chance import Z, differ, trend
from backhand.page.numbers import count, counted, decimal, duration, percent, scientific

__all__ = ["Finding", "failure", "findings"]


def findings(run: Run) -> tuple[Finding, ...]:
    """All findings on a run, the most important first; those on the kept weights only if the training did not fail."""
    test, failed = run.metrics.test, failure(run)
    sentences = [
        failed,
        *([_result(test), _baseline(run, test)] if test else []),
        *(regression.findings(run.metrics.test_errors) if run.metrics.test_errors else []),
        _divergence(run),
        _choice(run),
        _not_finite(run),
        *([] if failed else _kept_weights(run)),
        _speed(run),
        _gradients(run.metrics.gradient_check),
    ]
    return tuple(finding for finding in sentences if finding)


def _kept_weights(run: Run) -> list[Finding | None]:
    """Findings on the kept weights, which mean nothing after a failed training."""
    test = run.metrics.test
    classes = [rare_or_hard(test), commonest_confusion(run, test)] if test else []
    return [_gap(run), _overfitting(run), *classes, _confidence(run)]


def failure(run: Run) -> Finding | None:
    """That the training failed, why, and what to do; None where it did not fail."""
    sentence = run.metrics.training.failure
    if not sentence and run.history and run.metrics.status != "diverged":
        sentence = course_of(run).sentence()
    return ("Training failed", sentence) if sentence else None


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
    verdict = "lies above that" if low > share else "lies below that" if high < share else "includes that figure"
    return (
        "Baseline",
        f"Answering “{name}”, the commonest class, every time would be correct for {percent(share)} of the test "
        f"samples; the interval of this network {verdict}.",
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
    stopped = f" Why training ended: {training.stopped}." if training.stopped else ""
    return "Kept epoch", f"The weights of epoch {chosen.epoch} of {training.epochs} were kept{reason}.{stopped}"


def _not_finite(run: Run) -> Finding | None:
    """The number of epochs whose validation loss is not finite, if there are any."""
    if run.chosen is None or not _samples(run, "validation"):
        return None
    epochs = sum(not math.isfinite(epoch.validation_loss) for epoch in run.history)
    if not epochs:
        return None
    return "Not finite", f"The validation loss was not finite in {counted(epochs, 'epoch')}, none of which can be kept."


def _gap(run: Run) -> Finding | None:
    chosen = run.chosen
    if chosen is None or math.isnan(chosen.validation_accuracy) or math.isnan(chosen.train_accuracy):
        return None
    gap = 100 * (chosen.train_accuracy - chosen.validation_accuracy)
    difference = "the same" if gap == 0 else f"{abs(gap):.2f} percentage points {'higher' if gap < 0 else 'lower'}"
    train, validation = _samples(run, "train"), _samples(run, "validation")
    known = train > 0 and validation > 0
    chance = known and not differ(chosen.train_accuracy, train, chosen.validation_accuracy, validation)
    reservation = f", a difference that chance can make on {counted(validation, 'validation sample')}"
    doubt = reservation if chance and gap != 0 else ""
    return (
        "Generalisation",
        f"At the kept epoch the training accuracy was {percent(chosen.train_accuracy)} and the validation accuracy "
        f"{percent(chosen.validation_accuracy)}: {difference} on samples that were not trained on{doubt}.",
    )


def _samples(run: Run, split: str) -> int:
    """The number of samples of a split; 0 where it is not known."""
    return sum(run.metrics.data.splits.get(split, ()))


def _overfitting(run: Run) -> Finding | None:
    """That after the kept epoch the training loss fell and the validation loss rose, by more than chance explains."""
    chosen, last = run.chosen, run.history[-1] if run.history else None
    if chosen is None or last is None or chosen is last:
        return None
    if (_trend(run, chosen, "train"), _trend(run, chosen, "validation")) != (-1, 1):
        return None
    return (
        "Overfitting",
        f"From epoch {chosen.epoch} to epoch {last.epoch} the training loss still fell, from "
        f"{decimal(chosen.train_loss)} to {decimal(last.train_loss)}, while the validation loss rose from "
        f"{decimal(chosen.validation_loss)} to {decimal(last.validation_loss)}.",
    )


def _trend(run: Run, chosen: Epoch, split: str) -> int:
    """The `trend` of a split's loss after the kept epoch; 0 where a figure is missing or not finite."""
    losses, since = [getattr(epoch, f"{split}_loss") for epoch in run.history], run.history.index(chosen)
    samples = _samples(run, split)
    return trend(losses, since, samples) if samples and all(map(math.isfinite, losses)) else 0


def _confidence(run: Run) -> Finding | None:
    bins = calibration(run.evidence)
    if bins is None:
        return None
    excess = bins.mean_confidence - bins.mean_accuracy
    relation = "above" if excess > 0 else "below" if excess < 0 else "equal to"
    doubt = " (a difference that chance explains)" if 0 < abs(excess) <= Z * bins.deviation else ""
    kind = run.metrics.test.confidence if run.metrics.test else ""
    remark = f" Confidence is the {kind}." if "(" in kind else ""  # the loss did not train it to be a probability
    return (
        "Calibration",
        f"The mean confidence in the answers was {percent(bins.mean_confidence)}, {relation} the accuracy of "
        f"{percent(bins.mean_accuracy)}{doubt}. The expected calibration error is {percent(bins.error)}; on as many "
        f"samples a perfectly calibrated network shows {percent(bins.chance)} by chance.{remark}",
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


def _agreement(compared: int) -> str:
    return "The one gradient compared agrees" if compared == 1 else f"All {compared} gradients compared agree"


def _gradients(checks: tuple[GradientCheck, ...]) -> Finding | None:
    if not checks:
        return None
    failed = [check.name for check in checks if check.verdict == "failed"]
    if failed:
        return "Gradients", f"The gradient check fails for {', '.join(failed)}."
    compared = [(check.worst, check.name) for check in checks if check.worst is not None]
    if not compared:
        return (
            "Gradients",
            "No gradient could be compared with finite differences, since every entry that was drawn lies at a kink.",
        )
    error, name = max(compared)
    skipped = len(checks) - len(compared)
    remainder = f"; {skipped} could not be compared, since the entries lie at kinks" if skipped else ""
    return (
        "Gradients",
        f"{_agreement(len(compared))} with finite differences; the largest relative error is {scientific(error)} "
        f"({name}){remainder}.",
    )
