"""Ctrl-C while a person's code runs, whose own KeyboardInterrupt is but an error of it."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_interrupts: list[int] = []  # the signals of Ctrl-C that have come inside `interruptible`


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end the body, even where a person's code runs, whose own KeyboardInterrupt is but an error of it."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        _interrupts.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        _interrupts.clear()


def heed_interrupt() -> None:
    """Raise the KeyboardInterrupt again that a person's code, or what watches over it, has caught."""
    if _interrupts:
        raise KeyboardInterrupt
