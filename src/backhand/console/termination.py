"""SIGTERM, by which systems and clusters end programs: it does what Ctrl-C does, so that a step is saved first."""

import signal
from types import FrameType


def interrupt_on_sigterm() -> None:
    """Let SIGTERM do what Ctrl-C does at that moment. For the main thread of a program."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):  # a shell has taken Ctrl-C away from what it started in the background
        raise KeyboardInterrupt
    handler(number, frame)


def leave_to_the_first_process() -> None:
    """Ignore Ctrl-C and SIGTERM, which every process of `mpiexec` gets: the first one decides what they end."""
    for number in signal.SIGINT, signal.SIGTERM:
        signal.signal(number, signal.SIG_IGN)
