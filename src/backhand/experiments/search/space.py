"""Spaces of settings: their assignments, which give every key a value, and whether a study takes those values."""

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from backhand.errors import StudyError
from backhand.study import Study, changed
from backhand.study.search import Choice, Entry, Range, Repeat
from backhand.study.values import covers

if TYPE_CHECKING:
    from optuna.trial import Trial

Space = Mapping[str, Entry]
Assignment = dict[str, Any]  # by the dotted path of a key; keys whose condition does not hold are absent


def suggest(trial: "Trial", space: Space) -> Assignment:
    """Return the assignment that the trial's sampler chooses, key by key."""
    assignment: Assignment = {}
    for key, entry in _relevant(space, assignment):
        match entry:
            case Choice():
                assignment[key] = _one_of(trial, key, entry.choices)
            case Range(low=low, high=high, log=log, step=step) if entry.whole:
                assignment[key] = trial.suggest_int(key, int(low), int(high), step=int(step or 1), log=log)
            case Range(low=low, high=high, log=log, step=step):
                assignment[key] = trial.suggest_float(key, low, high, step=step, log=log)
            case Repeat():
                length = trial.suggest_int(_length(key), entry.low, entry.high)
                assignment[key] = [_one_of(trial, f"{key}[{i}]", entry.of) for i in range(length)]
    return assignment


def _one_of(trial: "Trial", name: str, values: tuple[Any, ...]) -> Any:
    """Let the sampler choose one of the values, as texts: a storage holds no lists or tables."""
    texts = [_text(value) for value in values]
    return values[texts.index(trial.suggest_categorical(name, texts))]


def parameters(assignment: Assignment, space: Space) -> dict[str, Any]:
    """Return the assignment by the names and values under which a storage holds it."""
    values: dict[str, Any] = {}
    for key, value in assignment.items():
        match space[key]:
            case Choice():
                values[key] = _text(value)
            case Range():
                values[key] = value
            case Repeat():
                values |= {_length(key): len(value)} | {f"{key}[{i}]": _text(item) for i, item in enumerate(value)}
    return values


def grid(space: Space) -> Iterator[Assignment]:
    """Yield every assignment once; the last key changes fastest."""

    def extend(assignment: Assignment, keys: list[str]) -> Iterator[Assignment]:
        if not keys:
            yield assignment
            return
        key, *others = keys
        if not _condition_holds(space[key], assignment):
            yield from extend(assignment, others)
        else:
            for value in _values(space[key]):
                yield from extend({**assignment, key: value}, others)

    yield from extend({}, list(space))


def check(study: Study, space: Space) -> None:
    """Raises StudyError, naming the key, where the study cannot have a value of the space."""
    for key, entry in space.items():
        for value in _extremes(entry):
            try:
                changed(study, _example(space, key, value))
            except StudyError as error:
                raise StudyError(f"search.space: {key} = {_text(value)} makes no valid study: {error}") from None


def refuse_changes(changes: Mapping[str, Any], space: Space) -> None:
    """Raises StudyError for a change of a key that the space sets in every trial. changes: by dotted path."""
    varied_keys = {key for key, entry in space.items() if not entry.when}
    for path in changes:
        if any(covers(key, path) for key in varied_keys):
            raise StudyError(
                f"{path} cannot be changed: search.space varies it; leave it out, or change search.space itself"
            )


def _example(space: Space, key: str, value: Any) -> Assignment:
    """Return an assignment in which the key has this value, its conditions hold, and other keys have first values."""
    wanted, pending = {key: value}, [key]
    while pending:
        when = space[pending.pop()].when
        wanted |= when
        pending += when
    assignment: Assignment = {}
    for name, entry in _relevant(space, assignment):
        assignment[name] = wanted.get(name, _extremes(entry)[0])
    return assignment


def _relevant(space: Space, assignment: Assignment) -> Iterator[tuple[str, Entry]]:
    """Yield the keys whose conditions hold, with their entries, while the caller fills the assignment."""
    return ((key, entry) for key, entry in space.items() if _condition_holds(entry, assignment))


def _condition_holds(entry: Entry, assignment: Assignment) -> bool:
    return all(key in assignment and assignment[key] == value for key, value in entry.when.items())


def _values(entry: Entry) -> list[Any]:
    """Return all values of the entry, in order."""
    match entry:
        case Choice():
            return list(entry.choices)
        case Range():
            step = entry.step or 1
            count = int((entry.high - entry.low) / step + 1e-9) + 1
            return [entry.low + i * step for i in range(count)]
        case Repeat():
            lengths = range(entry.low, entry.high + 1)
            return [list(values) for n in lengths for values in itertools.product(entry.of, repeat=n)]


def _extremes(entry: Entry) -> list[Any]:
    """Return values of the entry that represent all of them: a study that allows these allows the others."""
    match entry:
        case Choice():
            return list(entry.choices)
        case Range():
            return [entry.low, entry.high]
        case Repeat():
            return [[value] * n for n in (entry.low, entry.high) for value in entry.of]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _length(key: str) -> str:
    return f"{key}.length"
