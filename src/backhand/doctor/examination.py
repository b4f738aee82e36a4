"""The table of symptoms, and the examination of a subject by all of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from backhand.doctor import (
    course,
    direction,
    flow,
    inputs,
    labels,
    modes,
    one_batch,
    overlap,
    penalty,
    practice,
    rates,
    scaling,
    start,
    units,
)
from backhand.doctor.records import Diagnosis, Measured, Result
from backhand.doctor.subject import NotMeasuredError, Subject


@dataclass(frozen=True)
class Symptom:
    """A symptom: its key, its name for people, and the function that measures it."""

    key: str
    title: str
    examine: Callable[[Subject], Measured]


SYMPTOMS = (
    Symptom("start", "loss at the start", start.examine),
    Symptom("direction", "sign of the step", direction.examine),
    Symptom("one_batch", "one batch by heart", one_batch.examine),
    Symptom("rate", "learning rate", rates.examine),
    Symptom("flow", "gradients of the layers", flow.examine),
    Symptom("units", "dead units", units.examine),
    Symptom("penalty", "penalty on biases", penalty.examine),
    Symptom("modes", "train and test mode", modes.examine),
    Symptom("batches", "batch normalisation", practice.examine_batches),
    Symptom("inputs", "inputs", inputs.examine),
    Symptom("labels", "labels and samples", labels.examine),
    Symptom("scaling", "scaling of test data", scaling.examine),
    Symptom("overlap", "test samples in training", overlap.examine),
    Symptom("balance", "sizes of the classes", practice.examine_balance),
    Symptom("course", "course of the training", course.examine),
)


def examine_one(symptom: Symptom, subject: Subject) -> Result:
    """The result of one symptom, which is left out where it cannot be measured."""
    try:
        measured = symptom.examine(subject)
    except NotMeasuredError as error:
        return Result(symptom.key, symptom.title, left_out=str(error))
    return Result(symptom.key, symptom.title, measured.summary, measured.problems, measured.plots)


def examine(
    subject: Subject,
    target: str,
    kind: str,
    looked_at: tuple[tuple[str, str], ...] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Examine a subject for every symptom.

    target, kind, looked_at: what the diagnosis says of the subject.   progress: is told the title of each symptom
    before it is measured.
    """
    started = time.monotonic()
    results = []
    for symptom in SYMPTOMS:
        progress(symptom.title)
        results.append(examine_one(symptom, subject))
    return Diagnosis(target, kind, looked_at, tuple(results), time.monotonic() - started)
