"""The keys that a study may have, by their dotted paths, as the classes of its tables declare them."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from backhand.errors import closest
from backhand.study.schema import Study
from backhand.study.table import Address, Table

SYNONYMS = {"learning_rate": "lr", "optimiser": "optimizer", "minibatch": "batch_size"}
HIDDEN = ("extend", "changes")  # tables that the program writes, not people
KINDS = ("kind", "name", "type")  # the names that people use for the key that chooses a form
NEAR = 0.82  # the similarity, from 0 to 1, that a misspelt key and one of another table must have
SHOWN = 2  # the most keys that a suggestion names


@dataclass(frozen=True)
class Kind:
    """The key that chooses the form of a table, such as `kind` of train.optimizer.

    names: its possible values. default: its value where the table is absent; None where the table is required.
    """

    key: str
    names: tuple[str, ...]
    default: str | None


@cache
def known_keys() -> tuple[str, ...]:
    """The dotted paths of all keys that people write, such as "train.optimizer.lr"."""
    return tuple(dict.fromkeys(path for path, _ in _fields(Study) if path.partition(".")[0] not in HIDDEN))


@cache
def kinds() -> dict[str, Kind]:
    """The keys that choose a form, by the dotted paths of their tables."""
    by_path = {}
    for path, field in _fields(Study):
        if (key := _discriminator(field)) is not None:
            names = (get_args(form.model_fields[key].annotation) for form in _tables(field.annotation))
            by_path[path] = Kind(key, tuple(chain.from_iterable(names)), getattr(field.default, key, None))
    return by_path


@cache
def places() -> tuple[str, ...]:
    """The dotted paths of all keys that name a file or a folder, such as "data.path"."""
    return tuple(dict.fromkeys(path for path, field in _fields(Study) if Path in _types(field.annotation)))


@cache
def private_keys() -> frozenset[str]:
    """The dotted paths of all keys that say where something lies: those of `places`, and addresses of servers."""
    return frozenset({*places(), *(path for path, field in _fields(Study) if Address in _types(field.annotation))})


def suggestion(path: str, siblings: Iterable[str]) -> str:
    """A suggestion for an unknown key: the key of this name in another table, or else a similar key.

    siblings: the keys of the table in which it was written.
    """
    table, _, word = path.rpartition(".")
    key = SYNONYMS.get(word, word)
    visible = [sibling for sibling in siblings if table or sibling not in HIDDEN]
    if table in kinds() and key in KINDS:
        return f'; did you mean "{kinds()[table].key}"?'
    elsewhere = [other for other in named(key) if other != path]
    if not elsewhere and not difflib.get_close_matches(key, visible, n=1):
        names = {other.rpartition(".")[2] for other in known_keys()}
        near = difflib.get_close_matches(key, names, n=1, cutoff=NEAR)
        elsewhere = [other for other in named(near[0]) if other != path] if near else []
    if elsewhere:
        return f"; did you mean {' or '.join(map(_quoted, elsewhere))}?"
    return closest(key, visible)


def named(key: str) -> list[str]:
    """The paths of the keys of this name, or of its synonym; none where there are too many to help."""
    key = SYNONYMS.get(key, key)
    paths = [path for path in known_keys() if path.rpartition(".")[2] == key]
    return paths if len(paths) <= SHOWN else []


def _quoted(key: str) -> str:
    return f'"{key}"'


def _fields(form: type[Table], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The path and the field of every key of a table and of the tables in it, in all their forms."""
    for name, field in form.model_fields.items():
        yield f"{prefix}{name}", field
        for table in _tables(field.annotation):
            yield from _fields(table, f"{prefix}{name}.")


def _tables(annotation: Any) -> Iterator[type[Table]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated):
        for argument in get_args(annotation):
            yield from _tables(argument)


def _types(annotation: Any) -> Iterator[Any]:
    """The annotation and, where it is made of others, those."""
    yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)


def _discriminator(field: FieldInfo) -> str | None:
    """The key by which pydantic tells the forms of a table apart; None for a table of one form."""
    optional = (info for form in get_args(field.annotation) for info in getattr(form, "__metadata__", ()))
    keys = (info.discriminator for info in (field, *optional) if isinstance(info, FieldInfo))
    return next((key for key in keys if isinstance(key, str)), None)
