"""A last word for a program that mpiexec kills: as soon as one of its processes has died, mpiexec ends the others."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from backhand.machine import POSIX

# Reads a line that the program writes when it ends; where it is killed, the end of the file comes without one.
SCRIPT = 'trap "" INT TERM HUP; read -r line || printf "%s\\n" "$1" >&2'


@contextmanager
def watched(onward: str) -> Iterator[None]:
    """Have a small process of its own print how to go on, in words, where this one is killed within the context."""
    if not POSIX:
        yield
        return
    words = f"error: one of the processes of mpiexec was lost, which ends all of them; {onward}"
    call = ["sh", "-c", SCRIPT, "sh", words]
    with subprocess.Popen(call, stdin=subprocess.PIPE, start_new_session=True, text=True) as watch:
        try:
            yield
        finally:
            watch.communicate("ended\n")
