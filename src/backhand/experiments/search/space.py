"""From a space to assignments, a value for each key, and from an assignment to the study that it makes."""

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


def suggested(trial: "Trial", space: Space) -> Assignment:
    """What the trial's sampler chooses, key by key."""
    found: Assignment = {}
    for key, entry in _relevant(space, found):
        match entry:
            case Choice():
                found[key] = _one_of(trial, key, entry.choices)
            case Range(low=low, high=high, log=log, step=step) if entry.whole:
                found[key] = trial.suggest_int(key, int(low), int(high), step=int(step or 1), log=log)
            case Range(low=low, high=high, log=log, step=step):
                found[key] = trial.suggest_float(key, low, high, step=step, log=log)
            case Repeat():
                length = trial.suggest_int(_length(key), entry.low, entry.high)
                found[key] = [_one_of(trial, f"{key}[{i}]", entry.of) for i in range(length)]
    return found


def _one_of(trial: "Trial", name: str, values: tuple[Any, ...]) -> Any:
    """One of the choices, which are named by their places: storages keep no lists or tables."""
    words = [_word(value) for value in values]
    return values[words.index(trial.suggest_categorical(name, words))]


def parameters(assignment: Assignment, space: Space) -> dict[str, Any]:
    """The assignment by the names and values under which a storage keeps it."""
    found: dict[str, Any] = {}
    for key, value in assignment.items():
        match space[key]:
            case Choice():
                found[key] = _word(value)
            case Range():
                found[key] = value
            case Repeat():
                found |= {_length(key): len(value)} | {f"{key}[{i}]": _word(each) for i, each in enumerate(value)}
    return found


def grid(space: Space) -> Iterator[Assignment]:
    """Every assignment once; the last key changes fastest."""

    def extended(found: Assignment, rest: list[str]) -> Iterator[Assignment]:
        if not rest:
            yield found
            return
        key, *others = rest
        values = _values(space[key]) if _holds(space[key], found) else None
        if values is None:
            yield from extended(found, others)
        else:
            for value in values:
                yield from extended({**found, key: value}, others)

    yield from extended({}, list(space))


def check(study: Study, space: Space) -> None:
    """Raises StudyError, naming the key, where a value of the space is none for the study."""
    for key, entry in space.items():
        for value in _extremes(entry):
            try:
                changed(study, _example(space, key, value))
            except StudyError as error:
                raise StudyError(f"search.space: {key} = {_word(value)} makes no valid study: {error}") from None


def refuse_changes(changes: Mapping[str, Any], space: Space) -> None:
    """Raises StudyError for a change, by its dotted path, of a key that every trial gets from the space."""
    always = {key for key, entry in space.items() if not entry.when}
    for path in changes:
        if any(covers(key, path) for key in always):
            raise StudyError(
                f"{path} cannot be changed: search.space varies it; leave it out, or change search.space itself"
            )


def _example(space: Space, key: str, value: Any) -> Assignment:
    """An assignment with this value of this key, whatever that depends on, and else first values."""
    wanted, open_keys = {key: value}, [key]
    while open_keys:
        when = space[open_keys.pop()].when
        wanted |= when
        open_keys += when
    found: Assignment = {}
    for each, entry in _relevant(space, found):
        found[each] = wanted.get(each, _extremes(entry)[0])
    return found


def _relevant(space: Space, found: Assignment) -> Iterator[tuple[str, Entry]]:
    """The keys whose conditions hold, given what has been chosen so far."""
    return ((key, entry) for key, entry in space.items() if _holds(entry, found))


def _holds(entry: Entry, found: Assignment) -> bool:
    return all(key in found and found[key] == value for key, value in entry.when.items())


def _values(entry: Entry) -> list[Any]:
    """All values of the entry, in order."""
    match entry:
        case Choice():
            return list(entry.choices)
        case Range():
            step = entry.step or 1
            count = int((entry.high - entry.low) / step + 1e-9) + 1
            return [entry.low + i * step for i in range(count)]
        case Repeat():
            lengths = range(entry.low, entry.high + 1)
            return [list(each) for n in lengths for each in itertools.product(entry.of, repeat=n)]


def _extremes(entry: Entry) -> list[Any]:
    """Values of the entry that a study must allow if it is to allow all of them."""
    match entry:
        case Choice():
            return list(entry.choices)
        case Range():
            return [entry.low, entry.high]
        case Repeat():
            return [[value] * n for n in (entry.low, entry.high) for value in entry.of]


def _word(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _length(key: str) -> str:
    return f"{key}.length"
