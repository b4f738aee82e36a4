"""Ctrl-C while a run trains: it ends after the step at hand, and with that step saved."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from backhand.training.saving import Checkpoint


@contextmanager
def saved_first(saving: Checkpoint) -> Iterator[None]:
    """The first Ctrl-C in this block raises KeyboardInterrupt after the step at hand has been saved, a second at once.

    Python hears signals in its main thread alone; elsewhere, and where the caller handles Ctrl-C, nothing is changed.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        if saving.ending:
            raise KeyboardInterrupt
        saving.ending = True

    saving.ending = False
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if saving.ending:  # no step came after it
        raise KeyboardInterrupt
