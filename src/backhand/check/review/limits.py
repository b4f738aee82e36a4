"""What a process that runs a person's code may use: memory, files and no network. No protection against malice.

All of it holds on Linux. macOS does not enforce the limit of memory, which `process` watches from outside there.
Windows has none of these limits; only the patched `socket` module keeps the code from the network.
"""

import ctypes
import errno
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

LARGEST_FILE = 2**30  # bytes of a file that the code writes
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # flags of unshare in <linux/sched.h>
CALLS = "connect", "connect_ex", "sendto"
LOOKUPS = "getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"


def limit_resources(memory: int) -> None:
    """Limit the data in memory to so many bytes, and the size of files; leave no core dumps.

    The limit is on data and not on addresses (RLIMIT_DATA, not RLIMIT_AS), since libraries such as torch map far more
    than they use. An allocation beyond it raises MemoryError.
    """
    if sys.platform == "win32":
        return
    import resource

    for name, wanted in (("RLIMIT_DATA", memory), ("RLIMIT_FSIZE", LARGEST_FILE), ("RLIMIT_CORE", 0)):
        kind = getattr(resource, name)
        highest = resource.getrlimit(kind)[1]
        limit = wanted if highest == resource.RLIM_INFINITY else min(wanted, highest)
        with suppress(OSError, ValueError):  # a system that does not let a process lower this one
            resource.setrlimit(kind, (limit, limit))


def cut_network() -> None:
    """Take the network from this process: by a namespace of its own on Linux, and in Python's `socket` everywhere."""
    for name in CALLS:
        setattr(socket.socket, name, _refused_beyond_this_machine(getattr(socket.socket, name)))
    for name in LOOKUPS:
        setattr(socket, name, _refuse)
    if sys.platform == "linux":
        _leave_network()


def _refuse(*_arguments: Any, **_options: Any) -> NoReturn:
    raise OSError(errno.ENETUNREACH, "a check runs without a network")


def _refused_beyond_this_machine(method: Any) -> Any:
    """The method of a socket for sockets between processes, which `multiprocessing` uses; others are refused."""

    def call(self: socket.socket, *arguments: Any) -> Any:
        if self.family == getattr(socket, "AF_UNIX", None):
            return method(self, *arguments)
        return _refuse()

    return call


def _leave_network() -> None:
    """Move into an empty network namespace, where the system allows it; containers often do not."""
    unshare = ctypes.CDLL(None).unshare
    if unshare(NEW_NETWORK) == 0:  # as root
        return
    user, group = os.getuid(), os.getgid()
    if unshare(NEW_USER | NEW_NETWORK) == 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with suppress(OSError):  # without a map the code runs all the same, under no name
                Path("/proc/self", name).write_text(text, "ascii")
