"""The course of a training that has been done: whether anything was learnt, and when it turned."""

import numpy as np

from backhand.doctor.records import Collected, Measured, Plot
from backhand.doctor.subject import Course, NotMeasuredError, Subject
from backhand.doctor.words import number, share

LEARNT = 0.95  # of the loss of a constant answer: a lower training loss means that something was learnt
TURNED = 1.5  # times its lowest value, where the validation loss has turned


def examine(subject: Subject) -> Measured:
    """Read the losses of the epochs."""
    course, found = subject.course, Collected()
    if course is None or (not course.train_loss and not course.diverged):
        raise NotMeasuredError("there is no finished epoch yet" if course else "it needs a run that has been trained")
    if course.diverged:
        found.wrong(
            "diverged",
            "the training diverged",
            evidence=course.diverged,
            why="From then on no number of the network means anything",
            remedy="Lower the learning rate, warm it up, or clip the gradient (`train.clip_norm`)",
        )
    if course.train_loss:
        _check_learnt(course, found)
        _check_turn(course, found)
        lines = {"training": course.train_loss, "validation": course.validation_loss}
        series = {name: values for name, values in lines.items() if len(values) and np.isfinite(values).any()}
        found.plots.append(
            Plot(
                "Loss of each epoch; dashed: of a constant answer", "epoch", "loss", series, level=course.constant_loss
            )
        )
    if not course.train_loss:
        return found.measured("no epoch was finished")
    return found.measured(f"training loss {number(course.train_loss[-1])} after {len(course.train_loss)} epochs")


def _check_learnt(course: Course, found: Collected) -> None:
    best = float(np.nanmin(course.train_loss))
    if course.constant_loss is not None and not best < LEARNT * course.constant_loss:
        found.wrong(
            "nothing learnt",
            "the training loss never fell below that of a constant answer",
            evidence=f"its lowest value is {number(best)}, and giving all samples the same scores has "
            f"{number(course.constant_loss)}",
            why="The network has not learnt to tell the samples apart",
            remedy="See the other results: rate, labels, dead units and vanishing gradients are the usual causes",
        )
    accuracies = [value for value in course.validation_accuracy if np.isfinite(value)]
    if accuracies and len(accuracies) > 1 and max(accuracies) <= course.chance and not found.problems:
        found.wrong(
            "no better than chance",
            "the validation accuracy never rose above that of the most frequent class",
            evidence=f"at most {share(max(accuracies))}, and the most frequent class makes {share(course.chance)}",
            why="What was learnt does not hold for samples that were not trained on",
            remedy="Look at the labels of both splits, and at how their inputs are scaled",
        )


def _check_turn(course: Course, found: Collected) -> None:
    losses = np.asarray(course.validation_loss, float)
    if len(losses) < 3 or not np.isfinite(losses).all():
        return
    lowest = int(losses.argmin())
    if losses[-1] > TURNED * losses[lowest] and course.train_loss[-1] < course.train_loss[lowest]:
        found.warn(
            "overfitting",
            f"the validation loss has risen since epoch {lowest + 1}",
            evidence=f"from {number(losses[lowest])} to {number(losses[-1])}, while the training loss went on falling",
            why="The network learns its training samples by heart, at the cost of all others",
            remedy="Stop early, or use augmentation, dropout, a penalty, more data or a smaller network",
        )
