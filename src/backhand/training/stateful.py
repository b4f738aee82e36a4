"""What several objects of a training know, kept under a key for each, so that a resumed training finds it again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from backhand.arrays import Array
from backhand.errors import CheckpointError

RESERVED = "model", "optimizer"  # what a solver's state calls its own arrays
State = tuple[dict[str, Array], dict[str, Any]]


class Stateful:
    """Something whose `state()` a resumed training must know.

    key: the name of its state in a saved file; None: `default_key`, with #2, #3, ... where several have the same.
    """

    key: str | None = None

    @property
    def default_key(self) -> str:
        """The name of the class, unless a subclass says more of what tells its objects apart."""
        return type(self).__name__

    def reset(self) -> None:
        """Forget what an earlier training left: a new one begins."""

    def state(self) -> State:
        """Arrays and facts that a resumed run must know."""
        return {}, {}

    def load(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a saved `state()`."""


def keyed(objects: Sequence[Stateful]) -> dict[str, Stateful]:
    """Those that override `state`, each by its key. Raises ValueError for keys that would mix up two states."""
    owners: dict[str, Stateful] = {}
    for owner in objects:
        if type(owner).state is Stateful.state:
            continue
        if owner.key is not None and not isinstance(owner.key, str):
            raise ValueError(f"the key of a saved state must be a text, not {owner.key!r}")
        key = owner.key or _numbered(owner.default_key, owners)
        if key in owners:
            kind, other = type(owner).__name__, type(owners[key]).__name__
            raise ValueError(f'{other} and {kind} both save their state as "{key}"; give one of them another key')
        owners[key] = owner
    names = [*RESERVED, *owners]
    for key in owners:
        if key in RESERVED or any(key.startswith(f"{other}.") for other in names):
            raise ValueError(
                f'the key "{key}" cannot be told apart from other names in a saved state; choose another one'
            )
    return owners


def _numbered(key: str, taken: Mapping[str, Stateful]) -> str:
    """The key, or the first of key#2, key#3, ... that is free."""
    number = 1
    while (name := key if number == 1 else f"{key}#{number}") in taken and taken[name].key is None:
        number += 1
    return name


def collected(objects: Sequence[Stateful]) -> State:
    """The arrays of all, each named KEY.NAME, and the facts of each by its key. Raises ValueError as `keyed` does."""
    arrays: dict[str, Array] = {}
    facts: dict[str, Any] = {}
    for key, owner in keyed(objects).items():
        own, facts[key] = owner.state()
        arrays |= {f"{key}.{name}": value for name, value in own.items()}
    return arrays, facts


def restored(objects: Sequence[Stateful], arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
    """Give each what `collected` saved of it. One without a saved state begins anew; states of nobody are passed over.

    Earlier versions saved one state for each class, under its name: the last object of the class takes it.
    Raises CheckpointError where a different number of objects share a default key, so that nobody knows which is which.
    """
    owners = keyed(objects)
    _refuse_others(owners, facts)
    last = {type(owner).__name__: owner for owner in owners.values()}
    for key, owner in owners.items():
        kind = type(owner).__name__
        if key in facts:
            owner.load(under(key, arrays), facts[key])
        elif kind in facts and kind not in owners and last[kind] is owner:
            owner.load(under(kind, arrays), facts[kind])


def _refuse_others(owners: Mapping[str, Stateful], facts: Mapping[str, Any]) -> None:
    """Raises CheckpointError where another number of objects of one default key was saved than there are."""
    now = Counter(owner.default_key for owner in owners.values() if owner.key is None)
    others = [name for name in facts if name not in owners or owners[name].key is None]  # than those asked for by name
    for key, count in now.items():
        saved = sum(name == key or name.startswith(f"{key}#") for name in others)
        if saved and saved != count:
            raise CheckpointError(
                f'the saved state has {saved} called "{key}", and there {"are" if count > 1 else "is"} {count} now; '
                f"say which is which by giving them keys (the state has {', '.join(facts)})"
            )


def under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays whose name begins with `prefix.`, without it."""
    return {name.removeprefix(f"{prefix}."): value for name, value in arrays.items() if name.startswith(f"{prefix}.")}
