"""Sentences that the numbers themselves make: each is written only where it is true."""

import math

from backhand.experiments.run.metrics import Epoch, GradientCheck, TestScore
from backhand.experiments.run.record import Run
from backhand.experiments.run.report.classes import Finding, commonest, rare_or_hard
from backhand.experiments.run.report.course import course
from backhand.experiments.run.report.scores import calibration
from backhand.page.chance import Z, differ, trend
from backhand.page.numbers import count, counted, decimal, duration, percent, scientific

__all__ = ["Finding", "failure", "findings"]


def findings(run: Run) -> tuple[Finding, ...]:
    """All that can be said of this run, the most important first; what the weights show, unless the training failed."""
    test, failed = run.metrics.test, failure(run)
    found = [
        failed,
        *([_result(test), _baseline(run, test)] if test else []),
        _divergence(run),
        _choice(run),
        _not_finite(run),
        *([] if failed else _shown(run)),
        _speed(run),
        _gradients(run.metrics.gradient_check),
    ]
    return tuple(finding for finding in found if finding)


def _shown(run: Run) -> list[Finding | None]:
    """Sentences on what the kept weights show."""
    test = run.metrics.test
    classes = [rare_or_hard(test), commonest(run, test)] if test else []
    return [_gap(run), _overfitting(run), *classes, _confidence(run)]


def failure(run: Run) -> Finding | None:
    """That the training has failed, why, and what to do."""
    sentence = run.metrics.training.failure
    if not sentence and run.history and run.metrics.status != "diverged":
        sentence = course(run).sentence()
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
    """Epochs whose validation loss is no number, of a run that has others."""
    if run.chosen is None or not _samples(run, "validation"):
        return None
    lost = sum(not math.isfinite(epoch.validation_loss) for epoch in run.history)
    if not lost:
        return None
    return "Not finite", f"The validation loss was not finite in {counted(lost, 'epoch')}, none of which can be kept."


def _gap(run: Run) -> Finding | None:
    chosen = run.chosen
    if chosen is None or math.isnan(chosen.validation_accuracy) or math.isnan(chosen.train_accuracy):
        return None
    gap = 100 * (chosen.train_accuracy - chosen.validation_accuracy)
    how = "the same" if gap == 0 else f"{abs(gap):.2f} percentage points {'higher' if gap < 0 else 'lower'}"
    train, held = _samples(run, "train"), _samples(run, "validation")
    shown = differ(chosen.train_accuracy, train, chosen.validation_accuracy, held) if train and held else True
    doubt = "" if shown or gap == 0 else f", a difference that chance can make on {counted(held, 'validation sample')}"
    return (
        "Generalisation",
        f"At the kept epoch the training accuracy was {percent(chosen.train_accuracy)} and the validation accuracy "
        f"{percent(chosen.validation_accuracy)}: {how} on samples that were not trained on{doubt}.",
    )


def _samples(run: Run, split: str) -> int:
    return sum(run.metrics.data.splits.get(split, ()))


def _overfitting(run: Run) -> Finding | None:
    """Only where training went on to fit better while validation got worse, both by more than chance explains."""
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
    """Where the loss of a split went after the kept epoch; 0 also where a figure is missing or not finite."""
    losses, since = [getattr(epoch, f"{split}_loss") for epoch in run.history], run.history.index(chosen)
    samples = _samples(run, split)
    return trend(losses, since, samples) if samples and all(map(math.isfinite, losses)) else 0


def _confidence(run: Run) -> Finding | None:
    found = calibration(run.evidence)
    if found is None:
        return None
    above = found.mean_confidence - found.mean_accuracy
    word = "above" if above > 0 else "below" if above < 0 else "equal to"
    doubt = " (a difference that chance explains)" if 0 < abs(above) <= Z * found.deviation else ""
    kind = run.metrics.test.confidence if run.metrics.test else ""
    remark = f" Confidence is the {kind}." if "(" in kind else ""  # what was not trained to be a probability
    return (
        "Calibration",
        f"The mean confidence in the answers was {percent(found.mean_confidence)}, {word} the accuracy of "
        f"{percent(found.mean_accuracy)}{doubt}. The expected calibration error is {percent(found.error)}; on as many "
        f"samples a perfectly calibrated network shows {percent(found.chance)} by chance.{remark}",
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


def _all(compared: int) -> str:
    return "The one gradient compared agrees" if compared == 1 else f"All {compared} gradients compared agree"


def _gradients(checks: tuple[GradientCheck, ...]) -> Finding | None:
    if not checks:
        return None
    bad = [check.name for check in checks if check.verdict == "failed"]
    if bad:
        return "Gradients", f"The gradient check fails for {', '.join(bad)}."
    compared = [(check.worst, check.name) for check in checks if check.worst is not None]
    if not compared:
        return (
            "Gradients",
            "No gradient could be compared with finite differences, since every entry that was drawn lies at a kink.",
        )
    error, name = max(compared)
    skipped = len(checks) - len(compared)
    left = f"; {skipped} could not be compared, since the entries lie at kinks" if skipped else ""
    return (
        "Gradients",
        f"{_all(len(compared))} with finite differences; the largest relative error is {scientific(error)} "
        f"({name}){left}.",
    )
