"""Checks of whole files and of pairs of functions, for tests and notebooks."""

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from backhand.check.review.records import Review
from backhand.check.source.remarks import Place
from backhand.files.paths import PathLike, as_path


def check_file(path: PathLike, *, seconds: float = 120, memory: float = 4) -> Review:
    """Review the layers in a file, a notebook or a folder, in a process of its own, as `backhand check` does.

    seconds: the time that the review may take.
    memory: the memory that the file's code may use, in GiB.
    Returns a `Review`: `passed` says whether all is right, `findings` holds the mistakes, `to_json()` gives plain
    values, and a notebook shows it as a page. Where the file cannot be checked, its `failure` says why.
    """
    from backhand.check.review.process import GIB, Limits, review_target

    return review_target(os.fspath(as_path(path)), Limits(seconds, round(memory * GIB)))


def assert_gradients(
    subject: PathLike | ModuleType | type | Callable[..., Any],
    backward: Callable[..., Any] | None = None,
    arrays: Mapping[str, Any] | Sequence[Any] | None = None,
    **options: Any,
) -> None:
    """Raise AssertionError, with the mistakes in full, unless the gradients are right. For tests.

    subject: a path, an imported module or a class, whose layers are reviewed as by `check_file`; or the forward
    function of a pair.
    backward: the other function of the pair. Without arrays, the two are reviewed as they stand in their file.
    arrays: what to differentiate, by name or in the order of forward's arguments. With them the pair is checked as by
    `check_op`: `forward(*arrays, **options) -> (y, cache)`, `backward(dy, cache) -> one gradient per array`.
    options: those of forward where arrays are given, else those of `check_file`.
    """
    __tracebackhide__ = True  # pytest shows the line of the test
    if arrays is not None:
        if backward is None or not callable(subject):
            raise TypeError("arrays go with two functions: assert_gradients(forward, backward, arrays)")
        message = _failures(subject, backward, _named(subject, arrays), options)
    elif isinstance(subject, str | os.PathLike):
        message = _mistakes(check_file(subject, **options))
    elif isinstance(subject, ModuleType):
        message = _mistakes(check_file(_source_file(subject), **options))
    else:
        path = _source_file(subject)
        message = _mistakes(_only(check_file(path, **options), subject, backward, path))
    if message:
        raise AssertionError(message)


def _failures(
    forward: Callable[..., Any], backward: Callable[..., Any], arrays: Mapping[str, Any], options: Mapping[str, Any]
) -> str:
    """What is wrong with a pair of functions, a line for each gradient; "" where nothing is."""
    from backhand.check.gradients import check_op

    def gradients(dy: Any, cache: Any) -> tuple[Any, ...]:
        result = backward(dy, cache)
        return tuple(result) if isinstance(result, tuple | list) else (result,)

    result = check_op(forward, gradients, arrays, options)
    name = getattr(backward, "__qualname__", repr(backward))
    return "\n".join(f"{name}: {failure}" for failure in result.failures)


def _named(forward: Callable[..., Any], arrays: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    if isinstance(arrays, Mapping):
        return dict(arrays)
    return dict(zip(inspect.signature(forward).parameters, arrays, strict=False))


def _mistakes(review: Review) -> str:
    """The page of a review in which something is wrong, as text; "" where all is right."""
    from backhand.check.review.forms.terminal import as_text
    from backhand.check.review.forms.wording import is_refused

    if review.passed:
        return ""
    return as_text(review) if not is_refused(review) else review.failure


def _source_file(subject: Any) -> Path:
    """The file in which a module, a class or a function is written. Raises TypeError where there is none."""
    try:
        path = Path(inspect.getsourcefile(subject) or "")
    except TypeError:
        path = Path()
    if not path.is_file():
        raise TypeError(f"{subject!r} is in no file; give arrays: assert_gradients(forward, backward, arrays)")
    return path


def _only(review: Review, subject: Any, backward: Callable[..., Any] | None, path: Path) -> Review:
    """The review of these definitions alone."""
    spans = [_span(each) for each in (subject, backward) if each is not None]

    def is_meant(place: Place | None) -> bool:
        own = place is not None and Path(place.file).name == path.name
        return own and any(place is not None and place.line in span for span in spans)

    units = tuple(unit for unit in review.units if is_meant(unit.place))
    unread = tuple(unit for unit in review.unread if is_meant(unit.place))
    notes = tuple(note for note in review.notes if is_meant(note.place))
    return replace(review, units=units, unread=unread, notes=notes, together=())


def _span(subject: Any) -> range:
    """The lines of a definition."""
    lines, first = inspect.getsourcelines(inspect.unwrap(subject))
    return range(first, first + len(lines))
