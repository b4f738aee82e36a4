"""Permissions, which root is above: a process that is root acts as somebody to whom they apply."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def as_a_person() -> Iterator[None]:
    """Act as somebody to whom permissions apply."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
