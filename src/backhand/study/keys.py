"""The keys that a study may have, by their dotted paths, read off its tables."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from backhand.errors import closest
from backhand.study.schema import Study
from backhand.study.table import Table

SYNONYMS = {"learning_rate": "lr", "optimiser": "optimizer", "minibatch": "batch_size"}
HIDDEN = ("extend", "changes")  # tables that the program writes rather than people
KINDS = ("kind", "name", "type")  # what people call the key that chooses a form
NEAR = 0.82  # how alike a misspelt key and one of another table must be
SHOWN = 2  # keys that a suggestion names; more would not help


@dataclass(frozen=True)
class Kind:
    """The key that chooses the form of a table, such as `kind` of train.optimizer.

    names: the values that it may have; default: the one of a table that is absent, if it may be.
    """

    key: str
    names: tuple[str, ...]
    default: str | None


@cache
def known_keys() -> tuple[str, ...]:
    """Every key that people write, such as "train.optimizer.lr"."""
    return tuple(dict.fromkeys(path for path, _ in _fields(Study) if path.partition(".")[0] not in HIDDEN))


@cache
def kinds() -> dict[str, Kind]:
    """The tables that have several forms, by their paths."""
    found = {}
    for path, field in _fields(Study):
        if (key := _discriminator(field)) is not None:
            names = (get_args(form.model_fields[key].annotation) for form in _tables(field.annotation))
            found[path] = Kind(key, tuple(chain.from_iterable(names)), getattr(field.default, key, None))
    return found


def suggestion(path: str, siblings: Iterable[str]) -> str:
    """What to say of an unknown key: the key of this name elsewhere, else the nearest beside it, or anywhere.

    siblings: the keys of the table that it was written in.
    """
    table, _, word = path.rpartition(".")
    key, beside = SYNONYMS.get(word, word), [each for each in siblings if table or each not in HIDDEN]
    if table in kinds() and key in KINDS:
        return f'; did you mean "{kinds()[table].key}"?'
    elsewhere = [known for known in named(key) if known != path]
    if not elsewhere and not difflib.get_close_matches(key, beside, n=1):
        names = {known.rpartition(".")[2] for known in known_keys()}
        near = difflib.get_close_matches(key, names, n=1, cutoff=NEAR)
        elsewhere = [known for known in named(near[0]) if known != path] if near else []
    if elsewhere:
        return f"; did you mean {' or '.join(map(_quoted, elsewhere))}?"
    return closest(key, beside)


def named(key: str) -> list[str]:
    """The known keys of this name, or of the one that it is another word for, unless there are too many to help."""
    key = SYNONYMS.get(key, key)
    found = [known for known in known_keys() if known.rpartition(".")[2] == key]
    return found if len(found) <= SHOWN else []


def _quoted(key: str) -> str:
    return f'"{key}"'


def _fields(form: type[Table], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field of a table and of the tables in it, whichever form they have; those in lists have no path."""
    for name, field in form.model_fields.items():
        yield f"{prefix}{name}", field
        for table in _tables(field.annotation):
            yield from _fields(table, f"{prefix}{name}.")


def _tables(annotation: Any) -> Iterator[type[Table]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, Annotated):
        for each in get_args(annotation):
            yield from _tables(each)


def _discriminator(field: FieldInfo) -> str | None:
    """The key by which pydantic tells the forms apart, also where the table may be absent."""
    inside = (each for form in get_args(field.annotation) for each in getattr(form, "__metadata__", ()))
    keys = (each.discriminator for each in (field, *inside) if isinstance(each, FieldInfo))
    return next((key for key in keys if isinstance(key, str)), None)
