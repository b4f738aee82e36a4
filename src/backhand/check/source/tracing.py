"""Where a value first goes wrong: a call is traced through a person's files line by line."""

import sys
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any, NamedTuple

from backhand.check.source.guarded import outcome


class Line(NamedTuple):
    """A line that ran: the file as Python names it, and the line's number in the text that was executed."""

    file: str
    line: int


class _Tracer:
    """Remembers the first line after which a local variable, an attribute of one or a returned value is bad."""

    def __init__(self, files: Collection[str], is_bad: Callable[[Any], bool]) -> None:
        self.files, self.is_bad = files, is_bad
        self.first: Line | None = None
        self.last: dict[FrameType, int] = {}  # the line that each frame runs
        self.earlier: dict[int, Any] = {}  # bad values that an earlier call has left behind

    def enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        """The trace function of a new frame; None for one outside the files, or when there is nothing to look for."""
        if self.first is not None or frame.f_code.co_filename not in self.files:
            return None
        bad, caller = self._bad_values(frame), frame.f_back
        if caller is None or caller not in self.last:
            self.earlier |= {id(value): value for value in bad}
        elif bad:
            self.first = Line(caller.f_code.co_filename, self.last[caller])
        return self.step

    def step(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Look at what the line that has just run left behind."""
        if self.first is not None:
            return None
        if frame in self.last and (self._bad_values(frame) or (event == "return" and self.is_bad(argument))):
            self.first = Line(frame.f_code.co_filename, self.last[frame])
        if event == "line":
            self.last[frame] = frame.f_lineno
        return self.step

    def _bad_values(self, frame: FrameType) -> list[Any]:
        """The local variables and the attributes of these that are bad, but for what was bad before."""
        values = list(frame.f_locals.values())
        for value in frame.f_locals.values():
            values += vars(value).values() if hasattr(value, "__dict__") and not isinstance(value, type) else ()
        return [value for value in values if id(value) not in self.earlier and self.is_bad(value)]


def first_bad_line(call: Callable[[], object], files: Collection[str], is_bad: Callable[[Any], bool]) -> Line | None:
    """The line of these files after which a value of the call is bad for the first time; None if none is."""
    tracer, before = _Tracer(files, is_bad), sys.gettrace()

    def traced() -> None:
        sys.settrace(tracer.enter)
        try:
            call()
        finally:
            sys.settrace(before)

    outcome(traced)
    return tracer.first
