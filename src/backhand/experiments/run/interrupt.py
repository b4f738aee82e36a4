"""Ctrl-C while a run trains: the training ends after the current step, whose state is saved."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from backhand.training.saving import Checkpoint


@contextmanager
def saved_first(saving: Checkpoint) -> Iterator[None]:
    """In this context, Ctrl-C raises KeyboardInterrupt after the state of the current step has been saved.

    A second Ctrl-C raises it at once. Python handles signals in its main thread alone: in other threads, and where the
    caller has a handler for Ctrl-C, nothing is changed.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
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
    if saving.ending:  # Ctrl-C came after the last step
        raise KeyboardInterrupt
