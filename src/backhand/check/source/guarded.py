"""The one file that executes a person's code: whatever it raises is caught, and what takes too long is ended."""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from backhand.check.source.interrupts import heed_interrupt

LONGEST_CALL = 20.0  # seconds for a single pass of a layer
Value = TypeVar("Value")
REPEAT = 0.5  # seconds after which an alarm that the code itself caught rings again


class OutOfTime(BaseException):
    """Raised inside code that takes longer than its limit; no `except Exception` of that code catches it."""


def attempt(action: Callable[[], object], seconds: float) -> BaseException | None:
    """Call `action` and return what it raised, an OutOfTime after so many seconds; None where all went well."""
    try:
        with limited(seconds):
            action()
    except BaseException as error:  # a person's code may raise anything, SystemExit and KeyboardInterrupt included
        heed_interrupt()
        return error
    heed_interrupt()
    return None


class Outcome(NamedTuple, Generic[Value]):
    """What calling a person's code gave: a value, or the error with which it ended."""

    value: Value | None
    error: BaseException | None


def outcome(action: Callable[[], Value], seconds: float = LONGEST_CALL) -> Outcome[Value]:
    """Call `action`, which runs a person's code, and tell what it gave, whatever it raised.

    Inside `watching` it ends with OutOfTime after so many seconds, or after those of a shorter outcome around it.
    """
    tracer = sys.gettrace()
    deadline = time.monotonic() + seconds
    shorter = [_deadlines[-1].time] if _deadlines and _deadlines[-1].is_short else []
    _deadlines.append(_Deadline(min([deadline, *shorter]), bool(shorter) or seconds < LONGEST_CALL))
    try:
        given = Outcome(action(), None)
    except BaseException as error:
        if isinstance(error, OutOfTime):
            sys.settrace(tracer)
        given = Outcome(None, error)
    finally:
        _deadlines.pop()
    heed_interrupt()
    return given


class _Deadline(NamedTuple):
    """When an outcome ends. is_short: whether it holds for all that is waited for inside, too."""

    time: float
    is_short: bool


_deadlines: list[_Deadline] = []  # of the outcomes that are being waited for, the innermost last


@contextlib.contextmanager
def watching() -> Iterator[None]:
    """Let the calls of `outcome` in the body end in time, by one alarm that rings all the while.

    An alarm of its own for every call would cost more than most calls. Where there are no alarms, the limit of the
    process alone counts.
    """
    if not _has_alarms():
        yield
        return

    def ring(_number: int, frame: FrameType | None) -> None:
        if _deadlines and time.monotonic() > _deadlines[-1].time:
            _raise_again_in(frame)
            raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, REPEAT, REPEAT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


_heeded: dict[str, Any] = {"all": "ignore"}


def arithmetic() -> np.errstate:
    """What NumPy does in a person's code when a result is not finite: nothing, except inside `raising_arithmetic`."""
    return np.errstate(**_heeded)


@contextlib.contextmanager
def raising_arithmetic() -> Iterator[None]:
    """Let a person's code end with FloatingPointError at an overflow or a division by 0, a logarithm of 0 included."""
    global _heeded
    before, _heeded = _heeded, {"over": "raise", "divide": "raise", "invalid": "ignore", "under": "ignore"}
    try:
        yield
    finally:
        _heeded = before


def execute(code: CodeType, namespace: dict[str, Any]) -> None:
    """Execute compiled statements of a person's file in the namespace of its module."""
    exec(code, namespace)


def limited(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Raise OutOfTime in the body after so many seconds."""
    if _has_alarms():
        return _limited_by_alarm(seconds)
    return _limited_by_trace(seconds)


def _has_alarms() -> bool:
    """Whether the system can interrupt this thread: not on Windows, and only the main thread."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Stop the clock of the surrounding limit, as for the import of a large library."""
    if not _has_alarms():
        with _untraced():
            yield
        return
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        if left:
            signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextlib.contextmanager
def _limited_by_alarm(seconds: float) -> Iterator[None]:
    """Also ends endless loops and waiting, though not a single long call of a C function."""
    armed = True

    def ring(_number: int, frame: FrameType | None) -> None:
        if armed:
            _raise_again_in(frame)
            raise OutOfTime

    before, tracer = signal.signal(signal.SIGALRM, ring), sys.gettrace()
    outer = (0.0, 0.0)
    try:
        outer = signal.setitimer(signal.ITIMER_REAL, seconds, REPEAT)
        try:
            yield
        finally:
            armed = False  # an alarm at this very moment still passes through the block below
    finally:
        signal.setitimer(signal.ITIMER_REAL, *outer)  # that of `watching`, if it is on
        signal.signal(signal.SIGALRM, before)
        sys.settrace(tracer)


def _raise_again_in(frame: FrameType | None) -> None:
    """Raise OutOfTime once more at the next line of the running functions: that of an `except:` which catches all."""

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            raise OutOfTime
        return trace

    while frame is not None and frame.f_code.co_filename != __file__:
        frame.f_trace = trace
        frame = frame.f_back
    sys.settrace(_leave_alone)


def _leave_alone(_frame: FrameType, _event: str, _argument: Any) -> Any:
    """Trace no function that is called from now on, such as those that tidy up."""
    return None


@contextlib.contextmanager
def _limited_by_trace(seconds: float) -> Iterator[None]:
    """Where there are no alarms (Windows, other threads): look at the clock at every line of Python.

    This is slow, and Python stops tracing once the tracer has raised: code that catches even OutOfTime goes on. The
    process as a whole needs a limit of its own.
    """
    end = time.monotonic() - _untimed.seconds + seconds

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        if time.monotonic() - _untimed.seconds > end:
            raise OutOfTime
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@dataclass
class _Untimed:
    """How long the clock that the tracer looks at has stood still."""

    seconds: float = 0.0


_untimed = _Untimed()


@contextlib.contextmanager
def _untraced() -> Iterator[None]:
    tracer, begin = sys.gettrace(), time.monotonic()
    sys.settrace(None)
    try:
        yield
    finally:
        _untimed.seconds += time.monotonic() - begin
        sys.settrace(tracer)
