"""The process that runs a person's file: `process` starts it, and reads what it leaves in a folder.

Two files are the whole connection, so that nothing that the person's code prints, closes or forks can disturb it.
`PARTS` has a line of JSON for each part of the result as soon as it is known, `[kind, value]`, and ends with the whole.
`TRACE` says where the code was when it crashed or ran out of time.
"""

import faulthandler
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NoReturn

from backhand.check.review.limits import cut_network, limit_resources
from backhand.check.review.records import Note, Review, UnitReview, UnreadUnit
from backhand.errors import BackhandError

PARTS, TRACE = "parts.jsonl", "trace.txt"
WHOLE, STAGE = "review", "stage"  # the kinds of the last part, and of one that only tells how far the work is
Part = UnitReview | UnreadUnit | Note
Announce = Callable[[Part], None]
KINDS = {UnitReview: "unit", UnreadUnit: "unread", Note: "note"}


def main() -> NoReturn:
    """Review the file that the command line names."""
    serve(_examine)


def serve(review: Callable[[str, Announce], Review]) -> NoReturn:
    """Review the file of `sys.argv` under its limits."""
    run_limited(lambda target, parts: _review(review, target, parts))


def run_limited(work: "Callable[[str, PartsFile], dict[str, Any]]") -> NoReturn:
    """Run the work on the file of `sys.argv` under its limits; its result, values for JSON, is the last part.

    The process ends with it, whatever the person's code has started.
    """
    target, folder, seconds, memory = sys.argv[1:]
    parts = PartsFile(Path(folder, PARTS), os.getpid())
    status = 1
    with Path(folder, TRACE).open("w", encoding="utf-8") as trace:
        faulthandler.enable(trace)
        faulthandler.dump_traceback_later(float(seconds), exit=True, file=trace)
        limit_resources(int(memory))
        cut_network()
        try:
            _write_result(work, target, parts)
            status = 0
        except BaseException:
            traceback.print_exc(file=trace)
            raise
        finally:
            trace.flush()
            os._exit(status)  # threads that the code left behind do not keep it


@dataclass(frozen=True)
class PartsFile:
    """The file of parts, which only one process writes: a person's code may fork, and run on twice."""

    path: Path
    owner: int

    def append(self, kind: str, value: Any) -> None:
        """Add a line; the file is opened for each, since the person's code may close all that is open."""
        line = json.dumps([kind, value], default=_number)
        if os.getpid() == self.owner:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")


def _examine(target: str, announce: Announce) -> Review:
    from backhand.check.review.examine import review

    return review(target, announce)


def _review(review: Callable[[str, Announce], Review], target: str, parts: PartsFile) -> dict[str, Any]:
    return review(target, lambda part: parts.append(KINDS[type(part)], asdict(part))).to_json()


def _write_result(work: Callable[[str, PartsFile], dict[str, Any]], target: str, parts: PartsFile) -> None:
    try:
        result = work(target, parts)
    except BackhandError as error:
        parts.append("refused", str(error))
    except MemoryError:
        parts.append("memory", "")
    else:
        parts.append(WHOLE, result)


def _number(value: object) -> float:
    """A number of NumPy as one of Python."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"a review holds a {type(value).__name__}")
