"""Files whose content goes elsewhere as it is written: devices, pipes, and this process's own output."""

import os
import stat
from contextlib import suppress
from pathlib import Path


def is_stream(path: Path) -> bool:
    """Whether the path is a device, a pipe, a socket, or the standard output or error of this process."""
    try:
        status = path.stat()
    except OSError:
        return False
    return not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)) or _own_output(status) is not None


def write_through(path: Path, content: bytes | memoryview) -> None:
    """Write to a stream. Raises OSError when it cannot be written to."""
    descriptor = _own_output(path.stat())
    with path.open("wb") if descriptor is None else os.fdopen(os.dup(descriptor), "wb") as stream:
        stream.write(content)


def _own_output(status: os.stat_result) -> int | None:
    """The descriptor of standard output or standard error, if that is the file; None otherwise.

    Written to by its descriptor, the content goes after what was printed before, instead of over it.
    """
    for descriptor in (1, 2):
        with suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), status):
                return descriptor
    return None
