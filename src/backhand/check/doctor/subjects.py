"""The networks of a person's file as the doctor examines them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from backhand.check.doctor.data import SAMPLES, SIZES, Sizes, TrainingNetwork, samples
from backhand.check.doctor.layered import LayeredNetwork
from backhand.check.doctor.network import FileNetwork, first_instance
from backhand.check.doctor.shaken import shaken
from backhand.check.doctor.steps import find_step
from backhand.check.reading.choice import read
from backhand.check.reading.objects import ObjectSpecimen
from backhand.check.reading.reader import Reading
from backhand.check.reading.units import Unit, class_unit, network_unit
from backhand.check.reading.words import words
from backhand.check.review.readings import NETWORK_WORDS
from backhand.check.source.guarded import outcome
from backhand.check.source.program import Program, load, load_module
from backhand.doctor.examination import SYMPTOMS, Symptom, examine_one
from backhand.doctor.records import Diagnosis, Result
from backhand.doctor.subject import NotMeasuredError, Subject
from backhand.errors import BackhandError

NO_DATA = "the file brings none"
NO_NETWORK = (
    "there is no class with a method such as `loss(x, y)` or `backprop(x, y)` that returns the gradients of a network; "
    "the layers of a file are checked by `backhand check`"
)
SECONDS = 40.0  # for a symptom


def diagnoses(target: str, progress: Callable[[str], None] = lambda _: None) -> Iterator[Diagnosis]:
    """The diagnosis of each network of a file. Raises BackhandError where there is none that can be read."""
    program = load(Path(target)) if Path(target).expanduser().exists() else load_module(target)
    units = list(_networks(program))
    if not units:
        raise BackhandError(f"{target}: {NO_NETWORK}")
    for unit in units:
        progress(unit.name)
        started = time.monotonic()
        diagnosis = _diagnosis(unit, target, progress)
        yield replace(diagnosis, seconds=time.monotonic() - started)


def _networks(program: Program) -> Iterator[Unit]:
    """The classes that have a loss, and those with a forward and a backward method that are called networks."""
    for definition in program.classes():
        arguments = definition.name, definition.value, definition.module
        unit = network_unit(*arguments)
        if unit is None and set(words(definition.name)) & NETWORK_WORDS:
            unit = class_unit(*arguments)
        if unit is not None and unit.form in ("network", "class"):
            yield unit


def _diagnosis(unit: Unit, target: str, progress: Callable[[str], None]) -> Diagnosis:
    found = _read(unit)
    name = f"{unit.name} in {Path(target).name}"
    if isinstance(found, str):
        return Diagnosis(name, "a network", failure=f"the network was not understood: {found}")
    sizes, reading = found
    x, labels = samples(sizes)
    made = outcome(lambda: first_instance(unit, reading))
    if made.value is None:
        return Diagnosis(name, "a network", failure=f"its constructor raises {type(made.error).__name__}: {made.error}")
    network = (FileNetwork if unit.form == "network" else LayeredNetwork)(reading, made.value)
    network.step_taken = find_step(network, x, labels)
    rate = network.step_taken.kind
    subject = Subject(network, x, labels, sizes.classes, normalises=None, rate=rate, missing=NO_DATA)
    results = []
    for symptom in SYMPTOMS:
        progress(f"{unit.name}, {symptom.title}")
        results.append(_result(symptom, subject))
    return Diagnosis(name, "a network", _facts(network, sizes), tuple(results))


def _read(unit: Unit) -> tuple[Sizes, Reading] | str:
    """The first sizes for which the network can be read, with the reading; or why it cannot for the first sizes."""
    first = ""
    other = shaken(unit.forward) if isinstance(unit.forward, type) else unit.forward
    shaken_unit = replace(unit, forward=other, backward=other)
    for sizes in SIZES:
        reading = read(shaken_unit, [TrainingNetwork(sizes)], ())
        if isinstance(reading, Reading) and isinstance(reading.specimen, ObjectSpecimen):
            return sizes, reading
        first = first or getattr(reading, "reason", "it is no network")
    return first


def _result(symptom: Symptom, subject: Subject) -> Result:
    """The result of a symptom, left out where the person's code raises."""
    ran = outcome(lambda: examine_one(symptom, subject), SECONDS)
    if ran.value is not None:
        return ran.value
    error = ran.error
    said = str(error) if isinstance(error, NotMeasuredError) else f"the code raises {type(error).__name__}: {error}"
    return Result(symptom.key, symptom.title, left_out=said)


def _facts(network: FileNetwork, sizes: Sizes) -> tuple[tuple[str, str], ...]:
    layout = network.reading.layout
    shapes = {name: value.shape for name, value in network.parameters().items()}
    parameters = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
    given = f"samples as {layout['samples']}, labels as {layout['labels']}"
    return (
        ("data", f"{SAMPLES} synthetic samples of {sizes.inputs} features in {sizes.classes} classes; {given}"),
        ("network", parameters),
        ("gradients", network.described),
        ("step", network.step_taken.words),
    )
