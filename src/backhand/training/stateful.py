"""The states of several objects, such as callbacks, each kept under a key so that a resumed training gives it back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from backhand.arrays import Array
from backhand.errors import CheckpointError

RESERVED = "model", "optimizer", "average"  # the prefixes of the arrays of a solver itself
State = tuple[dict[str, Array], dict[str, Any]]


class Stateful:
    """An object whose `state()` a training saves and gives back, by `load`, when it is resumed.

    key: the name of its state in the saved file; None: `default_key`, with #2, #3, ... where several objects have the
    same one.
    """

    key: str | None = None

    @property
    def default_key(self) -> str:
        """The name of the class; a subclass may add what tells its objects apart."""
        return type(self).__name__

    def reset(self) -> None:
        """Forget an earlier training, because a new one begins."""

    def state(self) -> State:
        """The arrays by name, and the facts (values that JSON can hold), from which `load` resumes."""
        return {}, {}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over the arrays and facts of a saved `state()`."""


def stateful_by_key(objects: Sequence[Stateful]) -> dict[str, Stateful]:
    """The objects that override `state`, by their keys. Raises ValueError for keys that would mix up two states."""
    owners: dict[str, Stateful] = {}
    for owner in objects:
        if type(owner).state is Stateful.state:
            continue
        if owner.key is not None and not isinstance(owner.key, str):
            raise ValueError(f"the key of a {type(owner).__name__} must be text, not {owner.key!r}")
        key = owner.key or _numbered(owner.default_key, owners)
        if key in owners:
            kind, other = type(owner).__name__, type(owners[key]).__name__
            raise ValueError(f'{other} and {kind} both save their state under the key "{key}"; give one another key')
        owners[key] = owner
    names = [*RESERVED, *owners]
    for key in owners:
        if key in RESERVED or any(key.startswith(f"{other}.") for other in names):
            raise ValueError(f'the key "{key}" clashes with another name in the saved state; choose another key')
    return owners


def _numbered(key: str, owners: Mapping[str, Stateful]) -> str:
    """The key, or the first of key#2, key#3, ... that is free."""
    number = 1
    while (name := key if number == 1 else f"{key}#{number}") in owners and owners[name].key is None:
        number += 1
    return name


def collect_states(objects: Sequence[Stateful]) -> State:
    """The arrays of all objects, each named KEY.NAME, and their facts by key.

    Raises ValueError as `stateful_by_key` does.
    """
    arrays: dict[str, Array] = {}
    facts: dict[str, Any] = {}
    for key, owner in stateful_by_key(objects).items():
        owner_arrays, facts[key] = owner.state()
        arrays |= {f"{key}.{name}": value for name, value in owner_arrays.items()}
    return arrays, facts


def restore_states(objects: Sequence[Stateful], arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
    """Give each object the state that `collect_states` saved of it.

    An object without a saved state stays as it is, and a state without an object is ignored. Earlier versions saved
    one state for each class, under its name: the last object of the class takes it. Raises CheckpointError where
    another number of objects had the same default key, so that it is unknown which is which.
    """
    owners = stateful_by_key(objects)
    _refuse_another_number(owners, facts)
    last = {type(owner).__name__: owner for owner in owners.values()}
    for key, owner in owners.items():
        kind = type(owner).__name__
        if key in facts:
            owner.load(without_prefix(key, arrays), facts[key])
        elif kind in facts and kind not in owners and last[kind] is owner:
            owner.load(without_prefix(kind, arrays), facts[kind])


def _refuse_another_number(owners: Mapping[str, Stateful], facts: Mapping[str, Any]) -> None:
    """Raise CheckpointError where another number of objects with one default key was saved than there are now."""
    counts = Counter(owner.default_key for owner in owners.values() if owner.key is None)
    unclaimed = [name for name in facts if name not in owners or owners[name].key is None]
    for key, count in counts.items():
        saved = sum(name == key or name.startswith(f"{key}#") for name in unclaimed)
        if saved and saved != count:
            raise CheckpointError(
                f'the saved state holds {saved} object{"s" * (saved > 1)} with the key "{key}", but there '
                f"{'are' if count > 1 else 'is'} {count} now; give them keys to say which is which "
                f"(saved keys: {', '.join(facts)})"
            )


def without_prefix(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays whose names begin with `prefix.`, by the rest of their names."""
    return {name.removeprefix(f"{prefix}."): value for name, value in arrays.items() if name.startswith(f"{prefix}.")}
